use std::sync::Arc;

use super::Entry;
use crate::codec::Flaw;
use crate::disk::Stamp;

/// What is known of one file.
#[derive(Debug, Clone)]
pub(crate) enum Slot {
    Recording(Arc<Entry>),
    /// `stamp` is `None` where even looking at the file failed.
    Damaged {
        stamp: Option<Stamp>,
        flaw: Flaw,
    },
}

impl Slot {
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        match self {
            Slot::Recording(entry) => Some(entry.stamp),
            Slot::Damaged { stamp, .. } => *stamp,
        }
    }

    /// Whether it is about a file that is in the directory.
    pub(crate) fn is_here(&self) -> bool {
        match self {
            Slot::Recording(entry) => entry.is_here(),
            Slot::Damaged { .. } => true,
        }
    }

    /// Whether nothing was learnt about the file since `other` was cloned from the index.
    pub(super) fn is(&self, other: &Slot) -> bool {
        match (self, other) {
            (Slot::Recording(a), Slot::Recording(b)) => Arc::ptr_eq(a, b),
            (Slot::Damaged { stamp: a, .. }, Slot::Damaged { stamp: b, .. }) => a == b,
            _ => false,
        }
    }
}
