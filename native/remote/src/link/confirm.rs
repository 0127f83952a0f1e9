//! Erasures that are carried out are confirmed, and when all have, nobody needs their filters.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use bytes::Bytes;

use super::away::Access;
use super::confirming::Open;
use super::names::directory_of;
use super::presence::{FORGOTTEN_AFTER, Others, others};
use super::running::remove_finished;
use super::shared::Shared;
use crate::bucket::Cursor;
use crate::fault::Fault;
use crate::gone::{Gone, MAX_GONE_BYTES};
use crate::key::{Key, Name, Tag};

/// Says what has been carried out, when nothing of it is left of what is told of sessions here.
///
/// # Errors
///
/// Why it could not be said: it is next time.
pub(super) fn confirm(shared: &Shared) -> Result<(), Fault> {
    let tags = shared.confirming.to_confirm();
    let pause = shared.away.pause(&[Access::Put, Access::Delete]);
    if tags.is_empty() || !pause.is_zero() {
        return Ok(());
    }
    remove_finished(shared)?;
    for tag in tags {
        let node = shared.node.clone();
        let confirmed = Key::Confirmed { tag, node };
        let put = shared.bucket.put(&confirmed, Bytes::new());
        shared.heard_of(Access::Put, put)?;
        shared.confirming.confirmed(tag);
    }
    Ok(())
}

/// Who has confirmed an erasure.
pub(super) fn confirmed(shared: &Shared, tag: Tag) -> Result<Vec<Name>, Fault> {
    let mut confirmed = Vec::new();
    each_confirmed(shared, Some(tag), |_, node| confirmed.push(node))?;
    Ok(confirmed)
}

/// Who has confirmed which.
fn each_confirmed(
    shared: &Shared,
    tag: Option<Tag>,
    mut each: impl FnMut(Tag, Name),
) -> Result<(), Fault> {
    let mut cursor = Cursor::folder(Key::confirmed(tag));
    loop {
        let page = shared.listed(&cursor)?;
        for key in page.objects.into_iter().filter_map(|it| it.key) {
            if let Key::Confirmed { tag, node } = key {
                each(tag, node);
            }
        }
        match page.next {
            Some(next) => cursor = next,
            None => return Ok(()),
        }
    }
}

/// What a tombstone says; `None` if it is gone.
fn read(shared: &Shared, key: &Key) -> Result<Option<Gone>, Fault> {
    let read = shared.heard(shared.bucket.get(key, MAX_GONE_BYTES as u64));
    match read.and_then(|bytes| Gone::decode(&bytes)) {
        Ok(gone) => Ok(Some(gone)),
        Err(fault) if fault.is_about_object() => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Whether a tombstone has its filter still.
pub(super) fn has_filter(shared: &Shared, key: &Key) -> Result<bool, Fault> {
    Ok(read(shared, key)?.is_some_and(|gone| gone.filter.is_some()))
}

/// Nobody needs the filter any more, which may say whom it was about.
pub(super) fn forget_filter(shared: &Shared, key: &Key, tag: Tag) -> Result<(), Fault> {
    // Somebody may have taken it away, and been interrupted.
    if let Some(gone) = read(shared, key)?.filter(|gone| gone.filter.is_some()) {
        let gone = Gone {
            filter: None,
            ..gone
        };
        if let Some(bytes) = gone.encode() {
            shared.heard_of(Access::Put, shared.bucket.put(key, bytes))?;
        }
    }
    let mut result = Ok(());
    let confirmed = confirmed(shared, tag)?.into_iter();
    let keys = confirmed.map(|node| Key::Confirmed { tag, node });
    shared.bucket.delete_many(keys, 8, |_, deleted| {
        if let Err(fault) = shared.heard_of(Access::Delete, deleted) {
            result = Err(fault);
        }
    });
    result?;
    shared.confirming.close(tag);
    Ok(())
}

/// Takes the filters of those away that all have confirmed by now.
#[derive(Default)]
pub(super) struct Forgetting {
    looked_at: Option<Instant>,
}

impl Forgetting {
    /// Does so if it is time to look.
    ///
    /// # Errors
    ///
    /// Why some are left: they are looked at again.
    pub(super) fn step(&mut self, shared: &Shared) -> Result<(), Fault> {
        let every = shared.settings.lost_after / 3;
        if !shared.has_right() || self.looked_at.is_some_and(|at| at.elapsed() < every) {
            return Ok(());
        }
        // Whoever is silent for so long is forgotten, and was not waited for since.
        let now = u64::try_from(shared.clock.now_ms()).unwrap_or(0);
        let forgotten = u64::try_from(FORGOTTEN_AFTER.as_millis()).unwrap_or(u64::MAX);
        let open = shared
            .confirming
            .all_open(now.saturating_sub(forgotten.saturating_mul(2)));
        // What was erased just now is done as a whole, or found again by the next start.
        if open.is_empty() || shared.erasing.load(Relaxed) > 0 {
            return Ok(());
        }
        self.looked_at = Some(Instant::now());
        let Others { there, silent } = others(shared)?;
        let mut confirmed: HashMap<Tag, Vec<Name>> = HashMap::new();
        each_confirmed(shared, None, |tag, node| {
            confirmed.entry(tag).or_default().push(node);
        })?;
        let others = || there.iter().chain(&silent);
        // Those of nodes that are no more are for one of the others.
        let is_first = there.iter().all(|node| shared.node < *node);
        let is_left = |directory| is_first && !others().any(|it| directory_of(it) == directory);
        for (tag, Open { key, directory }) in open {
            let is_ours = directory == Some(shared.directory) || is_left(directory);
            // This node is none of the others.
            let is_done =
                !shared.undone.has(&key) && !shared.confirming.to_confirm().contains(&tag);
            let has_confirmed = |node| confirmed.get(&tag).is_some_and(|it| it.contains(node));
            if is_ours && is_done && others().all(has_confirmed) {
                forget_filter(shared, &key, tag)?;
            }
        }
        Ok(())
    }
}
