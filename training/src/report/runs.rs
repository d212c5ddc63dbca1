//! Several training runs side by side: what another seed changes.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::judge::evaluate::Report;
use crate::judge::metrics::Metrics;
use crate::run::record::Training;

/// One run: a row of `runs.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunFigures {
    /// The recipe's file name, and the share of the second head where the heads were mixed afterwards.
    pub recipe: String,
    /// The run's seed.
    pub seed: u64,
    /// Epochs of training.
    pub epochs: usize,
    /// On all faces.
    pub all: Brief,
    /// Without the faces that have a twin in the training data.
    pub leak_free: Option<Brief>,
    /// Agreement with the FER+ majority.
    pub fer_plus: Option<f64>,
}

/// The main figures of [`Metrics`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Brief {
    /// See [`Metrics::accuracy`].
    pub accuracy: f64,
    /// See [`Metrics::loss`].
    pub loss: f64,
    /// See [`Metrics::macro_f1`].
    pub macro_f1: f64,
    /// See [`Metrics::expected_calibration_error`].
    pub expected_calibration_error: f64,
}

impl From<&Metrics> for Brief {
    fn from(metrics: &Metrics) -> Self {
        Self {
            accuracy: metrics.accuracy,
            loss: metrics.loss,
            macro_f1: metrics.macro_f1,
            expected_calibration_error: metrics.expected_calibration_error,
        }
    }
}

impl RunFigures {
    /// A row of a run's report.
    pub fn new(training: &Training, report: &Report) -> Self {
        let recipe = match &training.interpolation {
            Some(interpolation) => format!("{}, share {}", training.recipe_file, interpolation.share),
            None => training.recipe_file.clone(),
        };
        Self {
            recipe,
            seed: training.run.seed,
            epochs: training.run.history.len(),
            all: Brief::from(&report.all),
            leak_free: report.leak_free.as_ref().map(Brief::from),
            fer_plus: report.fer_plus.map(|share| share.accuracy),
        }
    }

    /// In the table's order of columns.
    fn cells(&self) -> [Option<f64>; 6] {
        let Brief { accuracy, loss, macro_f1, expected_calibration_error } = self.all;
        let leak_free = self.leak_free.map(|figures| figures.accuracy);
        [Some(accuracy), leak_free, Some(loss), Some(macro_f1), self.fer_plus, Some(expected_calibration_error)]
    }
}

/// The runs as a table, with mean and standard deviation where a recipe ran with several seeds.
pub fn table(runs: &[RunFigures]) -> String {
    let mut text = String::from(
        "| recipe | epochs | seed | accuracy | leak-free | loss | macro F1 | FER+ | calibration error |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    let mut recipes: Vec<&str> = runs.iter().map(|run| run.recipe.as_str()).collect();
    recipes.sort_unstable();
    recipes.dedup();
    for recipe in recipes {
        let of_recipe: Vec<_> = runs.iter().filter(|run| run.recipe == recipe).collect();
        for run in &of_recipe {
            let cells = run.cells().map(|value| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}")));
            let _ = writeln!(text, "| `{recipe}` | {} | {} | {} |", run.epochs, run.seed, cells.join(" | "));
        }
        if of_recipe.len() > 1 {
            let spread = |column: usize| {
                let values: Option<Vec<f64>> = of_recipe.iter().map(|run| run.cells()[column]).collect();
                values.map_or_else(|| "-".to_owned(), |values| spread(&values))
            };
            let cells: [String; 6] = std::array::from_fn(spread);
            let _ = writeln!(text, "| `{recipe}` | | mean ± standard deviation | {} |", cells.join(" | "));
        }
    }
    text
}

/// Mean and standard deviation of at least two values.
fn spread(values: &[f64]) -> String {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    format!("{mean:.3} ± {:.3}", variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_of_a_recipe_get_mean_and_deviation() {
        let run = |recipe: &str, seed, accuracy| RunFigures {
            recipe: recipe.to_owned(),
            seed,
            epochs: 9,
            all: Brief { accuracy, loss: 0.5, macro_f1: 0.7, expected_calibration_error: 0.02 },
            leak_free: None,
            fer_plus: Some(0.8),
        };
        let table = table(&[run("a.toml", 1, 0.78), run("a.toml", 2, 0.80), run("b.toml", 1, 0.7)]);
        assert!(
            table.contains("| `a.toml` | | mean ± standard deviation | 0.790 ± 0.014 | - | 0.500 ± 0.000 |"),
            "{table}"
        );
        assert!(table.contains("| `b.toml` | 9 | 1 | 0.700 | - | 0.500 | 0.700 | 0.800 | 0.020 |"), "{table}");
        assert_eq!(table.lines().count(), 2 + 4);
    }
}
