//! How the cost of an operation grows with the number of stored recordings, on two logarithmic
//! axes: a cost that stays flat is a flat line, one in proportion climbs at 45 degrees.

use std::error::Error;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::bars::number;
use crate::chart::Point;
use crate::report::Figure;
use crate::theme;

const SIZE: (u32, u32) = (820, 320);
const FONT: &str = "system-ui, sans-serif";

/// Name, color and value of a line.
type Side = (&'static str, RGBColor, fn(&Figure) -> f64);

const SIDES: [Side; 2] = [
    ("native", theme::HOST, |it| it.native_median),
    ("baseline", theme::PEER, |it| it.baseline_median),
];

/// Points in the order of their numbers of recordings, at least two.
pub fn draw(points: &[Point<'_>]) -> Result<String, Box<dyn Error>> {
    let unit = points
        .first()
        .map_or("", |(_, figure)| figure.unit.as_str());
    let counts = bounds(points.iter().map(|point| point.0));
    let values = points
        .iter()
        .flat_map(|(_, it)| [it.native_median, it.baseline_median]);
    let values = bounds(values);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin_top(16)
            .margin_right(150)
            .x_label_area_size(46)
            .y_label_area_size(76)
            .build_cartesian_2d(
                (counts.0..counts.1).log_scale(),
                (values.0 / 2.0..values.1 * 2.0).log_scale(),
            )?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(theme::GRID)
            .axis_style(theme::GRID)
            .x_desc("stored recordings")
            .x_label_formatter(&|count| number(*count))
            .y_label_formatter(&|value| format!("{} {unit}", number(*value)))
            .label_style((FONT, 13).into_font().color(&theme::FAINT))
            .draw()?;

        for (name, color, value) in SIDES {
            let line: Vec<_> = points
                .iter()
                .map(|(count, it)| (*count, value(it)))
                .collect();
            chart.draw_series(LineSeries::new(line.clone(), color.stroke_width(2)))?;
            let dots = line.iter().map(|&at| Circle::new(at, 4, color.filled()));
            chart.draw_series(dots)?;
            if let Some(last) = line.last() {
                let (x, y) = chart.backend_coord(last);
                let style = (FONT, 13).into_font().color(&theme::TEXT);
                let style = style.pos(Pos::new(HPos::Left, VPos::Center));
                let text = format!("{name} {} {unit}", number(last.1));
                root.draw_text(&text, &style, (x + 10, y))?;
            }
        }
        root.present()?;
    }
    Ok(svg)
}

fn bounds(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let low = values.clone().fold(f64::INFINITY, f64::min);
    let high = values.fold(0.0, f64::max);
    (low.max(1e-9), high.max(1e-9))
}
