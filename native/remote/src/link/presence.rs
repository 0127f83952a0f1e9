//! A node shows that it is there, and learns the bucket's time by it.

use std::time::{Duration, Instant};

use super::away::Access;
use super::names::sign_of;
use super::shared::Shared;
use crate::bucket::Cursor;
use crate::fault::Fault;
use crate::key::{Key, Name};
use crate::node::Presence;

/// So many times a node shows it before it would count as lost.
const TIMES: u32 = 3;

/// After so long nobody thinks that a node comes back.
pub(super) const FORGOTTEN_AFTER: Duration = Duration::from_secs(30 * 24 * 3_600);

/// When it was shown.
#[derive(Default)]
pub(super) struct Presences {
    told_at: Option<Instant>,
    since_ms: Option<u64>,
}

impl Presences {
    /// Shows it, if that is due.
    /// If nothing is taken, it is also for finding out whether that is over.
    pub(super) fn tell(&mut self, shared: &Shared) -> Result<(), Fault> {
        let is_told = self.told_at.is_some();
        let refused = shared.away.refuses(&[Access::Put]);
        let is_recent = |at: Instant| at.elapsed() < shared.settings.lost_after / TIMES;
        if refused.is_none() && self.told_at.is_some_and(is_recent) {
            return Ok(());
        }
        match self.show(shared) {
            // What can be read is read all the same.
            Err(_) if is_told && shared.away.refuses(&[Access::Read]).is_none() => Ok(()),
            shown => shown,
        }
    }

    fn show(&mut self, shared: &Shared) -> Result<(), Fault> {
        if !shared.away.pause(&[Access::Put]).is_zero() {
            return Err(Fault::unavailable("nothing was taken just now"));
        }
        let key = Key::Node(shared.node.clone());
        let now = u64::try_from(shared.clock.now_ms()).unwrap_or(0);
        let presence = Presence {
            run: shared.run,
            since_ms: *self.since_ms.get_or_insert(now),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let sent = shared.clock.local_ms();
        let put = shared.bucket.put(&key, presence.encode());
        shared.heard_of(Access::Put, put)?;
        let answered = shared.clock.local_ms();
        let meta = shared.heard_of(Access::Read, shared.bucket.head(&key))?;
        shared.clock.observe(meta.modified_ms, sent, answered);
        self.told_at = Some(Instant::now());
        // Others can't know who lives.
        match shared.has_right() {
            true => forget_siblings(shared),
            false => Ok(()),
        }
    }
}

impl Presences {
    /// Says that the node goes, unless it has something that is nowhere else: then others are to know
    /// that it may come back.
    pub(super) fn end(&self, shared: &Shared) {
        let has_all_told = shared.tier.pending_len() == 0
            && shared.pending_deletes() == 0
            && shared.tier.running().is_empty();
        if !has_all_told || self.told_at.is_none() || shared.away.status().is_some() {
            // Others find out after a while.
            return;
        }
        let key = Key::Node(shared.node.clone());
        let shown = shared.bucket.get(&key, Presence::MAX_BYTES);
        let shown = shown.and_then(|bytes| Presence::decode(&bytes));
        // A copy of the directory may be somebody else's.
        if shown.is_ok_and(|it| it.run == shared.run) {
            let _ = shared.bucket.delete(&key);
        }
    }
}

/// What an engine of this directory left that is gone, this one has: nobody needs to wait for it.
fn forget_siblings(shared: &Shared) -> Result<(), Fault> {
    let silent = others(shared)?.silent.into_iter();
    for node in silent.filter(|node| shared.is_of_this_directory(node)) {
        if let Some(sign) = sign_of(&node) {
            // Who lives may have been stopped, or have much to do.
            match shared.tier.try_lock_as(&sign) {
                Ok(Some(_)) => shared.tier.forget_lock(&sign),
                Ok(None) | Err(_) => continue,
            }
        }
        let gone = shared.bucket.delete(&Key::Node(node));
        shared.heard_of(Access::Delete, gone)?;
    }
    Ok(())
}

/// The names of the other nodes.
#[derive(Default)]
pub(super) struct Others {
    /// Those that are there.
    pub there: Vec<Name>,
    /// Those that are lost, and may come back.
    pub silent: Vec<Name>,
}

pub(super) fn others(shared: &Shared) -> Result<Others, Fault> {
    let mut cursor = Cursor::folder(Key::nodes());
    let (mut others, mut forgotten) = (Others::default(), Vec::new());
    loop {
        let page = shared.listed(&cursor)?;
        for listed in page.objects {
            let Some(Key::Node(node)) = listed.key else {
                continue;
            };
            let age = shared.clock.now_ms() - i64::try_from(listed.modified_ms).unwrap_or(0);
            let age = Duration::from_millis(u64::try_from(age).unwrap_or(0));
            match node {
                node if node == shared.node => {}
                node if age < shared.settings.lost_after => others.there.push(node),
                node if age < FORGOTTEN_AFTER => others.silent.push(node),
                node => forgotten.push(Key::Node(node)),
            }
        }
        match page.next {
            Some(next) => cursor = next,
            None => break,
        }
    }
    for key in forgotten {
        shared.heard_of(Access::Delete, shared.bucket.delete(&key))?;
    }
    Ok(others)
}
