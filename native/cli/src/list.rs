//! `ls` and `search`.

use std::io::Write as _;

use replay_store::{Filter, Sort};

use crate::args::{Directory, Listing, Ls, Order, Search};
use crate::failure::{Failure, Outcome};
use crate::find::{find, tell_none, tell_not_searched};
use crate::output::{Out, complain};
use crate::session::summary;
use crate::table::Table;
use crate::values::recordings;

impl From<Order> for Sort {
    fn from(order: Order) -> Self {
        match order {
            Order::Newest => Sort::Newest,
            Order::Oldest => Sort::Oldest,
            Order::Longest => Sort::Longest,
            Order::MostEvents => Sort::MostEvents,
            Order::Largest => Sort::Largest,
        }
    }
}

pub fn ls(directory: &Directory, ls: &Ls, out: &mut Out) -> Result<Outcome, Failure> {
    let filter = ls.listing.filter.filter()?;
    list(directory, &ls.listing, &filter, out)
}

pub fn search(directory: &Directory, search: Search, out: &mut Out) -> Result<Outcome, Failure> {
    let Search { text, listing } = search;
    let filter = listing.filter.with_text(text)?;
    list(directory, &listing, &filter, out)
}

fn list(
    directory: &Directory,
    listing: &Listing,
    filter: &Filter,
    out: &mut Out,
) -> Result<Outcome, Failure> {
    let reader = directory.read()?;
    let limit = listing.limit.unwrap_or(usize::MAX);
    let found = find(&reader, filter, listing.sort.into(), limit)?;
    if listing.json {
        for entry in &found.entries {
            writeln!(out, "{}", summary(entry))?;
        }
    } else if !found.entries.is_empty() {
        Table::of(&found.entries, out.width()).print(out)?;
    }
    out.flush()?;
    let shown = found.entries.len();
    if found.total == 0 && !listing.json {
        tell_none();
    }
    if shown < found.total && !listing.json {
        complain(&format!("{shown} of {}", recordings(found.total)));
    }
    tell_not_searched(&found.not_searched);
    Ok(Outcome::of(found.total > 0))
}
