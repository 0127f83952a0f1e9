use super::best::Best;
use super::flights::Flights;
use super::item::Item;
use super::stored::each_stored;
use super::{Answer, Cursor, Filter, Sort};
use crate::index::Index;

/// A part of what was found.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The recordings, in order.
    pub items: Vec<Item>,
    /// How many match in all, on other pages too.
    pub total: usize,
    /// Where this page ended; `None` if nothing comes after it.
    pub next: Option<Cursor>,
}

/// Makes the page of a query; `None` if recordings have to be read for it.
pub(super) fn page(
    index: &Index,
    flights: &Flights,
    filter: &Filter,
    sort: Sort,
    limit: usize,
    after: Option<&Cursor>,
) -> Option<Page> {
    let shadows = flights.shadows(index);
    // One more than asked for tells whether there is another page.
    let mut best = Best::new(sort, limit.saturating_add(1), after);
    let mut total = flights.found.len();
    for recording in &flights.found {
        best.offer_in_flight(recording);
    }
    if sort.is_by_time() && filter.is_empty() {
        total += index.len().saturating_sub(shadows.len());
        best.take_in_order(index, &shadows);
    } else {
        let mut is_all = true;
        let visit = |row, answer| match answer {
            Answer::Yes => {
                total += 1;
                best.offer_row(row);
            }
            Answer::Perhaps | Answer::No => is_all = false,
        };
        each_stored(index, &shadows, filter, false, visit);
        is_all.then_some(())?;
    }
    Some(cut(best, total, sort, limit))
}

/// Makes the page of what was found already.
pub(super) fn page_of(items: &[Item], sort: Sort, limit: usize, after: Option<&Cursor>) -> Page {
    let mut best = Best::new(sort, limit.saturating_add(1), after);
    for item in items {
        match item {
            Item::Stored(entry) => best.offer_stored(entry),
            Item::InFlight(recording) => best.offer_in_flight(recording),
        }
    }
    cut(best, items.len(), sort, limit)
}

fn cut(best: Best<'_>, total: usize, sort: Sort, limit: usize) -> Page {
    let mut found = best.sorted();
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more);
    Page {
        next: last.map(|last| Cursor::at(sort, last)),
        items: found.into_iter().map(Item::from).collect(),
        total,
    }
}
