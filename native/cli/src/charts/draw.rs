//! Charts as SVG.
//!
//! They are as wide as a phone, so that their text is readable there too. The library writes fixed
//! colours; each one here stands for a role, which the page's style sheet gives its colour in light
//! and dark.

use std::io;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::bins::Bin;
use crate::text::{columns as width_of, fit};

const TEXT: RGBColor = RGBColor(1, 1, 1);
const FAINT: RGBColor = RGBColor(2, 2, 2);
const BAR: RGBColor = RGBColor(3, 3, 3);
const GRID: RGBColor = RGBColor(4, 4, 4);

const FONT: &str = "system-ui, sans-serif";
/// The library makes 12 of it.
const SIZE: u32 = 15;
/// How wide a column of text is, about.
const COLUMN: i32 = 7;
const WIDTH: u32 = 360;
const RIGHT: i32 = WIDTH as i32;

pub type Drawn = Result<String, DrawingAreaErrorKind<io::Error>>;

/// One beside the other, upright, with a scale and with as many labels below as have room.
pub fn columns(bins: &[Bin]) -> Drawn {
    const HEIGHT: u32 = 220;
    // Few of them stay narrow.
    const LEAST: usize = 12;
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(0);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin_top(10)
            .margin_bottom(26)
            .y_label_area_size(50)
            .build_cartesian_2d(0.0..bins.len().max(LEAST) as f64, 0..most.max(1))?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .disable_x_axis()
            .y_labels(5)
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(GRID)
            .label_style((FONT, SIZE).into_font().color(&FAINT))
            .draw()?;
        let mut free = 0;
        for (at, bin) in bins.iter().enumerate() {
            let left = at as f64;
            let bar = [(left + 0.1, 0), (left + 0.9, bin.count)];
            chart.draw_series([Rectangle::new(bar, BAR.filled())])?;
            let (x, y) = chart.backend_coord(&(left, 0));
            let end = x + width(&bin.start);
            if x >= free && end <= RIGHT {
                root.draw(&PathElement::new([(x, y), (x, y + 6)], FAINT))?;
                write(&root, &bin.start, (x, y + 17), HPos::Left, FAINT)?;
                free = end + 2 * COLUMN;
            }
        }
        root.present()?;
    }
    Ok(svg)
}

/// One below the other, each with its name and count above.
pub fn bars(bins: &[Bin]) -> Drawn {
    const ROW: i32 = 34;
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(0).max(1);
    let height = u32::try_from(bins.len()).unwrap_or(0) * ROW.unsigned_abs();
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        let mut y = 0;
        for bin in bins {
            let count = bin.count.to_string();
            let room = (RIGHT - width(&count)) / COLUMN - 2;
            let name = fit(&bin.name, usize::try_from(room).unwrap_or(0));
            write(&root, &name, (0, y + 9), HPos::Left, TEXT)?;
            write(&root, &count, (RIGHT, y + 9), HPos::Right, TEXT)?;
            let end = f64::from(WIDTH) * bin.count as f64 / most as f64;
            let bar = [(0, y + 18), (end.ceil() as i32, y + 27)];
            root.draw(&Rectangle::new(bar, BAR.filled()))?;
            y += ROW;
        }
        root.present()?;
    }
    Ok(svg)
}

fn write<'a>(
    root: &DrawingArea<SVGBackend<'a>, Shift>,
    text: &str,
    at: (i32, i32),
    anchor: HPos,
    color: RGBColor,
) -> Result<(), DrawingAreaErrorKind<io::Error>> {
    let style = (FONT, SIZE).into_font().color(&color);
    root.draw_text(text, &style.pos(Pos::new(anchor, VPos::Center)), at)
}

/// How wide a text is, about.
fn width(text: &str) -> i32 {
    i32::try_from(width_of(text))
        .unwrap_or(RIGHT)
        .saturating_mul(COLUMN)
}
