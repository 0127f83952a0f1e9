//! Recordings in a table.

use std::io::Write as _;
use std::sync::Arc;

use replay_store::{Entry, Subject};

use crate::failure::Failure;
use crate::output::{FAINT, HEAD, NAME, Out, Styled};
use crate::text::{columns, fit, of_bytes, shown};
use crate::values::{shown_bytes, shown_duration, shown_time};

const COLUMNS: usize = 9;
const HEADS: [&str; COLUMNS] = [
    "BEGUN", "ID", "EVENTS", "DURATION", "SIZE", "FLAGS", "SUBJECT", "VIEW", "PAGE",
];
const ID: usize = 1;
const VIEW: usize = 7;
const PAGE: usize = 8;
/// Numbers, which end below each other.
const RIGHT: std::ops::RangeInclusive<usize> = 2..=4;
/// Which give way first where there is not enough room; the others are needed as a whole.
const ELASTIC: [usize; 3] = [PAGE, VIEW, 6];
const LEAST: usize = 8;
const GAP: usize = 2;

pub struct Table {
    rows: Vec<[String; COLUMNS]>,
    widths: [usize; COLUMNS],
}

impl Table {
    /// So many columns of the terminal wide at most.
    pub fn of(entries: &[Arc<Entry>], width: Option<usize>) -> Self {
        let rows: Vec<_> = entries.iter().map(|entry| row(entry)).collect();
        let mut widths = [0; COLUMNS];
        for (at, width) in widths.iter_mut().enumerate() {
            let cells = rows.iter().filter_map(|row| row.get(at));
            let longest = cells.map(|cell| columns(cell)).max().unwrap_or(0);
            // What nobody has needs no column.
            if longest > 0 {
                *width = longest.max(HEADS.get(at).map_or(0, |head| head.len()));
            }
        }
        if let Some(room) = width {
            squeeze(&mut widths, room);
        }
        Table { rows, widths }
    }

    /// The same columns for others, wider where they have to be.
    pub fn beneath(&self, entries: &[Arc<Entry>], width: Option<usize>) -> Self {
        let mut table = Table::of(entries, width);
        for (width, above) in table.widths.iter_mut().zip(self.widths) {
            *width = above.max(*width);
        }
        table
    }

    pub fn print(&self, out: &mut Out) -> Result<(), Failure> {
        self.print_head(out)?;
        self.print_rows(out)
    }

    pub fn print_head(&self, out: &mut Out) -> Result<(), Failure> {
        let head = self.line(&HEADS.map(str::to_owned), |_, cell| cell);
        Ok(writeln!(out, "{}", Styled(HEAD, head.trim_end()))?)
    }

    pub fn print_rows(&self, out: &mut Out) -> Result<(), Failure> {
        for row in &self.rows {
            let line = self.line(row, |at, cell| match at {
                ID => Styled(NAME, cell).to_string(),
                0 | 3 | 4 => Styled(FAINT, cell).to_string(),
                _ => cell,
            });
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn line(&self, row: &[String; COLUMNS], style: impl Fn(usize, String) -> String) -> String {
        let mut line = String::new();
        for (at, (cell, &width)) in row.iter().zip(&self.widths).enumerate() {
            if width == 0 {
                continue;
            }
            let cell = fit(cell, width).into_owned();
            let padding = " ".repeat(width.saturating_sub(columns(&cell)));
            let cell = style(at, cell);
            let cell = match RIGHT.contains(&at) {
                true => padding + &cell,
                false if at == PAGE => cell,
                false => cell + &padding,
            };
            if !line.is_empty() {
                line += "  ";
            }
            line += &cell;
        }
        line
    }
}

fn squeeze(widths: &mut [usize; COLUMNS], room: usize) {
    let used: usize = widths
        .iter()
        .map(|&width| if width > 0 { width + GAP } else { 0 })
        .sum();
    let mut excess = used.saturating_sub(GAP).saturating_sub(room);
    for at in ELASTIC {
        if let Some(width) = widths.get_mut(at) {
            let taken = excess.min(width.saturating_sub(LEAST));
            *width -= taken;
            excess -= taken;
        }
    }
}

fn row(entry: &Entry) -> [String; COLUMNS] {
    [
        shown_time(entry.connected_at),
        shown(entry.id()),
        entry.event_count.to_string(),
        shown_duration(entry.duration_ms),
        shown_bytes(entry.stamp.len),
        flags(entry).join(","),
        entry.subject.as_deref().map_or_else(String::new, subject),
        crate::text::plain(&entry.view.inspected()).into_owned(),
        page(entry),
    ]
}

/// What happened to it on its way to the disk.
pub fn flags(entry: &Entry) -> Vec<&'static str> {
    let mut flags = Vec::new();
    if entry.recovered {
        flags.push("recovered");
    }
    if entry.truncated {
        flags.push("truncated");
    }
    flags
}

/// A subject, a text in quotes where it might be taken for a number.
pub fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Integer(number) => number.to_string(),
        Subject::Text(text) => {
            let shown = shown(text);
            match shown.parse::<i64>() {
                Ok(_) => format!("{shown:?}"),
                Err(_) => shown,
            }
        }
    }
}

/// The first page, and whether there were others; without any, its own URL.
fn page(entry: &Entry) -> String {
    let mut pages = entry.pages.iter();
    let Some(first) = pages.next() else {
        return entry.url.as_deref().map_or_else(String::new, shown);
    };
    let more = pages.count();
    let first = crate::text::plain(&of_bytes(first)).into_owned();
    match more {
        0 => first,
        more => format!("{first} +{more}"),
    }
}
