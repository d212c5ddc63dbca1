//! What each choice of a recipe is worth: short runs with one choice changed, over several seeds, judged on the
//! development part.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::run::recipe::{Phase, Recipe};

/// The plan of an ablation: a file beside the recipe it changes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// File name of the recipe that is changed, in the plan's folder.
    pub base: String,
    /// The schedule of every run, in place of the recipe's.
    pub phases: Vec<Phase>,
    /// One run of each choice for each of them.
    pub seeds: Vec<u64>,
    /// What is changed, each alone; the unchanged recipe is run beside them.
    pub choices: Vec<Choice>,
}

/// One change of the recipe.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What it is, in a few words; also the name of its folder.
    pub name: String,
    /// The recipe's keys with other values.
    pub changes: toml::Table,
}

/// The name of the recipe without a change.
pub const UNCHANGED: &str = "unchanged";

impl Plan {
    /// Reads a plan and makes its recipes: the unchanged one first, each with its name.
    ///
    /// # Errors
    /// Where a file is absent or damaged, a change makes the recipe invalid, or two choices have the same name.
    pub fn read(path: &Path) -> Result<(Self, Vec<(String, Recipe)>)> {
        let read = |path: &Path| -> Result<String> {
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
        };
        let plan: Self =
            toml::from_str(&read(path)?).with_context(|| format!("{} is not a valid plan", path.display()))?;
        let base: toml::Table = toml::from_str(&read(&path.with_file_name(&plan.base))?)?;
        let mut recipes: Vec<(String, Recipe)> = Vec::new();
        let unchanged = Choice { name: UNCHANGED.to_owned(), changes: toml::Table::new() };
        for choice in std::iter::once(&unchanged).chain(&plan.choices) {
            let mut table = base.clone();
            merge(&mut table, &choice.changes);
            let recipe: Recipe = table.try_into().with_context(|| choice.name.clone())?;
            let recipe = Recipe { phases: plan.phases.clone(), ..recipe };
            recipe.check().with_context(|| choice.name.clone())?;
            ensure!(recipes.iter().all(|(name, _)| *name != choice.name), "{} is named twice", choice.name);
            recipes.push((choice.name.clone(), recipe));
        }
        Ok((plan, recipes))
    }
}

/// Puts the changes into the table, those of inner tables one by one.
fn merge(table: &mut toml::Table, changes: &toml::Table) {
    for (key, value) in changes {
        match (table.get_mut(key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(changes)) => merge(inner, changes),
            _ => {
                table.insert(key.clone(), value.clone());
            }
        }
    }
}

/// The content of `ablations.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ablations {
    /// The recipe that was changed.
    pub base: String,
    /// The schedule of every run.
    pub phases: Vec<Phase>,
    /// Pictures that the figures come from: the development part's of the four expressions.
    pub pictures: usize,
    /// The unchanged recipe first.
    pub rows: Vec<Row>,
}

/// The runs of one choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The choice.
    pub name: String,
    /// Its finished runs.
    pub runs: Vec<Figures>,
}

/// Figures of one run's averaged weights on the development part.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Its seed.
    pub seed: u64,
    /// Cross-entropy with the labels.
    pub loss: f64,
    /// Share of right answers.
    pub accuracy: f64,
}

impl Ablations {
    /// The table: mean and standard deviation over the seeds, and of the difference from the unchanged recipe with the
    /// same seed.
    pub fn table(&self) -> String {
        let schedule: Vec<String> =
            self.phases.iter().map(|phase| format!("{} epochs at {} px", phase.epochs, phase.side)).collect();
        let mut text = format!(
            "`{}`, {}; on {} pictures of the development part; mean ± standard deviation over the seeds.\n\n\
             | choice | seeds | accuracy | change | loss | change |\n|---|---|---|---|---|---|\n",
            self.base,
            schedule.join(", "),
            self.pictures
        );
        let unchanged = self.rows.first().map_or(&[][..], |row| &row.runs);
        for Row { name, runs } in &self.rows {
            let cells = |of: fn(&Figures) -> f64| {
                let values: Vec<f64> = runs.iter().map(of).collect();
                let same_seed = |run: &Figures| unchanged.iter().find(|other| other.seed == run.seed).map(of);
                let changes: Vec<f64> = runs.iter().filter_map(|run| Some(of(run) - same_seed(run)?)).collect();
                format!(
                    "{} | {}",
                    spread(&values, false),
                    if name == UNCHANGED { "-".into() } else { spread(&changes, true) }
                )
            };
            let (accuracy, loss) = (cells(|run| run.accuracy), cells(|run| run.loss));
            let _ = writeln!(text, "| {name} | {} | {accuracy} | {loss} |", runs.len());
        }
        text
    }
}

/// Mean and standard deviation; the latter is unknown of a single value.
fn spread(values: &[f64], signed: bool) -> String {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let mean = if signed { format!("{mean:+.4}") } else { format!("{mean:.4}") };
    match values.len() {
        0 => "-".to_owned(),
        1 => mean,
        _ => format!("{mean} ± {:.4}", variance.sqrt()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_of_the_repository_changes_what_it_says() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes/ablations.toml");
        let (plan, recipes) = Plan::read(&path).unwrap();
        assert!(plan.seeds.len() >= 3);
        let (_, unchanged) = &recipes[0];
        let base = Recipe::read(&path.with_file_name(&plan.base)).unwrap();
        assert_eq!(*unchanged, Recipe { phases: plan.phases, ..base });
        for (name, recipe) in &recipes[1..] {
            assert_ne!(recipe, unchanged, "{name} changes nothing");
        }
    }

    #[test]
    fn inner_tables_keep_what_is_not_named() {
        let mut table: toml::Table = toml::from_str("a = 1\n[b]\nc = 2\nd = [1, 2]\n").unwrap();
        merge(&mut table, &toml::from_str("a = 5\n[b]\nd = [3]\n").unwrap());
        assert_eq!(table, toml::from_str("a = 5\n[b]\nc = 2\nd = [3]\n").unwrap());
    }

    #[test]
    fn differences_are_taken_seed_by_seed() {
        let figures = |seed, accuracy| Figures { seed, accuracy, loss: 1.0 - accuracy };
        let row = |name: &str, runs: &[Figures]| Row { name: name.to_owned(), runs: runs.to_vec() };
        let ablations = Ablations {
            base: "x.toml".to_owned(),
            phases: vec![Phase { epochs: 6, side: 32 }],
            pictures: 100,
            rows: vec![
                row(UNCHANGED, &[figures(1, 0.5), figures(2, 0.7)]),
                row("worse", &[figures(1, 0.4), figures(2, 0.6)]),
                row("begun", &[figures(2, 0.75)]),
                row("not yet", &[]),
            ],
        };
        let table = ablations.table();
        assert!(table.contains("6 epochs at 32 px; on 100 pictures"), "{table}");
        assert!(table.contains("| unchanged | 2 | 0.6000 ± 0.1414 | - | 0.4000 ± 0.1414 | - |"), "{table}");
        assert!(table.contains("| worse | 2 | 0.5000 ± 0.1414 | -0.1000 ± 0.0000 |"), "{table}");
        assert!(table.contains("| begun | 1 | 0.7500 | +0.0500 | 0.2500 | -0.0500 |"), "{table}");
        assert!(table.contains("| not yet | 0 | - | - | - | - |"), "{table}");
    }
}
