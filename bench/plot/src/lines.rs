//! How the cost of an operation grows with the number of stored recordings, on two logarithmic
//! axes: a cost that stays flat is a flat line, one in proportion climbs by a decade per decade.

use std::error::Error;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::axis::{grouped, marks};
use crate::report::{Against, Figure, quantity};
use crate::theme;

const SIZE: (u32, u32) = (820, 366);
const FONT: &str = "system-ui, sans-serif";

/// What was measured at several numbers of stored recordings.
pub struct Growth {
    pub title: String,
    unit: String,
    lines: Vec<Line>,
}

struct Line {
    name: String,
    color: RGBColor,
    /// In the order of the numbers.
    points: Vec<Point>,
}

#[derive(Clone, Copy)]
struct Point {
    /// Number of recordings and cost.
    at: (f64, f64),
    /// Or reckoned from fewer recordings.
    measured: bool,
}

/// The growths among the figures of a section.
pub fn growing(figures: &[&Figure]) -> Vec<Growth> {
    let mut growths: Vec<Growth> = Vec::new();
    for figure in figures.iter().filter(|it| it.is_of_growth()) {
        let Some((title, count)) = figure.scaling() else {
            continue;
        };
        let index = growths
            .iter()
            .position(|it| it.title == title)
            .unwrap_or_else(|| {
                growths.push(Growth {
                    title,
                    unit: figure.unit.clone(),
                    lines: Vec::new(),
                });
                growths.len() - 1
            });
        let Some(growth) = growths.get_mut(index) else {
            continue;
        };
        let native = Point {
            at: (count, figure.native_median),
            measured: true,
        };
        let other = Point {
            at: (count, figure.baseline_median),
            measured: !figure.is_reckoned(),
        };
        growth.add("native", theme::HOST, native);
        growth.add(figure.other(), other_color(figure), other);
    }
    for line in growths.iter_mut().flat_map(|growth| &mut growth.lines) {
        line.points.sort_by(|a, b| a.at.0.total_cmp(&b.at.0));
    }
    growths.retain(|growth| growth.lines.iter().any(|line| line.points.len() > 1));
    growths
}

fn other_color(figure: &Figure) -> RGBColor {
    match figure.against() {
        Against::Peer => theme::PEER,
        Against::Itself => theme::ITSELF,
        Against::Host | Against::Limit => theme::LIMIT,
    }
}

impl Growth {
    /// The native side is measured once against each other one; the first value is shown.
    fn add(&mut self, name: &str, color: RGBColor, point: Point) {
        match self.lines.iter_mut().find(|line| line.name == name) {
            Some(line) if line.points.iter().any(|it| it.at.0 == point.at.0) => {}
            Some(line) => line.points.push(point),
            None => self.lines.push(Line {
                name: name.to_owned(),
                color,
                points: vec![point],
            }),
        }
    }
}

pub fn draw(growth: &Growth) -> Result<String, Box<dyn Error>> {
    let points = growth.lines.iter().flat_map(|line| &line.points);
    let counts = bounds(points.clone().map(|point| point.at.0));
    let values = decades(bounds(points.map(|point| point.at.1)));
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin_top(26)
            .margin_right(170)
            .margin_bottom(16)
            .x_label_area_size(46)
            .y_label_area_size(76)
            .build_cartesian_2d(
                (counts.0..counts.1)
                    .log_scale()
                    .with_key_points(marks(counts)),
                (values.0..values.1)
                    .log_scale()
                    .with_key_points(marks(values)),
            )?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(theme::GRID)
            .axis_style(theme::GRID)
            .x_desc("stored recordings")
            .x_label_formatter(&|count| grouped(*count))
            .y_label_formatter(&|value| quantity(*value, &growth.unit))
            .label_style((FONT, 14).into_font().color(&theme::FAINT))
            .draw()?;

        let mut taken: Vec<i32> = Vec::new();
        for line in &growth.lines {
            let stroke = line.color.stroke_width(2);
            for ends in line.points.windows(2) {
                let path = ends.iter().map(|point| point.at);
                if ends.iter().all(|point| point.measured) {
                    chart.draw_series(LineSeries::new(path, stroke))?;
                } else {
                    chart.draw_series(DashedLineSeries::new(path, 6, 5, stroke))?;
                }
            }
            // What was reckoned is a ring.
            let dots = line.points.iter().map(|point| {
                let style = if point.measured {
                    line.color.filled()
                } else {
                    stroke
                };
                Circle::new(point.at, 4, style)
            });
            chart.draw_series(dots)?;
            if let Some(last) = line.points.last() {
                let (x, y) = chart.backend_coord(&last.at);
                let y = beside(y, &taken);
                taken.push(y);
                let style = (FONT, 14).into_font().color(&theme::TEXT);
                let style = style.pos(Pos::new(HPos::Left, VPos::Center));
                let text = format!("{} {}", line.name, quantity(last.at.1, &growth.unit));
                root.draw_text(&text, &style, (x + 10, y))?;
            }
        }
        if growth.lines.iter().any(Line::is_partly_reckoned) {
            let style = (FONT, 14).into_font().color(&theme::FAINT);
            let style = style.pos(Pos::new(HPos::Right, VPos::Center));
            root.draw_text(
                "dashed: not measured, reckoned from fewer",
                &style,
                (SIZE.0 as i32 - 8, 8),
            )?;
        }
        root.present()?;
    }
    Ok(svg)
}

impl Line {
    fn is_partly_reckoned(&self) -> bool {
        self.points.iter().any(|point| !point.measured)
    }
}

/// The height nearest to `y` that leaves room for a line of text to each of those taken.
fn beside(y: i32, taken: &[i32]) -> i32 {
    const LINE: i32 = 16;
    let free = |y: &i32| taken.iter().all(|it| (it - y).abs() >= LINE);
    (0..SIZE.1 as i32)
        .flat_map(|by| [y - by, y + by])
        .find(free)
        .unwrap_or(y)
}

fn bounds(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let low = values.clone().fold(f64::INFINITY, f64::min);
    let high = values.fold(0.0, f64::max);
    (low.max(1e-9), high.max(1e-9))
}

/// Whole decades around the bounds, so that the axis has a label for each.
fn decades((low, high): (f64, f64)) -> (f64, f64) {
    (
        10f64.powf(low.log10().floor()),
        10f64.powf(high.log10().ceil()),
    )
}
