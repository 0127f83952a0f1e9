use std::collections::HashMap;
use std::io::Write as _;
use std::sync::Arc;
use std::thread;

use replay_store::{Answer, Entry, Filter, Reader, Stamp};

use crate::args::{Directory, Tail};
use crate::failure::{Failure, Outcome};
use crate::find::find_all;
use crate::output::Out;
use crate::session::summary;
use crate::table::Table;

/// Which version of each file has been looked at.
type Seen = HashMap<Box<[u8]>, Stamp>;

/// Does not end by itself.
pub fn tail(directory: &Directory, tail: &Tail, out: &mut Out) -> Result<Outcome, Failure> {
    let reader = directory.read()?;
    let filter = tail.filter.filter()?;
    let mut seen = Seen::new();
    // The newest come last, as all that follow do.
    let mut first = matching(&reader, &filter, changed(&reader, &mut seen)?)?;
    first.reverse();
    let first = first.split_off(first.len().saturating_sub(tail.lines));
    let mut table = Table::of(&first, out.width());
    if !tail.json && !first.is_empty() {
        table.print_head(out)?;
    }
    print(&first, &table, tail.json, out)?;
    loop {
        thread::sleep(tail.interval);
        let mut new = changed(&reader, &mut seen)?;
        if new.is_empty() {
            continue;
        }
        new.reverse();
        let new = matching(&reader, &filter, new)?;
        table = table.beneath(&new, out.width());
        print(&new, &table, tail.json, out)?;
    }
}

/// What is new or another one since the last time, the newest first.
fn changed(reader: &Reader, seen: &mut Seen) -> Result<Vec<Arc<Entry>>, Failure> {
    let list = reader.list()?;
    let mut now = Seen::with_capacity(list.len());
    let mut changed = Vec::new();
    for entry in list {
        if seen.get(entry.file()) != Some(&entry.stamp) {
            changed.push(Arc::clone(&entry));
        }
        now.insert(entry.file().into(), entry.stamp);
    }
    *seen = now;
    Ok(changed)
}

fn matching(
    reader: &Reader,
    filter: &Filter,
    mut entries: Vec<Arc<Entry>>,
) -> Result<Vec<Arc<Entry>>, Failure> {
    entries.retain(|entry| filter.answer(&**entry) != Answer::No);
    if !reader.needs_search(filter)? {
        return Ok(entries);
    }
    let mut matching = Vec::new();
    for entry in entries {
        // Only what began in the same millisecond is read.
        let at = entry.connected_at;
        let narrow = Filter {
            from: Some(at),
            to: at.checked_add(1),
            ..filter.clone()
        };
        let found = find_all(reader, &narrow)?.entries;
        if found.iter().any(|found| found.file() == entry.file()) {
            matching.push(entry);
        }
    }
    Ok(matching)
}

fn print(
    entries: &[Arc<Entry>],
    table: &Table,
    as_json: bool,
    out: &mut Out,
) -> Result<(), Failure> {
    match as_json {
        true => {
            for entry in entries {
                writeln!(out, "{}", summary(entry))?;
            }
        }
        false => table.print_rows(out)?,
    }
    Ok(out.flush()?)
}
