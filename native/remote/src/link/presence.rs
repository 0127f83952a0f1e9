//! A node shows that it is there, and learns the bucket's time by it.

use std::time::{Duration, Instant};

use super::clock::local_ms;
use super::shared::Shared;
use crate::fault::Fault;
use crate::key::Key;
use crate::node::Presence;

/// How often a node shows it.
pub(super) const TOLD_EVERY: Duration = Duration::from_secs(300);

/// A node that has not shown it for so long is not waited for.
const GONE_AFTER_MS: i64 = 15 * 60_000;

/// When it was shown.
#[derive(Default)]
pub(super) struct Presences {
    told_at: Option<Instant>,
    since_ms: Option<u64>,
}

impl Presences {
    /// Shows it, if that is due.
    pub(super) fn tell(&mut self, shared: &Shared) -> Result<(), Fault> {
        if self.told_at.is_some_and(|at| at.elapsed() < TOLD_EVERY) {
            return Ok(());
        }
        let key = Key::Node(shared.node.clone());
        let now = u64::try_from(shared.clock.now_ms()).unwrap_or(0);
        let presence = Presence {
            run: shared.run,
            since_ms: *self.since_ms.get_or_insert(now),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let sent = local_ms();
        shared.heard(shared.bucket.put(&key, presence.encode()))?;
        let answered = local_ms();
        let meta = shared.heard(shared.bucket.head(&key))?;
        shared.clock.observe(meta.modified_ms, sent, answered);
        self.told_at = Some(Instant::now());
        Ok(())
    }
}

/// The names of the other nodes that are there.
pub(super) fn others(shared: &Shared) -> Result<Vec<crate::key::Name>, Fault> {
    let mut cursor = crate::bucket::Cursor::folder(Key::nodes());
    let mut others = Vec::new();
    loop {
        let page = shared.heard(shared.bucket.list(&cursor))?;
        for listed in page.objects {
            let age = shared.clock.now_ms() - i64::try_from(listed.modified_ms).unwrap_or(0);
            match listed.key {
                Some(Key::Node(node)) if node != shared.node && age < GONE_AFTER_MS => {
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
