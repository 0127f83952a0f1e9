//! How many times better than what each figure is compared with: one bar for each figure, to the
//! right of 1 where the native engine is ahead and to the left where it is behind.

use std::error::Error;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::axis::marks;
use crate::report::{Against, Figure, number};
use crate::theme;

const WIDTH: u32 = 820;
const ROW: u32 = 24;
/// Above and below the rows: legend, axis, origin.
const MARGIN: u32 = 82;
const FOOT: u32 = 18;
const LABELS: u32 = 300;
const FONT: &str = "system-ui, sans-serif";

pub fn draw(figures: &[&Figure]) -> Result<String, Box<dyn Error>> {
    let rows = u32::try_from(figures.len())?;
    let mut svg = String::new();
    {
        let root =
            SVGBackend::with_string(&mut svg, (WIDTH, rows * ROW + MARGIN)).into_drawing_area();
        let (low, high) = range(figures);
        let mut chart = ChartBuilder::on(&root)
            .margin_top(24)
            .margin_right(70)
            .margin_bottom(FOOT)
            .x_label_area_size(30)
            .y_label_area_size(LABELS)
            .build_cartesian_2d(
                (low..high).log_scale().with_key_points(marks((low, high))),
                0f64..f64::from(rows),
            )?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .y_labels(0)
            .light_line_style(TRANSPARENT)
            .bold_line_style(theme::GRID)
            .axis_style(theme::GRID)
            .x_label_formatter(&|ratio| format!("×{}", number(*ratio)))
            .label_style((FONT, 14).into_font().color(&theme::FAINT))
            .draw()?;

        for (row, figure) in figures.iter().enumerate() {
            let top = f64::from(rows) - row as f64;
            let color = color(figure.against());
            let bar = [(1.0, top - 0.2), (figure.ratio.max(low), top - 0.8)];
            // An outline where the other side was not measured.
            let style = if figure.is_reckoned() {
                color.stroke_width(2)
            } else {
                color.filled()
            };
            chart.draw_series([Rectangle::new(bar, style)])?;

            let middle = chart.backend_coord(&(figure.ratio.max(1.0), top - 0.5));
            let style = |anchor, color: &RGBColor| {
                (FONT, 14)
                    .into_font()
                    .color(color)
                    .pos(Pos::new(anchor, VPos::Center))
            };
            root.draw_text(
                &figure.label(),
                &style(HPos::Right, &theme::TEXT),
                (i32::try_from(LABELS)? - 8, middle.1),
            )?;
            root.draw_text(
                &format!("×{}", number(figure.ratio)),
                &style(HPos::Left, &theme::TEXT),
                (middle.0 + 6, middle.1),
            )?;
        }
        let one = [(1.0, 0.0), (1.0, f64::from(rows))];
        chart.draw_series([PathElement::new(one, theme::TEXT.stroke_width(1))])?;
        legend(&root, figures)?;
        root.present()?;
    }
    Ok(svg)
}

/// 1 is always in it, and something to see on the side where the bars are.
fn range(figures: &[&Figure]) -> (f64, f64) {
    let ratios = figures.iter().map(|figure| figure.ratio);
    let low = ratios.clone().fold(0.9, f64::min);
    let high = ratios.fold(2.0, f64::max);
    (low.max(1e-6) * 0.9, high * 1.1)
}

fn color(against: Against) -> RGBColor {
    match against {
        Against::Host => theme::HOST,
        Against::Peer => theme::PEER,
        Against::Limit => theme::LIMIT,
        Against::Itself => theme::ITSELF,
    }
}

fn legend<D: DrawingBackend>(
    root: &DrawingArea<D, plotters::coord::Shift>,
    figures: &[&Figure],
) -> Result<(), Box<dyn Error>>
where
    D::ErrorType: 'static,
{
    let entries = [
        (Against::Host, "pure Elixir"),
        (Against::Peer, "another store"),
        (Against::Limit, "a limit of the machine"),
        (Against::Itself, "itself, see its name"),
    ];
    let mut x = 8;
    for (against, text) in entries {
        if figures.iter().any(|figure| figure.against() == against) {
            let box_ = Rectangle::new([(x, 4), (x + 12, 16)], color(against).filled());
            root.draw(&box_)?;
            let style = (FONT, 14).into_font().color(&theme::FAINT);
            let style = style.pos(Pos::new(HPos::Left, VPos::Center));
            root.draw_text(text, &style, (x + 18, 10))?;
            x += 36 + 7 * i32::try_from(text.len())?;
        }
    }
    if figures.iter().any(|figure| figure.is_reckoned()) {
        let box_ = Rectangle::new([(x, 4), (x + 12, 16)], theme::FAINT.stroke_width(2));
        root.draw(&box_)?;
        let style = (FONT, 14).into_font().color(&theme::FAINT);
        let style = style.pos(Pos::new(HPos::Left, VPos::Center));
        root.draw_text("reckoned, not measured", &style, (x + 18, 10))?;
    }
    Ok(())
}
