//! Plots as SVG: learning curves, confusion matrix, reliability, coverage, robustness, groups.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use crate::judge::metrics::{CalibrationBin, Metrics};
use crate::judge::other::OtherFigures;
use crate::judge::robustness::Robustness;
use crate::judge::slices::Slices;
use crate::run::train::Epoch;

const SIZE: (u32, u32) = (640, 420);
const FONT: &str = "sans-serif";
const TRAINING: RGBColor = RGBColor(0x1f, 0x6f, 0xb4);
const DEVELOPMENT: RGBColor = RGBColor(0xd9, 0x5f, 0x02);

/// Loss and accuracy by epoch, as `loss.svg` and `accuracy.svg` in a folder.
///
/// # Errors
/// Where a file cannot be written.
pub fn curves(history: &[Epoch], folder: &Path) -> Result<()> {
    let loss = |epoch: &Epoch| (epoch.training_loss, epoch.development_loss);
    let accuracy = |epoch: &Epoch| (epoch.training_accuracy, epoch.development_accuracy);
    curve(history, "Loss", loss, &folder.join("loss.svg"))?;
    curve(history, "Accuracy", accuracy, &folder.join("accuracy.svg"))
}

fn curve(history: &[Epoch], title: &str, of: fn(&Epoch) -> (f64, f64), path: &Path) -> Result<()> {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for (training, development) in history.iter().map(of) {
        low = low.min(training).min(development);
        high = high.max(training).max(development);
    }
    let margin = 0.05 * (high - low).max(0.01);
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(failed)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(format!("{title} by epoch"), (FONT, 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(52)
        .build_cartesian_2d(1.0..history.len().max(2) as f64, low - margin..high + margin)
        .map_err(failed)?;
    chart.configure_mesh().x_desc("epoch").y_desc(title).light_line_style(TRANSPARENT).draw().map_err(failed)?;
    let points = |value: fn((f64, f64)) -> f64| history.iter().map(move |epoch| (epoch.epoch as f64, value(of(epoch))));
    let lines = [
        ("training (augmented)", TRAINING, points(|(training, _)| training)),
        ("development (averaged weights)", DEVELOPMENT, points(|(_, development)| development)),
    ];
    for (name, colour, points) in lines {
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))
            .map_err(failed)?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart.configure_series_labels().border_style(BLACK.mix(0.3)).background_style(WHITE).draw().map_err(failed)?;
    root.present().map_err(failed)
}

/// A confusion matrix: counts, shaded by their share of the row.
///
/// # Errors
/// Where the file cannot be written.
pub fn confusion_matrix<const N: usize>(names: [&str; N], counts: &[[usize; N]; N], path: &Path) -> Result<()> {
    let count = N as i32;
    let (cell, left, top) = (if N > 4 { 64 } else { 84 }, 110, 64);
    let size = (left + count * cell + 20, top + count * cell + 60);
    let root = SVGBackend::new(path, (size.0 as u32, size.1 as u32)).into_drawing_area();
    root.fill(&WHITE).map_err(failed)?;
    let middle = plotters::style::text_anchor::Pos::new(
        plotters::style::text_anchor::HPos::Center,
        plotters::style::text_anchor::VPos::Center,
    );
    let text = |size: i32| (FONT, size).into_font().into_text_style(&root).pos(middle);
    root.draw_text("answers (columns) to labels (rows)", &text(16), (size.0 / 2, 22)).map_err(failed)?;
    for ((name, row), index) in names.into_iter().zip(counts).zip(0..) {
        let centre = index * cell + cell / 2;
        root.draw_text(name, &text(14), (left + centre, top - 16)).map_err(failed)?;
        root.draw_text(name, &text(14), (left / 2, top + centre)).map_err(failed)?;
        let total = row.iter().sum::<usize>().max(1);
        for (value, column) in row.iter().zip(0..) {
            let share = *value as f64 / total as f64;
            let (x, y) = (left + column * cell, top + index * cell);
            root.draw(&Rectangle::new([(x, y), (x + cell, y + cell)], TRAINING.mix(share).filled())).map_err(failed)?;
            let style = text(15).color(if share > 0.55 { &WHITE } else { &BLACK });
            root.draw_text(&format!("{value}"), &style, (x + cell / 2, y + cell / 2 - 9)).map_err(failed)?;
            root.draw_text(&format!("{:.0}%", 100.0 * share), &style, (x + cell / 2, y + cell / 2 + 11))
                .map_err(failed)?;
        }
    }
    root.present().map_err(failed)
}

/// Accuracy on the surest answers by their share of all.
///
/// # Errors
/// Where the file cannot be written.
pub fn coverage(metrics: &Metrics, path: &Path) -> Result<()> {
    let root = SVGBackend::new(path, (460, 340)).into_drawing_area();
    root.fill(&WHITE).map_err(failed)?;
    let steps = metrics.accuracy_by_coverage.len() as f64;
    let points = (1..).zip(&metrics.accuracy_by_coverage).map(|(step, accuracy)| (f64::from(step) / steps, *accuracy));
    let low = (metrics.accuracy * 10.0).floor() / 10.0;
    let mut chart = ChartBuilder::on(&root)
        .caption("Accuracy on the surest answers", (FONT, 16))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(48)
        .build_cartesian_2d(0.0..1.0, low..1.0)
        .map_err(failed)?;
    chart
        .configure_mesh()
        .x_desc("share of faces answered")
        .y_desc("accuracy")
        .light_line_style(TRANSPARENT)
        .draw()
        .map_err(failed)?;
    chart.draw_series(LineSeries::new(points, TRAINING.stroke_width(2))).map_err(failed)?;
    root.present().map_err(failed)
}

/// Accuracy by confidence: on the diagonal the probabilities mean what they say.
///
/// # Errors
/// Where the file cannot be written.
pub fn reliability(metrics: &Metrics, path: &Path) -> Result<()> {
    let Metrics { calibration, expected_calibration_error: error, .. } = metrics;
    reliability_of(calibration, *error, ["probability of the answer", "share that is right"], path)
}

/// The same for "other".
///
/// # Errors
/// Where the file cannot be written.
pub fn other_reliability(figures: &OtherFigures, path: &Path) -> Result<()> {
    let OtherFigures { calibration, expected_calibration_error: error, .. } = figures;
    reliability_of(calibration, *error, ["probability of \"other\"", "share that shows none of the four"], path)
}

/// How many of the faces that show none of the four are recognised, by the share of the others turned away.
///
/// # Errors
/// Where the file cannot be written.
pub fn other_curve(figures: &OtherFigures, path: &Path) -> Result<()> {
    const MOST_TURNED_AWAY: f64 = 0.1;
    let root = SVGBackend::new(path, (460, 460)).into_drawing_area();
    root.fill(&WHITE).map_err(failed)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(format!("Recognising \"other\" (AUROC {:.3})", figures.auroc), (FONT, 16))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(48)
        .build_cartesian_2d(0.0..MOST_TURNED_AWAY, 0.0..1.0)
        .map_err(failed)?;
    chart
        .configure_mesh()
        .x_desc("share of the four turned away")
        .y_desc("share of others recognised")
        .light_line_style(TRANSPARENT)
        .draw()
        .map_err(failed)?;
    let points = figures.curve.iter().map(|point| (point.turned_away, point.recognised));
    let points = points.filter(|(turned_away, _)| *turned_away <= MOST_TURNED_AWAY);
    chart.draw_series(LineSeries::new(points, TRAINING.stroke_width(2))).map_err(failed)?;
    let chosen = (figures.turned_away.accuracy, figures.recognised.accuracy);
    chart.draw_series([Circle::new(chosen, 4, DEVELOPMENT.filled())]).map_err(failed)?;
    root.present().map_err(failed)
}

/// Shares by probability: on the diagonal the probabilities mean what they say.
fn reliability_of(calibration: &[CalibrationBin], error: f64, [x, y]: [&str; 2], path: &Path) -> Result<()> {
    let root = SVGBackend::new(path, (460, 460)).into_drawing_area();
    root.fill(&WHITE).map_err(failed)?;
    let caption = format!("Reliability (expected calibration error {error:.3})");
    let mut chart = ChartBuilder::on(&root)
        .caption(caption, (FONT, 16))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(48)
        .build_cartesian_2d(0.0..1.0, 0.0..1.0)
        .map_err(failed)?;
    chart.configure_mesh().x_desc(x).y_desc(y).light_line_style(TRANSPARENT).draw().map_err(failed)?;
    let width = 1.0 / calibration.len().max(1) as f64;
    let bars = calibration.iter().zip(0..).filter(|(bin, _)| bin.count > 0).map(|(bin, index)| {
        let left = f64::from(index) * width;
        Rectangle::new([(left, 0.0), (left + width, bin.accuracy)], TRAINING.mix(0.6).filled())
    });
    chart.draw_series(bars).map_err(failed)?;
    chart.draw_series(LineSeries::new([(0.0, 0.0), (1.0, 1.0)], DEVELOPMENT.stroke_width(2))).map_err(failed)?;
    root.present().map_err(failed)
}

/// Accuracy by strength, a small chart for each corruption; the dashed line is the accuracy on undamaged pictures.
///
/// # Errors
/// Where the file cannot be written.
pub fn robustness(robustness: &Robustness, path: &Path) -> Result<()> {
    const COLUMNS: usize = 4;
    let rows = robustness.corruptions.len().div_ceil(COLUMNS);
    let root = SVGBackend::new(path, (200 * COLUMNS as u32, 150 * rows as u32)).into_drawing_area();
    root.fill(&WHITE).map_err(failed)?;
    for (damage, area) in robustness.corruptions.iter().zip(root.split_evenly((rows, COLUMNS))) {
        let mut chart = ChartBuilder::on(&area)
            .caption(&damage.name, (FONT, 13))
            .margin(6)
            .x_label_area_size(18)
            .y_label_area_size(28)
            .build_cartesian_2d(0.8..damage.strengths.len() as f64 + 0.2, 0.0..1.0)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .x_labels(damage.strengths.len())
            .y_labels(5)
            .x_label_formatter(&|strength| format!("{strength:.0}"))
            .label_style((FONT, 10))
            .light_line_style(TRANSPARENT)
            .draw()
            .map_err(failed)?;
        let clean = robustness.clean.accuracy;
        let ends = [(0.8, clean), (damage.strengths.len() as f64 + 0.2, clean)];
        chart.draw_series(DashedLineSeries::new(ends, 4, 3, DEVELOPMENT.stroke_width(1))).map_err(failed)?;
        let points = || (1..).zip(&damage.strengths).map(|(x, each)| (f64::from(x), each.figures.accuracy));
        chart.draw_series(LineSeries::new(points(), TRAINING.stroke_width(2))).map_err(failed)?;
        chart.draw_series(points().map(|point| Circle::new(point, 3, TRAINING.filled()))).map_err(failed)?;
    }
    root.present().map_err(failed)
}

/// Accuracy by group as dots with their 95% intervals; the line is the accuracy on all.
///
/// # Errors
/// Where the file cannot be written.
pub fn slices(slices: &Slices, path: &Path) -> Result<()> {
    const LEFT: i32 = 230;
    const WIDTH: i32 = 400;
    const LINE: i32 = 17;
    let lines: usize = slices.groupings.iter().map(|grouping| grouping.slices.len() + 2).sum();
    let (width, height) = (LEFT + WIDTH + 20, lines as i32 * LINE + 50);
    let low = slices.groupings.iter().flat_map(|grouping| &grouping.slices).map(|slice| slice.accuracy.low);
    let low = (low.fold(slices.all.accuracy, f64::min) * 10.0).floor() / 10.0;
    let x = |accuracy: f64| LEFT + ((accuracy - low) / (1.0 - low) * f64::from(WIDTH)) as i32;
    let root = SVGBackend::new(path, (width as u32, height as u32)).into_drawing_area();
    root.fill(&WHITE).map_err(failed)?;
    let text = |size: i32| (FONT, size).into_font().into_text_style(&root);
    let bottom = height - 30;
    for tenth in (low * 10.0).round() as i32..=10 {
        let x = x(f64::from(tenth) / 10.0);
        root.draw(&PathElement::new([(x, 10), (x, bottom)], BLACK.mix(0.12))).map_err(failed)?;
        root.draw_text(&format!("{:.1}", f64::from(tenth) / 10.0), &text(12), (x - 8, bottom + 6)).map_err(failed)?;
    }
    let all = x(slices.all.accuracy);
    root.draw(&PathElement::new([(all, 10), (all, bottom)], DEVELOPMENT.stroke_width(1))).map_err(failed)?;
    let mut y = 12;
    for grouping in &slices.groupings {
        root.draw_text(&grouping.name, &text(13), (8, y)).map_err(failed)?;
        y += LINE;
        for slice in &grouping.slices {
            root.draw_text(&slice.name, &text(12), (20, y)).map_err(failed)?;
            let (share, middle) = (slice.accuracy, y + LINE / 2 - 1);
            let interval = [(x(share.low), middle), (x(share.high), middle)];
            root.draw(&PathElement::new(interval, TRAINING.stroke_width(2))).map_err(failed)?;
            root.draw(&Circle::new((x(share.accuracy), middle), 3, TRAINING.filled())).map_err(failed)?;
            y += LINE;
        }
        y += LINE;
    }
    root.present().map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("cannot draw the plot: {error}")
}
