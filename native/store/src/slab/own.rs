use std::sync::Arc;

use crate::disk::owned::Directory;

/// What this run makes.
#[derive(Default)]
pub(super) struct Own {
    /// Made when it is needed: on a full disk a slab opens, and what earlier runs left can be
    /// read. Never one that another run has used, whose files and serial numbers would meet
    /// those of this one.
    pub(super) directory: Option<Arc<Directory>>,
    /// The number of the next segment.
    pub(super) next: u64,
}
