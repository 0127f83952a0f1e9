use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;

use replay_store::{Entry, Reader};
use serde_json::{Value, json};

use crate::args::{Directory, Show};
use crate::assigns::{self, Change};
use crate::failure::{Failure, Outcome};
use crate::file::into_file;
use crate::output::{ADDED, FAINT, GONE, NAME, Out, Styled, complain};
use crate::page::page;
use crate::session::{parse, session_line};
use crate::text::{fit, json_line, plain};
use crate::timeline;

pub fn show(directory: &Directory, show: &Show, out: &mut Out) -> Result<Outcome, Failure> {
    let reader = directory.read()?;
    let Some(entry) = named(&reader, &show.id)? else {
        complain("replay: no recording has this id");
        return Ok(Outcome::Nothing);
    };
    let line = session_line(reader.read(entry.id())?, &entry.beside())?;
    if show.json && show.at.is_none() && !show.diff {
        writeln!(out, "{line}")?;
        return Ok(Outcome::Done);
    }
    let session = parse(&line)?;
    if let Some(path) = &show.html {
        let page = page(&session);
        into_file(path, |file| Ok(file.write_all(page.as_bytes())?))?;
        return Ok(Outcome::Done);
    }
    match (show.at, show.diff) {
        (None, false) => timeline::print(&entry, &session, out)?,
        (None, true) => print_changes(&session, None, show.json, out)?,
        (Some(at), is_diff) => {
            if at >= timeline::events(&session).len() {
                complain(&format!("replay: there is no event {at}"));
                return Ok(Outcome::Nothing);
            }
            match is_diff {
                true => print_changes(&session, Some(at), show.json, out)?,
                false => print_assigns(&session, at, show.json, out)?,
            }
        }
    }
    Ok(Outcome::Done)
}

/// The recording with this id, or the only one whose id begins so.
fn named(reader: &Reader, id: &OsStr) -> Result<Option<Arc<Entry>>, Failure> {
    let id = id.as_bytes();
    let mut begins_so = None;
    let mut others = 0;
    for entry in reader.list()? {
        if entry.id() == id {
            return Ok(Some(entry));
        }
        if entry.id().starts_with(id) {
            others += usize::from(begins_so.is_some());
            begins_so = Some(entry);
        }
    }
    match others {
        0 => Ok(begins_so),
        others => Err(Failure::Usage(format!(
            "{} recordings have an id that begins so",
            others + 1
        ))),
    }
}

fn print_assigns(session: &Value, at: usize, as_json: bool, out: &mut Out) -> Result<(), Failure> {
    let assigns = assigns::at(timeline::events(session), at);
    if as_json {
        writeln!(out, "{}", json_line(&Value::Object(assigns).to_string()))?;
        return Ok(());
    }
    let width = out.width().unwrap_or(usize::MAX);
    for (key, value) in &assigns {
        let key = plain(key);
        let value = json_line(&value.to_string()).into_owned();
        let room = width.saturating_sub(key.len() + 2);
        writeln!(out, "{}  {}", Styled(NAME, &key), fit(&value, room))?;
    }
    Ok(())
}

/// What changed at each event that changed something, or at this one.
fn print_changes(
    session: &Value,
    only: Option<usize>,
    as_json: bool,
    out: &mut Out,
) -> Result<(), Failure> {
    let events = timeline::events(session);
    let mut before = None;
    for (number, event) in events.iter().enumerate() {
        let mut now = before.clone().unwrap_or_default();
        if !assigns::apply(&mut now, event) {
            continue;
        }
        // What is there from the start has not changed.
        if let Some(before) = &before
            && only.is_none_or(|only| only == number)
        {
            let changes = assigns::changes(before, &now);
            print_change(number, event, &changes, as_json, out)?;
        }
        before = Some(now);
    }
    Ok(())
}

fn print_change(
    number: usize,
    event: &Value,
    changes: &[Change],
    as_json: bool,
    out: &mut Out,
) -> Result<(), Failure> {
    let offset = timeline::offset(event);
    if as_json {
        let changes: Vec<Value> = changes.iter().map(Change::to_json).collect();
        let line = json!({"event": number, "offset": offset, "changes": changes});
        writeln!(out, "{}", json_line(&line.to_string()))?;
        return Ok(());
    }
    let head = format!(
        "event {number} at {}",
        crate::values::shown_duration(offset)
    );
    writeln!(out, "{}", Styled(FAINT, head))?;
    let width = out.width().unwrap_or(usize::MAX);
    for Change { path, old, new } in changes {
        writeln!(out, "  {}", Styled(NAME, plain(path)))?;
        for (mark, style, value) in [("-", GONE, old), ("+", ADDED, new)] {
            if let Some(value) = value {
                let value = json_line(&value.to_string()).into_owned();
                let value = fit(&value, width.saturating_sub(6));
                writeln!(out, "    {}", Styled(style, format!("{mark} {value}")))?;
            }
        }
    }
    Ok(())
}
