//! What was measured again and again over a time, one small chart for each quantity.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use crate::report::{number, origin};
use crate::theme;

const COLUMNS: usize = 3;
const PANEL: (u32, u32) = (300, 190);
/// Room for the line that says what it is.
const FOOT: u32 = 24;
const FONT: &str = "system-ui, sans-serif";

/// What `bin/soak mixed` writes.
#[derive(Deserialize)]
struct Curves {
    machine: BTreeMap<String, Value>,
    curves: Vec<Curve>,
}

#[derive(Deserialize)]
struct Curve {
    name: String,
    unit: String,
    /// Seconds and value, in the order of time.
    points: Vec<(f64, f64)>,
}

/// The image of a file of samples.
pub fn draw(samples: &Path) -> Result<String, Box<dyn Error>> {
    let text = fs::read(samples).map_err(|error| format!("{}: {error}", samples.display()))?;
    let Curves { machine, curves } = serde_json::from_slice(&text)?;
    let rows = curves.len().div_ceil(COLUMNS);
    let size = (
        PANEL.0 * COLUMNS as u32,
        PANEL.1 * u32::try_from(rows)? + FOOT,
    );
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let (panels, _foot) = root.split_vertically(size.1 - FOOT);
        for (curve, panel) in curves.iter().zip(panels.split_evenly((rows, COLUMNS))) {
            draw_one(curve, &panel)?;
        }
        root.present()?;
    }
    Ok(theme::apply(&svg, "bin/soak mixed", &origin(&machine)))
}

fn draw_one(
    curve: &Curve,
    panel: &DrawingArea<SVGBackend<'_>, Shift>,
) -> Result<(), Box<dyn Error>> {
    let minutes = curve.points.iter().map(|&(at, value)| (at / 60.0, value));
    let end = minutes
        .clone()
        .fold(f64::EPSILON, |end, (at, _)| end.max(at));
    let most = minutes
        .clone()
        .fold(1.0, |most: f64, (_, value)| most.max(value));
    let mut chart = ChartBuilder::on(panel)
        .margin(12)
        .caption(&curve.name, (FONT, 14).into_font().color(&theme::TEXT))
        .x_label_area_size(22)
        .y_label_area_size(62)
        .build_cartesian_2d(0.0..end, 0.0..most * 1.1)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(theme::GRID)
        .axis_style(theme::GRID)
        .x_labels(5)
        .y_labels(4)
        .x_label_formatter(&|minutes| format!("{} min", number(*minutes)))
        .y_label_formatter(&|value| scaled(*value, &curve.unit))
        .label_style((FONT, 11).into_font().color(&theme::FAINT))
        .draw()?;
    chart.draw_series(LineSeries::new(minutes, theme::HOST.stroke_width(2)))?;
    Ok(())
}

fn scaled(value: f64, unit: &str) -> String {
    match unit {
        "bytes" if value >= 1e6 => format!("{} MB", number(value / 1e6)),
        "bytes" if value >= 1e3 => format!("{} KB", number(value / 1e3)),
        _ => format!("{} {unit}", number(value)).trim_end().to_owned(),
    }
}
