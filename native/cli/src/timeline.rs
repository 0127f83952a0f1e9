//! A session, event by event.

use std::io::Write as _;

use replay_store::Entry;
use serde_json::Value;

use crate::failure::Failure;
use crate::output::{DEED, FAINT, HEAD, NAME, Out, Styled};
use crate::table::{flags, subject};
use crate::text::{columns, fit, json_line, plain, shown};
use crate::values::{shown_duration, shown_time};

/// The events of a session.
pub fn events(session: &Value) -> &[Value] {
    let events = session.get("events").and_then(Value::as_array);
    events.map_or(&[], Vec::as_slice)
}

/// When an event was, in milliseconds.
pub fn offset(event: &Value) -> i64 {
    event.get("offset").and_then(Value::as_i64).unwrap_or(0)
}

pub fn print(entry: &Entry, session: &Value, out: &mut Out) -> Result<(), Failure> {
    print_head(entry, out)?;
    let events = events(session);
    let offsets: Vec<_> = events
        .iter()
        .map(|event| shown_duration(offset(event)))
        .collect();
    let kinds: Vec<_> = events.iter().map(|event| plain(kind(event))).collect();
    let number_width = events.len().saturating_sub(1).to_string().len();
    let offset_width = offsets.iter().map(|it| columns(it)).max().unwrap_or(0);
    let kind_width = kinds.iter().map(|it| columns(it)).max().unwrap_or(0);
    let before = number_width + offset_width + kind_width + 6;
    let room = out
        .width()
        .map_or(usize::MAX, |width| width.saturating_sub(before));
    for (number, ((event, offset), kind)) in events.iter().zip(&offsets).zip(&kinds).enumerate() {
        let offset = format!("{offset:>offset_width$}");
        let padding = " ".repeat(kind_width.saturating_sub(columns(kind)));
        let kind = match &**kind {
            "event" => Styled(DEED, kind).to_string(),
            kind => kind.to_owned(),
        };
        let what = what(event);
        let what = fit(&what, room);
        let line = format!(
            "{number:>number_width$}  {}  {kind}{padding}  {what}",
            Styled(FAINT, offset)
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn print_head(entry: &Entry, out: &mut Out) -> Result<(), Failure> {
    let mut head = vec![
        ("id", shown(entry.id())),
        ("view", plain(&entry.view.inspected()).into_owned()),
        ("url", entry.url.as_deref().map_or_else(String::new, shown)),
        ("begun", shown_time(entry.connected_at)),
        ("duration", shown_duration(entry.duration_ms)),
        ("events", entry.event_count.to_string()),
    ];
    head.extend(entry.subject.as_deref().map(|it| ("subject", subject(it))));
    let flags = flags(entry);
    if !flags.is_empty() {
        head.push(("flags", flags.join(", ")));
    }
    for (name, value) in head.iter().filter(|(_, value)| !value.is_empty()) {
        let name = format!("{name:<8}");
        writeln!(out, "{}  {}", Styled(HEAD, name), Styled(NAME, value))?;
    }
    Ok(writeln!(out)?)
}

fn kind(event: &Value) -> &str {
    event.get("type").and_then(Value::as_str).unwrap_or("?")
}

/// What an event is about: the name and params of a user's, the page, the keys of assigns.
fn what(event: &Value) -> String {
    let payload = |key| event.get("payload").and_then(|payload| payload.get(key));
    let text = |key| payload(key).and_then(Value::as_str).unwrap_or_default();
    let keys = |key| {
        let keys = payload(key)?.as_object()?.keys();
        Some(keys.map(|key| plain(key)).collect::<Vec<_>>().join(", "))
    };
    match kind(event) {
        "mount" => keys("assigns").unwrap_or_default(),
        "event" => {
            let params = payload("params")
                .filter(|params| !params.as_object().is_some_and(serde_json::Map::is_empty));
            let params = params.map_or_else(String::new, |it| json_line(&it.to_string()).into());
            format!("{} {params}", plain(text("name")))
        }
        "handle_params" => plain(text("url")).into_owned(),
        "assigns" => keys("delta")
            .unwrap_or_else(|| format!("all: {}", keys("snapshot").unwrap_or_default())),
        _ => String::new(),
    }
}
