//! What fine-tuning has changed: on pictures like the new ones, and on those that the weights knew before.

use burn::tensor::Device;
use countenance::CHIP_SIDE;
use serde::{Deserialize, Serialize};

use crate::data::dataset::Sample;
use crate::judge::answers;
use crate::judge::metrics::{accuracy, loss};
use crate::network::model::JointNet;

/// The content of a run's `change.json`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    /// On the part of the new pictures that was held back.
    pub held_back: Option<Change>,
    /// On the pictures given as `--guard`.
    pub guard: Option<Change>,
}

/// Figures of the weights that training began with and of those that it ended with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Pictures of the four expressions.
    pub pictures: usize,
    /// Of the weights at the beginning.
    pub before: Figures,
    /// Of those at the end.
    pub after: Figures,
}

/// Figures of the first head at temperature 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Share of right answers.
    pub accuracy: f64,
    /// Cross-entropy.
    pub loss: f64,
}

impl Change {
    /// Judges both networks on the samples of the four expressions; `None` where there are none.
    pub fn measure(before: &JointNet, after: &JointNet, samples: &[Sample], device: &Device) -> Option<Self> {
        let answers = [before, after].map(|net| answers::of_network(net, samples, CHIP_SIDE, device));
        let pictures = answers[0].len();
        let [before, after] = answers.map(|answers| Figures { accuracy: accuracy(&answers), loss: loss(&answers) });
        (pictures > 0).then_some(Self { pictures, before, after })
    }
}

impl Changes {
    /// The changes for people.
    pub fn text(&self) -> String {
        let line = |name: &str, change: &Option<Change>| match change {
            Some(Change { pictures, before, after }) => format!(
                "{name} ({pictures} pictures): accuracy {:.3} before, {:.3} after; loss {:.3} before, {:.3} after\n",
                before.accuracy, after.accuracy, before.loss, after.loss
            ),
            None => format!("{name}: no pictures, so nothing is known\n"),
        };
        line("held-back part of the new pictures", &self.held_back) + &line("guarded pictures", &self.guard)
    }
}
