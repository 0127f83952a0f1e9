use std::ops::Bound;
use std::sync::Arc;

use super::Filter;
use super::flights::Shadows;
use crate::Entry;
use crate::index::Index;

/// The finished recordings that match, newest first.
pub(super) fn stored<'a>(
    index: &'a Index,
    shadows: &'a Shadows,
    filter: &'a Filter,
) -> impl Iterator<Item = &'a Arc<Entry>> {
    let times = filter.times().filter(|_| filter.active != Some(true));
    let range = times.map(|times| {
        // The latest comes first, and no id comes before the empty one.
        let first = Bound::Included((*times.end(), &[][..]));
        let end = times.start().checked_sub(1);
        let end = end.map_or(Bound::Unbounded, |end| Bound::Excluded((end, &[][..])));
        index.newest_between(first, end)
    });
    let entries = range.into_iter().flatten();
    entries.filter(|entry| filter.matches(&***entry) && !shadows.hide(entry))
}
