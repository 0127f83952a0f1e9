use std::sync::Arc;

use super::Entry;

/// More changes than this that could not be written down are not kept: a new snapshot is as
/// good.
const MAX_CHANGES: usize = 100_000;

/// New entries that are not written down yet.
#[derive(Debug, Default)]
pub(crate) enum Changes {
    /// Nobody wants to know yet.
    #[default]
    Unrecorded,
    /// These, in order.
    These(Vec<Arc<Entry>>),
    /// More than are worth keeping: all is to be written anew.
    All,
}

impl Changes {
    /// From now on they are kept.
    pub(crate) fn record(&mut self) {
        *self = Changes::These(Vec::new());
    }

    pub(crate) fn note(&mut self, entry: &Arc<Entry>) {
        match self {
            Changes::These(changes) if changes.len() < MAX_CHANGES => {
                changes.push(Arc::clone(entry));
            }
            Changes::These(_) => *self = Changes::All,
            Changes::Unrecorded | Changes::All => {}
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Changes::Unrecorded => true,
            Changes::These(changes) => changes.is_empty(),
            Changes::All => false,
        }
    }

    /// Those since the last call; `None` if they were too many to keep.
    pub(crate) fn take(&mut self) -> Option<Vec<Arc<Entry>>> {
        match std::mem::replace(self, Changes::These(Vec::new())) {
            Changes::These(changes) => Some(changes),
            Changes::Unrecorded | Changes::All => None,
        }
    }
}
