//! The results, as `bin/bench --json` writes them.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::words;

#[derive(Deserialize)]
pub struct Report {
    pub machine: BTreeMap<String, Value>,
    pub quick: bool,
    pub figures: Vec<Figure>,
}

#[derive(Deserialize)]
pub struct Figure {
    /// `section/name`
    pub name: String,
    pub unit: String,
    pub native_median: f64,
    pub baseline_median: f64,
    /// Baseline ÷ native.
    pub ratio: f64,
    pub spread_percent: f64,
    pub note: Option<String>,
}

/// Whom the native engine is compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Against {
    Host,
    Peer,
    Limit,
    /// Itself: with fewer recordings stored, with the other compression, or its own list.
    Itself,
}

const PEERS: [&str; 4] = ["ets", "dets", "disk_log", "sqlite"];
/// Its own list, searched in Elixir.
const IN_ELIXIR: &str = "in_elixir";

impl Report {
    pub fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let text = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(serde_json::from_slice(&text)?)
    }

    /// The sections in the order in which they were measured.
    pub fn sections(&self) -> Vec<&str> {
        let mut sections: Vec<&str> = Vec::new();
        for figure in &self.figures {
            if !sections.contains(&figure.section()) {
                sections.push(figure.section());
            }
        }
        sections
    }

    pub fn section<'a>(&'a self, section: &'a str) -> impl Iterator<Item = &'a Figure> {
        self.figures
            .iter()
            .filter(move |figure| figure.section() == section)
    }

    /// Machine and day in a few words.
    pub fn origin(&self) -> String {
        let quick = if self.quick { ", a quick run" } else { "" };
        origin(&self.machine) + quick
    }

    /// A fact about the machine, as text.
    pub fn fact(&self, key: &str) -> String {
        fact(&self.machine, key)
    }
}

/// Machine and day in a few words.
pub fn origin(machine: &BTreeMap<String, Value>) -> String {
    let [cpu, cores, started] = ["cpu", "cores", "started_at"].map(|key| fact(machine, key));
    let day = started.split('T').next().unwrap_or_default();
    format!("{cpu}, {cores} cores, {day}")
}

fn fact(machine: &BTreeMap<String, Value>, key: &str) -> String {
    match machine.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "unknown".to_owned(),
    }
}

impl Figure {
    pub fn section(&self) -> &str {
        self.name
            .split_once('/')
            .map_or(self.name.as_str(), |(section, _)| section)
    }

    /// The name without its section, in words.
    pub fn label(&self) -> String {
        let label = self
            .name
            .split_once('/')
            .map_or(self.name.as_str(), |(_, label)| label);
        words::label(label)
    }

    /// Whether what it is compared with was not measured, but reckoned from a smaller
    /// measurement. Its note says how.
    pub fn is_reckoned(&self) -> bool {
        let note = self.note.as_deref().unwrap_or_default();
        ["baseline not measured", "the baseline is multiplied"]
            .iter()
            .any(|reckoned| note.contains(reckoned))
    }

    pub fn against(&self) -> Against {
        let last = self.name.rsplit('/').next().unwrap_or_default();
        if self.name.split('/').any(|part| part == "limit") {
            Against::Limit
        } else if last.starts_with("at_") || ["gzip", IN_ELIXIR].contains(&last) {
            Against::Itself
        } else if PEERS.contains(&last) {
            Against::Peer
        } else {
            Against::Host
        }
    }

    /// Whether it belongs into a chart of how costs grow: not what is no more than a limit or a
    /// check that a cost is flat.
    pub fn is_of_growth(&self) -> bool {
        match self.against() {
            Against::Host | Against::Peer => true,
            Against::Limit => false,
            Against::Itself => self.name.ends_with(IN_ELIXIR),
        }
    }

    /// For a figure whose name has a number of recordings in it: the name with `N` in its place
    /// and without what it is compared with, and the number.
    pub fn scaling(&self) -> Option<(String, f64)> {
        let mut count = None;
        let mut name = Vec::new();
        let is_other = |part: &&str| PEERS.contains(part) || *part == IN_ELIXIR;
        for part in self.name.split('/').filter(|part| !is_other(part)) {
            match part.parse::<u32>() {
                Ok(number) if count.is_none() => {
                    count = Some(number);
                    name.push("N");
                }
                _ => name.push(part),
            }
        }
        Some((name.join("/"), count?.into()))
    }

    /// What the native engine is compared with.
    pub fn other(&self) -> &str {
        match self.against() {
            Against::Peer => words::of(self.name.rsplit('/').next().unwrap_or_default()),
            Against::Itself => "list, in Elixir",
            _ => "pure Elixir",
        }
    }
}

/// Three digits that mean something.
pub fn number(value: f64) -> String {
    let decimals = if value > 0.0 {
        2 - value.log10().floor() as i32
    } else {
        0
    };
    let decimals = usize::try_from(decimals).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A value and its unit, durations in the unit that suits them.
pub fn quantity(value: f64, unit: &str) -> String {
    match unit {
        "µs" if value >= 1e6 => format!("{} s", number(value / 1e6)),
        "µs" if value >= 1e3 => format!("{} ms", number(value / 1e3)),
        "ms" if value >= 1e3 => format!("{} s", number(value / 1e3)),
        _ => format!("{} {unit}", number(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::Figure;

    fn figure(note: Option<&str>) -> Figure {
        Figure {
            name: "scale/list_summaries/100000/sqlite".to_owned(),
            unit: "ms".to_owned(),
            native_median: 1.0,
            baseline_median: 2.0,
            ratio: 2.0,
            spread_percent: 0.0,
            note: note.map(str::to_owned),
        }
    }

    #[test]
    fn what_was_not_measured_is_known_by_its_note() {
        for note in [
            "baseline not measured: 10 times that of 1000",
            "2000 sessions; baseline not measured: 166.7 times that of 12 sessions",
            "18 MB uncompressed, 220 MB/s; the baseline is multiplied from fewer",
        ] {
            assert!(figure(Some(note)).is_reckoned(), "{note}");
        }
        for note in [None, Some("ours is synced")] {
            assert!(!figure(note).is_reckoned());
        }
    }

    #[test]
    fn a_row_is_named_in_words() {
        let figure = figure(None);
        assert_eq!(figure.label(), "list_summaries, 100 000, against SQLite");
        assert_eq!(figure.other(), "SQLite");
    }
}
