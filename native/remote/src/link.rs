//! A store and a bucket, kept in step.

mod away;
mod batches;
mod carry;
mod clock;
mod confirm;
mod confirming;
mod copies;
mod deleted;
mod doomed;
mod erase;
mod erasures;
mod graves;
mod late;
mod lost;
mod names;
mod news;
mod noted;
mod parts;
mod poll;
mod presence;
mod refused;
mod retain;
mod rows;
mod running;
mod shared;
mod signal;
mod take_in;
mod undone;
mod upload;
mod uses;
mod walk;

use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use replay_store::{Erased, Error, Filter, RemoteFault, Store};

use crate::bucket::Bucket;
use crate::key::Tag;
use crate::requests::Requests;
use away::Access;
use names::{node_name, sign_of};
use shared::{Shared, as_remote};

/// How long the bucket is waited for when it is told that a node goes.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How a store and a bucket are kept in step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What this node is called, such as `app@host`; at most 200 bytes.
    pub node: String,
    /// How often the bucket is asked for what is new.
    pub poll: Duration,
    /// How many bytes of files that the bucket has too are kept; `None` for no limit.
    pub local_max_bytes: Option<u64>,
    /// How often running sessions are uploaded as they are, if at all.
    pub checkpoint: Option<Duration>,
    /// How long a caller waits for the bucket.
    pub timeout: Duration,
    /// By so much each poll begins before the last key, for uploads that take a while. One that takes
    /// half as long or longer is announced.
    pub overlap: Duration,
    /// Between two pages of the walk through the whole bucket, for what has vanished.
    pub walk: Duration,
    /// A node that has not shown itself for so long is lost: it is not waited for, and others take
    /// in what it was recording.
    pub lost_after: Duration,
    #[cfg(test)]
    skew_ms: i64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            node: String::new(),
            poll: Duration::from_secs(2),
            local_max_bytes: None,
            checkpoint: None,
            timeout: Duration::from_secs(10),
            overlap: Duration::from_secs(15),
            walk: Duration::from_secs(30),
            lost_after: Duration::from_secs(15 * 60),
            #[cfg(test)]
            skew_ms: 0,
        }
    }
}

/// How far the two are in step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Recordings that are to be uploaded.
    pub pending_uploads: usize,
    /// Deletions that are not done in the bucket.
    pub pending_deletes: usize,
    /// Recordings that the bucket has.
    pub objects: usize,
    /// Of these, those that are not here.
    pub elsewhere: usize,
    /// Objects that hold no recording that can be read.
    pub unreadable: usize,
    /// Whether all is known that was in the bucket when it was opened.
    pub is_complete: bool,
    /// Why the bucket could not be spoken to the last time, and for how long that has been so.
    pub away: Option<(RemoteFault, Duration)>,
    /// Whether it is for this node to delete what is beyond the limits.
    pub is_retaining: bool,
    /// Recordings uploaded since it was opened.
    pub uploaded: u64,
    /// What was asked since then.
    pub requests: Requests,
}

/// Which nodes have carried out an erasure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confirmed {
    /// The names of those that have, this one among them.
    pub nodes: Vec<String>,
    /// Those that have not, and are there or may come back.
    pub waiting: Vec<String>,
}

/// A store and a bucket, kept in step until this is dropped, which ends what is under way and waits
/// for no upload. Dropped before the store.
pub struct Link {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Link {
    /// Begins to keep them in step, in the background.
    ///
    /// # Errors
    ///
    /// A thread that can't be started.
    pub fn open(store: &Store, bucket: Bucket, settings: Settings) -> io::Result<Link> {
        let run = random_tag();
        let tier = store.tier();
        let directory = tier.identity().map_err(io::Error::other)?;
        let right = tier.try_lock().ok().flatten();
        let beside = right.is_none().then_some(run);
        let node = node_name(&settings.node, directory, beside);
        let node = node.ok_or(io::ErrorKind::InvalidInput)?;
        // Without it, others may think that it is gone when it is silent for long.
        let sign = sign_of(&node).and_then(|sign| tier.try_lock_as(&sign).ok().flatten());
        let shared = Arc::new(Shared {
            tier,
            bucket,
            node,
            _sign: sign,
            directory,
            settings,
            run,
            clock: Default::default(),
            graves: Default::default(),
            erasures: Default::default(),
            parts: Default::default(),
            away: Default::default(),
            right: right.into(),
            is_heir: Default::default(),
            to_upload: Default::default(),
            to_poll: Default::default(),
            polled: Default::default(),
            is_listed: Default::default(),
            is_complete: Default::default(),
            is_stopping: Default::default(),
            is_retaining: Default::default(),
            uploaded: Default::default(),
            notes: Default::default(),
            noted: Default::default(),
            undone: Default::default(),
            confirming: Default::default(),
            own_tombstones: Default::default(),
            ended: Default::default(),
            erasing: Default::default(),
            erasing_notes: Default::default(),
            announcing: Default::default(),
            late: Default::default(),
            unannounced: Default::default(),
            uses: Default::default(),
            doomed: Default::default(),
            deleting: Default::default(),
            unreadable: Default::default(),
        });
        #[cfg(test)]
        shared.clock.skew(shared.settings.skew_ms);
        let mut link = Link {
            shared,
            threads: Vec::new(),
        };
        let left = link.shared.tier.notes().map_or(0, |notes| notes.len());
        link.shared.notes.store(left, Relaxed);
        link.shared.tier.attach(as_remote(&link.shared));
        link.start("replay-poll", poll::run)?;
        link.start("replay-upload", upload::run)?;
        Ok(link)
    }

    fn start(&mut self, name: &str, work: fn(&Shared)) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let guarded = move || {
            // A fault of this program in one turn must not end all of them.
            while !shared.is_stopping() {
                let turn = std::panic::AssertUnwindSafe(|| work(&shared));
                if std::panic::catch_unwind(turn).is_err() {
                    shared.is_away(Access::Read, RemoteFault::Invalid);
                    thread::sleep(shared.away.pause(&[Access::Read]));
                }
            }
        };
        let thread = thread::Builder::new().name(name.into()).spawn(guarded)?;
        self.threads.push(thread);
        Ok(())
    }

    /// How far they are in step.
    pub fn status(&self) -> Status {
        let shared = &self.shared;
        let (objects, elsewhere) = shared.tier.objects_len();
        Status {
            pending_uploads: shared.tier.pending_len(),
            pending_deletes: shared.pending_deletes(),
            objects,
            elsewhere,
            unreadable: shared.unreadable.load(Relaxed),
            is_complete: shared.is_complete.load(Relaxed),
            away: shared.away.status(),
            is_retaining: shared.is_retaining.load(Relaxed),
            uploaded: shared.uploaded.load(Relaxed),
            requests: shared.bucket.requests(),
        }
    }

    /// Waits until all is uploaded and deleted that is to be, or `timeout` is over.
    pub fn drain(&self, timeout: Duration) -> Status {
        let deadline = Instant::now().checked_add(timeout);
        self.shared.away.hurry();
        self.shared.to_poll.give();
        self.shared.to_upload.give();
        loop {
            let status = self.status();
            let is_done = status.pending_uploads == 0 && status.pending_deletes == 0;
            let is_over = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            if is_done || is_over {
                return status;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Erases in the bucket, and on all nodes, what `erase` erases here, which is what matches the
    /// filter. Waits until the bucket is clean, and for other nodes, for at most `timeout`.
    ///
    /// # Errors
    ///
    /// Those of `erase`; [`Error::Remote`] if the bucket can't be spoken to: then what is here is
    /// erased, and what is there will be.
    pub fn erase(
        &self,
        filter: &Filter,
        timeout: Duration,
        erase: impl FnOnce() -> Result<Erased, Error>,
    ) -> Result<(Erased, Confirmed), Error> {
        let deadline = Instant::now() + timeout;
        let (note, erased) = self.shared.erasing(|| {
            let note = erase::announce(&self.shared, filter, deadline)?;
            let erased = erase().inspect_err(|_| self.shared.noted.forget(&note))?;
            Ok((note, erased))
        })?;
        let confirmed = erase::settle(&self.shared, &note, &erased, deadline)?;
        Ok((erased, confirmed))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.shared.is_stopping.store(true, Relaxed);
        self.shared.tier.detach();
        self.shared.to_poll.give();
        self.shared.to_upload.give();
        // It says that it goes, for others not to wait for it; but not at any price.
        self.shared
            .ended
            .wait_beyond(0, Instant::now() + LAST_WORDS);
        self.shared.bucket.stop();
        for thread in self.threads.drain(..) {
            // It has told of its panic.
            let _ = thread.join();
        }
        if let Some(sign) = sign_of(&self.shared.node) {
            self.shared.tier.forget_lock(&sign);
        }
    }
}

/// What the tag of rows begins with that are about uploads which took long: the listings of others
/// may be past them. Of other rows one in 65 536 is taken for such, which does no harm.
const LATE: u128 = 0xFFFF << 112;

/// A tag for rows about uploads which took long.
fn late_tag() -> Tag {
    Tag(random_tag().0 | LATE)
}

fn is_late(tag: Tag) -> bool {
    tag.0 & LATE == LATE
}

/// A number that nobody else has drawn: keys of the standard library's hash maps are random.
fn random_tag() -> Tag {
    let half = || u128::from(RandomState::new().hash_one(0_u8));
    Tag(half() << 64 | half())
}

#[cfg(test)]
mod tests;
