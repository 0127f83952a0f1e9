//! Finding recordings.

use std::sync::Arc;

use replay_store::{Damage, Entry, Facets, Filter, Item, Page, Reader, Search, Sort};

use crate::failure::Failure;
use crate::output::complain;
use crate::progress;
use crate::text;

/// The recordings that match, in order, and how many there are in all.
pub struct Found {
    pub entries: Vec<Arc<Entry>>,
    pub total: usize,
    /// What may hold something that was searched for, and why that can't be told.
    pub not_searched: Vec<Damage>,
}

/// Finds recordings, at most so many.
pub fn find(reader: &Reader, filter: &Filter, sort: Sort, limit: usize) -> Result<Found, Failure> {
    if !reader.needs_search(filter)? {
        let page = reader.query(filter, sort, limit, None)?;
        return Ok(found(page, Vec::new()));
    }
    let search = search_through(reader, filter)?;
    let page = search.page(sort, limit, None)?;
    Ok(found(page, reader.not_searched(&search)?))
}

/// All of them, the newest first.
pub fn find_all(reader: &Reader, filter: &Filter) -> Result<Found, Failure> {
    find(reader, filter, Sort::Newest, usize::MAX)
}

/// As [`find_all`], and how they spread.
pub fn find_with_facets(reader: &Reader, filter: &Filter) -> Result<(Found, Facets), Failure> {
    if !reader.needs_search(filter)? {
        return Ok((find_all(reader, filter)?, reader.facets(filter)?));
    }
    let search = search_through(reader, filter)?;
    let page = search.page(Sort::Newest, usize::MAX, None)?;
    let found = found(page, reader.not_searched(&search)?);
    Ok((found, search.facets()))
}

fn search_through(reader: &Reader, filter: &Filter) -> Result<Search, Failure> {
    let mut search = reader.search(filter)?;
    let bar = progress::bar("searching", search.progress().total);
    while !search.is_done() {
        bar.set_position(reader.search_on(&mut search).checked as u64);
    }
    bar.finish_and_clear();
    Ok(search)
}

fn found(page: Page, not_searched: Vec<Damage>) -> Found {
    let entries = page.items.into_iter().filter_map(|item| match item {
        Item::Stored(entry) => Some(entry),
        Item::InFlight(_) => None,
    });
    Found {
        entries: entries.collect(),
        total: page.total,
        not_searched,
    }
}

/// Says that there is nothing, on the standard error: what is empty looks like what went wrong.
pub fn tell_none() {
    complain("no recordings match");
}

/// Names what was not searched, on the standard error.
pub fn tell_not_searched(not_searched: &[Damage]) {
    for Damage { file, reason } in not_searched {
        let (file, reason) = (text::plain(file), text::plain(reason));
        complain(&format!("replay: not searched: {file}: {reason}"));
    }
}
