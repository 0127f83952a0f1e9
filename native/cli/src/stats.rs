use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use replay_store::{Damage, Entry, Facets};
use serde_json::{Map, Value, json};

use crate::args::{Directory, Stats};
use crate::charts;
use crate::failure::{Failure, Outcome};
use crate::file::into_file;
use crate::find::{find_with_facets, tell_not_searched};
use crate::output::{GONE, HEAD, NAME, Out, Styled};
use crate::session::subject_value;
use crate::table::subject;
use crate::text::{json_line, of_bytes, plain, shown};
use crate::values::{shown_bytes, shown_day, shown_time};

pub fn stats(directory: &Directory, stats: &Stats, out: &mut Out) -> Result<Outcome, Failure> {
    let reader = directory.read()?;
    let filter = stats.filter.filter()?;
    let (found, facets) = find_with_facets(&reader, &filter)?;
    let damage = reader.damage()?;
    let bytes = found.entries.iter().map(|entry| entry.stamp.len).sum();
    let newest = found.entries.first().map(|entry| entry.connected_at);
    let oldest = found.entries.last().map(|entry| entry.connected_at);
    let events = found
        .entries
        .iter()
        .map(|it| u64::from(it.event_count))
        .sum();
    let numbers = Numbers {
        recordings: found.total,
        bytes,
        events,
        oldest,
        newest,
    };
    match &stats.html {
        Some(path) => write_page(path, &numbers, &facets, &damage, &found.entries)?,
        None if stats.json => print_json(&numbers, &facets, &damage, stats.top, out)?,
        None => print_text(&numbers, &facets, &damage, stats.top, out)?,
    }
    out.flush()?;
    tell_not_searched(&found.not_searched);
    Ok(Outcome::of(found.total > 0))
}

struct Numbers {
    recordings: usize,
    bytes: u64,
    events: u64,
    oldest: Option<i64>,
    newest: Option<i64>,
}

impl Numbers {
    fn shown(&self) -> Vec<(&'static str, String)> {
        let mut lines = vec![
            ("recordings", self.recordings.to_string()),
            ("size", shown_bytes(self.bytes)),
            ("events", self.events.to_string()),
        ];
        lines.extend(self.oldest.map(|at| ("oldest", shown_time(at))));
        lines.extend(self.newest.map(|at| ("newest", shown_time(at))));
        lines
    }
}

fn write_page(
    path: &Path,
    numbers: &Numbers,
    facets: &Facets,
    damage: &[Damage],
    entries: &[Arc<Entry>],
) -> Result<(), Failure> {
    let mut facts = numbers.shown();
    if !damage.is_empty() {
        facts.push(("damaged files", damage.len().to_string()));
    }
    let page = charts::page(&facts, facets, entries).map_err(Failure::at("draw", path))?;
    into_file(path, |file| Ok(file.write_all(page.as_bytes())?))
}

fn print_text(
    numbers: &Numbers,
    facets: &Facets,
    damage: &[Damage],
    top: usize,
    out: &mut Out,
) -> Result<(), Failure> {
    for (name, value) in numbers.shown() {
        writeln!(out, "{}  {value}", Styled(HEAD, format!("{name:<10}")))?;
    }
    let views = facets
        .views
        .iter()
        .map(|(view, count)| (plain(&view.inspected()).into(), *count));
    let texts = |texts: &[(Box<[u8]>, usize)]| -> Vec<(String, usize)> {
        texts
            .iter()
            .map(|(text, count)| (shown(text), *count))
            .collect()
    };
    let subjects = facets
        .subjects
        .iter()
        .map(|(it, count)| (subject(it), *count));
    let days = facets
        .days
        .iter()
        .map(|(it, count)| (shown_day(*it), *count));
    for (head, rows) in [
        ("views", views.collect()),
        ("events", texts(&facets.events)),
        ("pages", texts(&facets.paths)),
        ("subjects", subjects.collect()),
        ("days", days.collect::<Vec<(String, usize)>>()),
    ] {
        print_top(head, &rows, top, out)?;
    }
    if !damage.is_empty() {
        writeln!(out, "\n{}", Styled(HEAD, "damaged"))?;
        for Damage { file, reason } in damage {
            writeln!(out, "  {}  {}", Styled(GONE, plain(file)), plain(reason))?;
        }
    }
    Ok(())
}

fn print_top(
    head: &str,
    rows: &[(String, usize)],
    top: usize,
    out: &mut Out,
) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", Styled(HEAD, head))?;
    let first = || rows.iter().take(top);
    let width = first()
        .map(|(_, count)| count.to_string().len())
        .max()
        .unwrap_or(0);
    for (text, count) in first() {
        let text = if text.is_empty() { "(none)" } else { text };
        writeln!(out, "  {count:>width$}  {}", Styled(NAME, text))?;
    }
    match rows.len().saturating_sub(top) {
        0 => Ok(()),
        more => Ok(writeln!(out, "  and {more} more")?),
    }
}

fn print_json(
    numbers: &Numbers,
    facets: &Facets,
    damage: &[Damage],
    top: usize,
    out: &mut Out,
) -> Result<(), Failure> {
    fn counts(rows: impl Iterator<Item = (Value, usize)>, top: usize) -> Value {
        rows.take(top)
            .map(|(value, count)| json!({"value": value, "count": count}))
            .collect()
    }
    let texts = |texts: &[(Box<[u8]>, usize)]| {
        counts(
            texts
                .iter()
                .map(|(text, count)| (of_bytes(text).into(), *count)),
            top,
        )
    };
    let views = facets
        .views
        .iter()
        .map(|(view, count)| (view.inspected().into(), *count));
    let subjects = facets
        .subjects
        .iter()
        .map(|(it, count)| (subject_value(it), *count));
    let days = facets
        .days
        .iter()
        .map(|(it, count)| (shown_day(*it).into(), *count));
    let mut stats = Map::new();
    for (key, value) in [
        ("recordings", json!(numbers.recordings)),
        ("bytes", json!(numbers.bytes)),
        ("event_count", json!(numbers.events)),
        ("oldest_at", json!(numbers.oldest)),
        ("newest_at", json!(numbers.newest)),
        ("views", counts(views, top)),
        ("events", texts(&facets.events)),
        ("pages", texts(&facets.paths)),
        ("subjects", counts(subjects, top)),
        ("days", counts(days, top)),
        ("damaged", damage.iter().map(damage_value).collect()),
    ] {
        stats.insert(key.into(), value);
    }
    let line = Value::Object(stats).to_string();
    Ok(writeln!(out, "{}", json_line(&line))?)
}

/// A damaged file as JSON.
pub fn damage_value(damage: &Damage) -> Value {
    json!({"file": damage.file, "reason": damage.reason})
}
