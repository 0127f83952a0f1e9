//! The charts of a report.

use std::error::Error;

use crate::report::{Figure, Report};
use crate::{bars, lines, theme};

pub struct Chart {
    pub section: String,
    pub title: String,
    pub svg: String,
}

impl Chart {
    /// The title as a file name.
    pub fn file_stem(&self) -> String {
        let keep = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        self.title.chars().map(keep).collect()
    }
}

/// For each section its bars, and a chart of lines for whatever was measured at several numbers
/// of stored recordings.
pub fn all(report: &Report) -> Result<Vec<Chart>, Box<dyn Error>> {
    let mut charts = Vec::new();
    for section in report.sections() {
        let figures: Vec<&Figure> = report.section(section).collect();
        let svg = theme::apply(&bars::draw(&figures)?, &format!("{section}: times better"));
        charts.push(Chart {
            section: section.to_owned(),
            title: section.to_owned(),
            svg,
        });
        for (title, points) in growing(&figures) {
            let svg = theme::apply(&lines::draw(&points)?, &title);
            charts.push(Chart {
                section: section.to_owned(),
                title,
                svg,
            });
        }
    }
    Ok(charts)
}

/// A figure and the number of recordings it was measured at.
pub type Point<'a> = (f64, &'a Figure);

fn growing<'a>(figures: &[&'a Figure]) -> Vec<(String, Vec<Point<'a>>)> {
    let mut series: Vec<(String, Vec<Point<'a>>)> = Vec::new();
    for figure in figures {
        let Some((name, count)) = figure.scaling() else {
            continue;
        };
        match series.iter_mut().find(|(known, _)| *known == name) {
            Some((_, points)) => points.push((count, figure)),
            None => series.push((name, vec![(count, figure)])),
        }
    }
    series.retain(|(_, points)| points.len() > 1);
    for (_, points) in &mut series {
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    series
}
