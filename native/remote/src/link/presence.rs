//! A node shows that it is there, and learns the bucket's time by it.

use std::time::Instant;

use super::shared::Shared;
use crate::fault::Fault;
use crate::key::Key;
use crate::node::Presence;

/// So many times a node shows it before it would count as lost.
const TIMES: u32 = 3;

/// When it was shown.
#[derive(Default)]
pub(super) struct Presences {
    told_at: Option<Instant>,
    since_ms: Option<u64>,
}

impl Presences {
    /// Shows it, if that is due.
    pub(super) fn tell(&mut self, shared: &Shared) -> Result<(), Fault> {
        if self
            .told_at
            .is_some_and(|at| at.elapsed() < shared.settings.lost_after / TIMES)
        {
            return Ok(());
        }
        let key = Key::Node(shared.node.clone());
        let now = u64::try_from(shared.clock.now_ms()).unwrap_or(0);
        let presence = Presence {
            run: shared.run,
            since_ms: *self.since_ms.get_or_insert(now),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let sent = shared.clock.local_ms();
        shared.heard(shared.bucket.put(&key, presence.encode()))?;
        let answered = shared.clock.local_ms();
        let meta = shared.heard(shared.bucket.head(&key))?;
        shared.clock.observe(meta.modified_ms, sent, answered);
        self.told_at = Some(Instant::now());
        Ok(())
    }
}

impl Presences {
    /// Says that the node goes.
    pub(super) fn end(&self, shared: &Shared) {
        if self.told_at.is_some() && shared.away.status().is_none() {
            // Otherwise others find out after a while.
            let _ = shared.bucket.delete(&Key::Node(shared.node.clone()));
        }
    }
}

/// The names of the other nodes that are there.
pub(super) fn others(shared: &Shared) -> Result<Vec<crate::key::Name>, Fault> {
    let mut cursor = crate::bucket::Cursor::folder(Key::nodes());
    let mut others = Vec::new();
    let lost_after = i64::try_from(shared.settings.lost_after.as_millis()).unwrap_or(i64::MAX);
    loop {
        let page = shared.heard(shared.bucket.list(&cursor))?;
        for listed in page.objects {
            let age = shared.clock.now_ms() - i64::try_from(listed.modified_ms).unwrap_or(0);
            match listed.key {
                Some(Key::Node(node)) if node != shared.node && age < lost_after => {
                    others.push(node);
                }
                _ => {}
            }
        }
        match page.next {
            Some(next) => cursor = next,
            None => return Ok(others),
        }
    }
}
