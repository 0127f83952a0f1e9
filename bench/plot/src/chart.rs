//! The charts of a report.

use std::error::Error;

use crate::report::{Figure, Report};
use crate::{bars, lines, theme, words};

pub struct Chart {
    pub section: String,
    /// As programs name it.
    pub title: String,
    /// As people do.
    pub heading: String,
    pub svg: String,
}

impl Chart {
    /// The title as a file name.
    pub fn file_stem(&self) -> String {
        let keep = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        self.title.chars().map(keep).collect()
    }
}

/// For each section its bars, of what was measured at several numbers of stored recordings only
/// those at the largest, and a chart of lines for each of these.
pub fn all(report: &Report) -> Result<Vec<Chart>, Box<dyn Error>> {
    let mut charts = Vec::new();
    let origin = report.origin();
    for section in report.sections() {
        let figures: Vec<&Figure> = report.section(section).collect();
        let bars = bars::draw(&at_their_largest(&figures))?;
        let svg = theme::apply(&bars, &format!("{section}: times better"), &origin);
        charts.push(Chart {
            section: section.to_owned(),
            title: section.to_owned(),
            heading: "times better".to_owned(),
            svg,
        });
        for growth in lines::growing(&figures) {
            let heading = words::growth(&growth.title);
            let svg = theme::apply(&lines::draw(&growth)?, &heading, &origin);
            charts.push(Chart {
                section: section.to_owned(),
                title: growth.title,
                heading,
                svg,
            });
        }
    }
    Ok(charts)
}

fn at_their_largest<'a>(figures: &[&'a Figure]) -> Vec<&'a Figure> {
    let larger = |figure: &Figure, name: &str, count: f64| {
        figure
            .scaling()
            .is_some_and(|(other, more)| other == name && more > count)
    };
    figures
        .iter()
        .copied()
        .filter(|figure| match figure.scaling() {
            Some((name, count)) => !figures.iter().any(|it| larger(it, &name, count)),
            None => true,
        })
        .collect()
}
