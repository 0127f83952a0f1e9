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
        for growth in lines::growing(&figures) {
            let svg = theme::apply(&lines::draw(&growth)?, &growth.title);
            charts.push(Chart {
                section: section.to_owned(),
                title: growth.title,
                svg,
            });
        }
    }
    Ok(charts)
}
