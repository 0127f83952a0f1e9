use std::io::Write as _;
use std::time::Duration;

use replay_store::{Erased, Filter, Store};

use crate::args::{Directory, Erase};
use crate::directory::usual;
use crate::failure::{Failure, Outcome};
use crate::find::{find_all, tell_none, tell_not_searched};
use crate::output::Out;
use crate::progress;
use crate::table::Table;
use crate::text::shown;
use crate::values::recordings;

/// How long what nodes that are gone left may take to be saved, so far as it is not erased. What
/// is not is found by the next node.
const MAX_WAIT: Duration = Duration::from_secs(600);

/// What reaches a bucket.
const INSTEAD: &str = "erase with mix phoenix_replay.native.erase, or in a release with \
                       PhoenixReplay.Native.Release.erase";

pub fn erase(directory: &Directory, erase: &Erase, out: &mut Out) -> Result<Outcome, Failure> {
    let filter = erase.filter.filter()?;
    let reader = directory.read()?;
    erase.reach.check(&reader, INSTEAD)?;
    if !erase.consent.yes {
        let found = find_all(&reader, &filter)?;
        let count = found.entries.len();
        if count > 0 {
            Table::of(&found.entries, out.width()).print(out)?;
            writeln!(
                out,
                "\n{} would be erased: add --yes to do it",
                recordings(count)
            )?;
            out.flush()?;
        } else {
            tell_none();
        }
        tell_not_searched(&found.not_searched);
        return Ok(Outcome::of(count > 0));
    }
    let store = directory.write_recovering(usual(&reader)?)?;
    let erased = delete(&store, &filter)?;
    let drained = store.drain(MAX_WAIT);
    for id in &erased.ids {
        writeln!(out, "{}", shown(id))?;
    }
    writeln!(out, "{} erased", recordings(erased.ids.len()))?;
    out.flush()?;
    tell_not_searched(&erased.not_searched);
    if drained.left > 0 {
        let left = drained.left;
        return Err(Failure::Partly(format!(
            "{left} recovered recordings could not be saved yet"
        )));
    }
    let is_all = erased.not_searched.is_empty();
    Ok(Outcome::of(is_all && !erased.ids.is_empty()))
}

fn delete(store: &Store, filter: &Filter) -> Result<Erased, Failure> {
    if !store.needs_search(filter)? {
        return Ok(store.delete_where(filter)?);
    }
    let mut search = store.search(filter)?;
    let bar = progress::bar("searching", search.progress().total);
    while !search.is_done() {
        bar.set_position(store.search_on(&mut search).checked as u64);
    }
    bar.finish_and_clear();
    Ok(store.erase_found(&search)?)
}
