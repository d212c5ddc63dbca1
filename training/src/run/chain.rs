//! How the shipped model comes from the data alone: every run, teacher and mix behind it, in order.
//!
//! `training/recipes/chain.toml` is the chain of this repository; `reproduce` works through it.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::network::store::WEIGHTS;

/// The steps, in order.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// The first one needs nothing but the data; the last one makes the model.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What it makes, by which later steps name it: the folder of a run, or a file.
    pub makes: String,
    /// What it makes besides.
    #[serde(default)]
    pub and: Vec<String>,
    /// What it does.
    pub by: Action,
}

/// What a step does. Recipes are named by their files beside the chain's, everything else by what earlier steps make.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Action {
    /// The command `train`.
    Train {
        /// How to train.
        recipe: String,
        /// Seed of every random draw.
        seed: u64,
        /// The weights to begin with.
        from: Option<String>,
        /// A teacher's answers.
        teacher: Option<String>,
        /// Further pictures.
        more: Option<String>,
    },
    /// The command `label`.
    Label {
        /// Whose pictures are asked about.
        recipe: String,
        /// The networks to ask.
        from: Vec<String>,
        /// Views of each picture.
        views: usize,
    },
    /// The command `lesson`.
    Lesson {
        /// Whose pictures and targets are written.
        recipe: String,
    },
    /// Another program, with its arguments. `{name}` in them stands for the path of what a step makes, and `{faces}` for
    /// the network given as `--faces`.
    Program(Vec<String>),
    /// The command `interpolate`.
    Interpolate {
        /// The recipe of the weights.
        recipe: String,
        /// The weights.
        from: String,
        /// Share of the second head in the first, 0 to 1.
        share: f64,
    },
}

/// The name by which programs get the network of `--faces`.
pub const FACES: &str = "faces";

impl Chain {
    /// Reads and checks a chain.
    ///
    /// # Errors
    /// Where the file is absent or malformed, a step uses what none before it makes, or two make the same.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let chain: Self =
            toml::from_str(&text).with_context(|| format!("{} does not describe a chain of runs", path.display()))?;
        chain.check().with_context(|| path.display().to_string())?;
        Ok(chain)
    }

    fn check(&self) -> Result<()> {
        ensure!(!self.steps.is_empty(), "there are no steps");
        let mut made = HashSet::new();
        for step in &self.steps {
            let own = step.products().collect::<HashSet<_>>();
            for used in step.by.uses() {
                let known = made.contains(used) || used == FACES || own.contains(used);
                ensure!(known, "{} uses {used}, which no step before it makes", step.makes);
            }
            for product in own {
                ensure!(made.insert(product), "two steps make {product}");
            }
        }
        Ok(())
    }

    /// The chain up to the step that makes this.
    ///
    /// # Errors
    /// Where no step does.
    pub fn until(mut self, product: &str) -> Result<Self> {
        let names: Vec<&str> = self.steps.iter().map(|step| step.makes.as_str()).collect();
        let place = names.iter().position(|name| *name == product);
        let place = place.with_context(|| format!("no step makes {product}; they make {}", names.join(", ")))?;
        self.steps.truncate(place + 1);
        Ok(self)
    }

    /// Whether a step needs the network of `--faces`.
    pub fn needs_faces(&self) -> bool {
        self.steps.iter().any(|step| step.by.uses().contains(&FACES))
    }
}

impl Step {
    fn products(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.makes).chain(&self.and).map(String::as_str)
    }

    /// Whether it has been done: a run is when its weights are written, everything else when it is there.
    pub fn is_done(&self, out: &Path) -> bool {
        let product = out.join(&self.makes);
        match self.by {
            Action::Train { .. } | Action::Interpolate { .. } => product.join(WEIGHTS).exists(),
            _ => product.exists(),
        }
    }
}

impl Action {
    /// The recipe, where it has one.
    pub fn recipe(&self) -> Option<&str> {
        match self {
            Self::Train { recipe, .. }
            | Self::Label { recipe, .. }
            | Self::Lesson { recipe }
            | Self::Interpolate { recipe, .. } => Some(recipe),
            Self::Program(_) => None,
        }
    }

    /// What of other steps it uses.
    fn uses(&self) -> Vec<&str> {
        match self {
            Self::Train { from, teacher, more, .. } => {
                [from, teacher, more].into_iter().flatten().map(String::as_str).collect()
            }
            Self::Label { from, .. } => from.iter().map(String::as_str).collect(),
            Self::Interpolate { from, .. } => vec![from.as_str()],
            Self::Lesson { .. } => Vec::new(),
            Self::Program(words) => words.iter().flat_map(|word| placeholders(word)).collect(),
        }
    }
}

/// The names in braces.
fn placeholders(word: &str) -> impl Iterator<Item = &str> {
    word.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0))
}

/// The word with each name in braces replaced by its path.
pub fn fill(word: &str, path: impl Fn(&str) -> String) -> String {
    placeholders(word).fold(word.to_owned(), |text, name| text.replace(&format!("{{{name}}}"), &path(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::recipe::Recipe;

    fn chain(text: &str) -> Result<Chain> {
        let chain: Chain = toml::from_str(text)?;
        chain.check()?;
        Ok(chain)
    }

    #[test]
    fn the_chain_of_the_repository_is_sound_and_begins_with_the_data_alone() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes/chain.toml");
        let chain = Chain::read(&path).unwrap();
        for step in &chain.steps {
            let Some(recipe) = step.by.recipe() else { continue };
            let recipe = Recipe::read(&path.with_file_name(recipe)).unwrap();
            if let Action::Train { from, teacher, .. } = &step.by {
                assert_eq!(recipe.target.teacher > 0.0, teacher.is_some(), "{}", step.makes);
                assert!(recipe.beginning == 0.0 || from.is_some(), "{}", step.makes);
            }
        }
        let Action::Train { from: None, teacher: None, more: None, .. } = &chain.steps[0].by else {
            panic!("the first step needs more than the data: {:?}", chain.steps[0]);
        };
        assert!(chain.needs_faces());
        assert!(!chain.clone().until("emotion-3").unwrap().needs_faces());
        assert!(
            chain.until("emotion-9").unwrap_err().to_string().contains("no step makes emotion-9; they make emotion-1")
        );
    }

    #[test]
    fn a_step_uses_only_what_is_there() {
        let first = "[[steps]]\nmakes = \"a\"\nby.train = { recipe = \"r.toml\", seed = 1 }\n";
        assert_eq!(chain(first).unwrap().steps.len(), 1);
        let error = |more: &str| format!("{:#}", chain(&format!("{first}{more}")).unwrap_err());
        let late = "[[steps]]\nmakes = \"b\"\nby.interpolate = { recipe = \"r.toml\", from = \"c\", share = 0.2 }\n";
        assert!(error(late).contains("b uses c, which no step before it makes"));
        assert!(error(first).contains("two steps make a"));
        let program = "[[steps]]\nmakes = \"b\"\nby.program = [\"x\", \"{a}\", \"{b}\", \"{faces}\", \"{d}\"]\n";
        assert!(error(program).contains("b uses d"));
        assert!(chain(&format!("{first}{}", program.replace(", \"{d}\"", ""))).unwrap().needs_faces());
        assert!(chain(&first.replace("seed", "sede")).is_err() && chain("steps = []").is_err());
    }

    #[test]
    fn names_in_braces_become_paths() {
        assert_eq!(fill("{a}/x{b}.pt", |name| format!("runs/{name}")), "runs/a/xruns/b.pt");
        assert_eq!(fill("--count", |_| String::new()), "--count");
    }
}
