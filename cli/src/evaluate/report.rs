//! A report for people, for the model card and for programs.

use std::fmt::Write;

use serde::{Serialize, Serializer};

use super::Crop;
use super::layout::Split;
use super::metrics::{ClassMetrics, Metrics, Proportion};

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) model: String,
    pub(super) layout: String,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "split_name")]
    pub(super) split: Option<Split>,
    #[serde(serialize_with = "crop_name")]
    pub(super) crop: Crop,
    /// Over how many the answers are.
    pub(super) expressions: usize,
    pub(super) uncertain_below: f32,
    /// Pictures without a face found; not among the answers.
    pub(super) not_found: usize,
    /// Pictures that could not be read; not counted anywhere else.
    pub(super) unreadable: usize,
    /// Pictures whose label stands for no expression.
    pub(super) left_out: usize,
    #[serde(flatten)]
    pub(super) metrics: Metrics,
    /// The accuracy where a face that was not found counts as a wrong answer.
    pub(super) accuracy_with_not_found_wrong: Proportion,
    /// The share of answers that name an expression: neither uncertain nor "other".
    pub(super) answered: Proportion,
    /// The share of right ones among those.
    pub(super) accuracy_of_answered: Proportion,
    /// What the faces are labelled with that show none of the four expressions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) none_of_the_four: Option<NoneOfTheFour>,
}

#[derive(Debug, Serialize)]
pub(super) struct NoneOfTheFour {
    pub(super) labelled_other: Proportion,
    pub(super) labelled_one_of_the_four: Proportion,
}

fn split_name<S: Serializer>(split: &Option<Split>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_some(&split.map(name))
}

fn crop_name<S: Serializer>(crop: &Crop, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&name(*crop))
}

/// The value's name as an argument.
fn name(value: impl clap::ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

impl Report {
    /// What was done, in sentences.
    fn protocol(&self) -> String {
        let Self { model, layout, split, crop, expressions, not_found, unreadable, left_out, metrics, .. } = self;
        let part = split.map_or(String::new(), |split| format!(", part `{}`", name(split)));
        let mut text = format!(
            "Measured with `{model}` over {expressions} expressions, on {} faces (layout `{layout}`{part}). ",
            metrics.count
        );
        text += match crop {
            Crop::Found => {
                "In each picture the largest face found is cut out and read, as in real use; pictures with sides below 160 \
                 pixels are enlarged to 192 first. Pictures without a face found are not counted, unless a row says so."
            }
            Crop::Whole => "Each picture is read whole, as a face that is cut out already.",
        };
        for (count, what) in [
            (not_found, "without a face found"),
            (unreadable, "that could not be read"),
            (left_out, "whose label stands for no expression"),
        ] {
            if *count > 0 {
                let _ = write!(text, " Pictures {what}: {count}.");
            }
        }
        text
    }

    /// The figures, by name.
    fn figures(&self) -> Vec<(String, String)> {
        let Self { metrics, .. } = self;
        let mut figures = vec![
            ("accuracy".to_owned(), interval(&metrics.accuracy)),
            ("accuracy, faces not found counted as wrong".to_owned(), interval(&self.accuracy_with_not_found_wrong)),
            ("cross-entropy loss".to_owned(), format!("{:.3}", metrics.loss)),
            ("macro F1".to_owned(), format!("{:.3}", metrics.macro_f1)),
            ("expected calibration error (15 bins)".to_owned(), format!("{:.3}", metrics.expected_calibration_error)),
            ("accuracy on the most certain 80%".to_owned(), format!("{:.3}", metrics.accuracy_at_80_percent_coverage)),
            (format!("answered with an expression, from {}", self.uncertain_below), interval(&self.answered)),
            ("accuracy of these answers".to_owned(), interval(&self.accuracy_of_answered)),
            ("faces not found".to_owned(), self.not_found.to_string()),
        ];
        if let Some(NoneOfTheFour { labelled_other, labelled_one_of_the_four }) = &self.none_of_the_four {
            let of = format!("{} faces that show none of the four", labelled_other.count);
            figures.push((format!("{of}: labelled \"other\""), interval(labelled_other)));
            figures.push((format!("{of}: labelled one of them"), interval(labelled_one_of_the_four)));
        }
        figures
    }

    /// The classification report, as in the model card.
    fn by_expression(&self) -> String {
        let Metrics { classes, per_class, count, macro_f1, accuracy, loss, .. } = &self.metrics;
        let mut text = format!("{:>12} {:>9} {:>9} {:>9} {:>9}\n", "", "precision", "recall", "f1", "support");
        for name in classes {
            if let Some(ClassMetrics { precision, recall, f1, support }) = per_class.get(name) {
                let _ = writeln!(text, "{name:>12} {precision:>9.3} {recall:>9.3} {f1:>9.3} {support:>9}");
            }
        }
        let _ = writeln!(text, "\n{:>12} {macro_f1:>29.3} {count:>9}", "macro");
        let _ = writeln!(text, "{:>12} {:>29.3} {count:>9}", "accuracy", accuracy.share);
        let _ = writeln!(text, "{:>12} {loss:>29.3}", "loss");
        let _ = writeln!(text, "{:>12} {:>29.3}", "calibration", self.metrics.expected_calibration_error);
        let _ = writeln!(text, "{:>12} {:>29.3}", "at 80%", self.metrics.accuracy_at_80_percent_coverage);
        text
    }

    /// Counts: rows are labels, columns answers.
    fn confusion(&self) -> String {
        let Metrics { classes, confusion_matrix, .. } = &self.metrics;
        let cells = |begin: &str, cells: Vec<String>| {
            cells.iter().fold(format!("{begin:>12}"), |line, cell| format!("{line} {cell:>9}")) + "\n"
        };
        let header = cells("", classes.iter().map(|name| (*name).to_owned()).collect());
        let rows = classes.iter().zip(confusion_matrix);
        header + &rows.map(|(name, row)| cells(name, row.iter().map(usize::to_string).collect())).collect::<String>()
    }

    pub(super) fn text(&self) -> String {
        let mut text = self.protocol().replace('`', "") + "\n\n";
        for (name, figure) in self.figures() {
            let _ = writeln!(text, "{name:<60} {figure}");
        }
        let _ = write!(text, "\n{}\nLabels in rows, answers in columns:\n{}", self.by_expression(), self.confusion());
        text
    }

    pub(super) fn markdown(&self) -> String {
        let mut text =
            format!("## Figures\n{}\n\n| | all {} (95% interval) |\n|---|---|\n", self.protocol(), self.metrics.count);
        for (name, figure) in self.figures() {
            let _ = writeln!(text, "| {name} | {figure} |");
        }
        let _ = write!(text, "\n### By expression\n```text\n{}```\n", self.by_expression());
        let _ = write!(
            text,
            "\n### Confusion matrix\nLabels in rows, answers in columns.\n\n```text\n{}```\n",
            self.confusion()
        );
        text
    }
}

fn interval(Proportion { share, low, high, .. }: &Proportion) -> String {
    format!("{share:.3} ({low:.3} to {high:.3})")
}
