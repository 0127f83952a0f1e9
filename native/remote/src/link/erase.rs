//! An erasure that all nodes carry out.

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use replay_store::{Erased, Error, Filter, RemoteFault, file_stem};

use super::Confirmed;
use super::away::{Access, remote_fault};
use super::confirm::{confirmed, forget_filter, has_filter};
use super::erasures::as_of;
use super::presence::{Others, others};
use super::rows;
use super::running::remove_finished;
use super::shared::Shared;
use crate::fault::Fault;
use crate::gone::Gone;
use crate::key::{Key, Name, Tag};

/// How often it is looked whether others have confirmed.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Notes that a filter is to be carried out by all, before it is here. Returns the note's name.
pub(super) fn announce(
    shared: &Shared,
    filter: &Filter,
    deadline: Instant,
) -> Result<Box<[u8]>, Error> {
    // It is up to a time of the bucket's clock, which is known soon after a start.
    while !shared.clock.is_known()
        && shared.away.refuses(&[Access::Read, Access::Put]).is_none()
        && !shared.is_stopping()
        && Instant::now() < deadline
    {
        thread::sleep(Duration::from_millis(5));
    }
    let refused = |source| Error::Io {
        action: "write down what is to be erased",
        path: None,
        source,
    };
    let encoded = filter.encode();
    let encoded = encoded.ok_or_else(|| refused(std::io::ErrorKind::FileTooLarge.into()))?;
    let gone = Gone {
        effective: shared.clock.next(),
        origin: shared.node.clone(),
        ids: Vec::new(),
        filter: Some(encoded),
    };
    let note = shared.note(&gone).map_err(refused)?;
    shared.erasures.add(as_of(
        filter.clone(),
        gone.effective,
        shared.clock.ahead_ms(),
    ));
    Ok(note)
}

/// Waits until it is done in the bucket, and for the other nodes.
pub(super) fn settle(
    shared: &Shared,
    note: &[u8],
    erased: &Erased,
    deadline: Instant,
) -> Result<Confirmed, Error> {
    let begun = shared.polled.now();
    let begun_at = shared.clock.now_ms();
    shared.to_poll.give();
    let stems = erased.ids.iter().map(|id| file_stem(id).into()).collect();
    let clean = wait_until_clean(shared, note, &stems, begun, deadline);
    shared.noted.forget(note);
    let Some((key, tag)) = clean? else {
        return Err(Error::Remote(RemoteFault::Unavailable));
    };
    let parts_gone = remove_finished(shared);
    let settled = parts_gone.and_then(|()| {
        let confirmed = confirmations(shared, &key, tag, deadline)?;
        // Others may have told of it until they confirmed.
        rows::forget(shared, &stems, rows::a_minute_before(begun_at))?;
        if confirmed.waiting.is_empty() {
            forget_filter(shared, &key, tag)?;
        }
        Ok(confirmed)
    });
    settled.map_err(|fault| Error::Remote(remote_fault(&fault)))
}

/// Until it is known to all, nothing of it is left, and what came meanwhile has been looked at.
fn wait_until_clean(
    shared: &Shared,
    note: &[u8],
    stems: &HashSet<Box<[u8]>>,
    begun: u64,
    deadline: Instant,
) -> Result<Option<(Key, Tag)>, Error> {
    let accesses = [Access::Read, Access::Put, Access::Delete];
    // What else is to be deleted may take longer.
    let notes = shared.noted.left();
    loop {
        if let Some(key @ Key::Gone { tag, .. }) = shared.noted.key_of(note)
            && !shared.noted.is_left(&notes)
            && !shared.is_deleting(stems)
            && shared.polled.now() > begun + 1
        {
            return Ok(Some((key, tag)));
        }
        if let Some(fault) = shared.away.refuses(&accesses) {
            return Err(Error::Remote(fault));
        }
        if Instant::now() >= deadline || shared.is_stopping() {
            return Ok(None);
        }
        let before = shared.polled.now();
        let soon = Instant::now() + Duration::from_millis(20);
        shared.polled.wait_beyond(before, soon.min(deadline));
    }
}

/// Waits for all others that are there.
fn confirmations(
    shared: &Shared,
    key: &Key,
    tag: Tag,
    deadline: Instant,
) -> Result<Confirmed, Fault> {
    loop {
        let Others { there, silent } = others(shared)?;
        let confirmed = confirmed(shared, tag)?;
        // Somebody may have found that all have, and taken away what says so.
        let is_over = !has_filter(shared, key)?;
        let (done, waiting): (Vec<_>, Vec<_>) =
            (there.iter()).partition(|node| is_over || confirmed.contains(node));
        if waiting.is_empty() || Instant::now() >= deadline || shared.is_stopping() {
            let own = std::iter::once(&shared.node);
            // Nobody knows when these come back, but what they have may be meant, too.
            let silent = silent.iter();
            let silent = silent.filter(|node| !is_over && !confirmed.contains(node));
            return Ok(Confirmed {
                nodes: own.chain(done).map(spelled).collect(),
                waiting: waiting.into_iter().chain(silent).map(spelled).collect(),
            });
        }
        let left = deadline.saturating_duration_since(Instant::now());
        thread::sleep(LOOK_EVERY.min(left));
    }
}

fn spelled(node: &Name) -> String {
    String::from_utf8_lossy(node.as_bytes()).into_owned()
}
