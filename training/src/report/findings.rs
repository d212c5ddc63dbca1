//! All that `evaluate` can measure, and the files it goes into.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use countenance::weights::Weights;
use countenance::{Emotion, Emotion8};

use crate::data::dataset::Sample;
use crate::json;
use crate::judge::eight::{Eight, eight};
use crate::judge::evaluate::{Options, Report, evaluate};
use crate::judge::metrics::Answer;
use crate::judge::other::{OtherFigures, other};
use crate::judge::robustness::{Robustness, robustness};
use crate::judge::slices::{Slices, slices};
use crate::report::plots;

/// What to measure.
#[derive(Debug, Clone, Default)]
pub struct Measures {
    /// The figures that every evaluation has.
    pub options: Options,
    /// Whether to measure under corruptions.
    pub robustness: bool,
    /// Whether to measure by groups, and the table of attributes if there is one.
    pub slices: Option<Option<PathBuf>>,
    /// Whether to judge the second head, where weights and data allow it.
    pub eight: bool,
}

/// What was measured.
#[derive(Debug, Clone)]
pub struct Findings {
    /// The figures that every evaluation has.
    pub report: Report,
    /// Answers by source.
    pub answers: BTreeMap<String, Answer>,
    /// Under corruptions.
    pub robustness: Option<Robustness>,
    /// By groups.
    pub slices: Option<Slices>,
    /// Of the second head.
    pub eight: Option<Eight>,
    /// Of "other", which comes from the second head.
    pub other: Option<OtherFigures>,
}

impl Findings {
    /// Measures.
    ///
    /// # Errors
    /// See [`evaluate`], [`robustness`], [`slices`], [`eight`] and [`other`].
    pub fn new(weights: &Weights<'_>, samples: &[Sample], measures: &Measures) -> Result<Self> {
        let (mut report, answers) =
            evaluate(weights, samples, &measures.options).with_context(|| format!("cannot judge {}", weights.id()))?;
        let robustness = measures.robustness.then(|| robustness(weights, samples)).transpose()?;
        report.robustness = robustness.as_ref().map(Robustness::summary);
        let by_group = |attributes: &Option<PathBuf>| slices(weights.id(), samples, &answers, attributes.as_deref());
        Ok(Self {
            slices: measures.slices.as_ref().map(by_group).transpose()?,
            eight: if measures.eight { eight(weights, samples)? } else { None },
            other: if measures.eight { other(weights, samples)? } else { None },
            report,
            answers,
            robustness,
        })
    }

    /// Writes the figures and their plots into a folder: `metrics.json` and, of what was measured, `robustness.json`,
    /// `slices.json`, `eight.json` and `other.json`.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        json::write(&self.report, &folder.join("metrics.json"))?;
        let all = &self.report.all;
        let names = Emotion::ALL.map(Emotion::name);
        plots::confusion_matrix(names, &all.confusion_matrix, &folder.join("confusion_matrix.svg"))?;
        plots::reliability(all, &folder.join("reliability.svg"))?;
        plots::coverage(all, &folder.join("coverage.svg"))?;
        if let Some(robustness) = &self.robustness {
            json::write(robustness, &folder.join("robustness.json"))?;
            plots::robustness(robustness, &folder.join("robustness.svg"))?;
        }
        if let Some(slices) = &self.slices {
            json::write(slices, &folder.join("slices.json"))?;
            plots::slices(slices, &folder.join("slices.svg"))?;
        }
        if let Some(eight) = &self.eight {
            json::write(eight, &folder.join("eight.json"))?;
            let names = Emotion8::ALL.map(Emotion8::name);
            plots::confusion_matrix(names, &eight.confusion_matrix, &folder.join("confusion_matrix_eight.svg"))?;
        }
        if let Some(other) = &self.other {
            json::write(other, &folder.join("other.json"))?;
            plots::other_reliability(other, &folder.join("other_reliability.svg"))?;
            plots::other_curve(other, &folder.join("other_curve.svg"))?;
        }
        Ok(())
    }

    /// The report for people.
    pub fn text(&self) -> String {
        let mut text = self.report.text();
        let parts = [
            self.robustness.as_ref().map(Robustness::text),
            self.slices.as_ref().map(Slices::text),
            self.eight.as_ref().map(Eight::text),
            self.other.as_ref().map(OtherFigures::text),
        ];
        for part in parts.into_iter().flatten() {
            text.push('\n');
            text.push_str(&part);
        }
        text
    }
}
