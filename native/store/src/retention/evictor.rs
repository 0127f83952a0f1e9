//! Deletes what is beyond the [limits](crate::retention::Retention).

use std::collections::HashSet;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::alarm::Awake;
use super::pace::Pace;
use super::{Limit, Removed, Retention};
use crate::crew::{self, Chore, Next};
use crate::directory::Files;
use crate::disk::clock::now_ms;
use crate::index::{Entry, Index};
use crate::notice::Notice;

/// Recordings that are deleted in one turn: a save that wants its own waits for a millisecond.
const BATCH: usize = 32;

/// The longest sleep. After it the directory is looked at, so that what other nodes save counts
/// even if nobody asks for a list; and the wall clock may have been set meanwhile.
const MAX_SLEEP: Duration = Duration::from_secs(60);

/// The longest pause between batches: it may have become urgent meanwhile.
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// Before what could not be deleted is tried again for the first time. Doubled each time.
const FIRST_DELAY: Duration = Duration::from_millis(100);

/// While another node deletes what is beyond the limits in the bucket.
const WHILE_OTHERS_DO: Duration = Duration::from_secs(10);

const MAX_DELAY: Duration = Duration::from_secs(30);

/// Deletes recordings until it is dropped.
pub(crate) struct Evictor {
    files: Arc<Files>,
    eviction: Arc<Eviction>,
}

/// Whether a recording with this id is running or waits to be saved.
pub(crate) type InFlight = dyn Fn(&[u8]) -> bool + Send;

impl Evictor {
    pub(crate) fn start(files: &Arc<Files>, in_flight: Box<InFlight>) -> io::Result<Self> {
        let worker = Worker {
            files: Arc::clone(files),
            in_flight,
            passed_over: HashSet::new(),
            delay: FIRST_DELAY,
            pace: Pace::default(),
            last: Batch::Deleted,
        };
        crew::enlist()?;
        let eviction = Arc::new(Eviction(Mutex::new(Some(worker))));
        let chore: Weak<Eviction> = Arc::downgrade(&eviction);
        files.alarm.set(chore);
        Ok(Evictor {
            files: Arc::clone(files),
            eviction,
        })
    }
}

impl Drop for Evictor {
    fn drop(&mut self) {
        self.files.alarm.close();
        // Waits for a batch that is under way.
        *self.eviction.0.lock() = None;
    }
}

struct Eviction(Mutex<Option<Worker>>);

impl Chore for Eviction {
    fn run(self: Arc<Self>, _scratch: &mut Vec<u8>) -> Next {
        match &mut *self.0.lock() {
            Some(worker) => worker.work(),
            None => Next::Done,
        }
    }
}

struct Worker {
    files: Arc<Files>,
    in_flight: Box<InFlight>,
    /// Files that could not be deleted since it was last tried with all.
    passed_over: HashSet<Box<[u8]>>,
    delay: Duration,
    pace: Pace,
    /// What the batch before came to.
    last: Batch,
}

#[derive(Clone, Copy)]
enum Batch {
    /// There may be more to delete.
    Deleted,
    /// There is more to delete, which is not urgent, after a while.
    Later(Duration),
    /// All is deleted that had to be, until another one is too old.
    Done(Duration),
    /// What is left could not be deleted now.
    Stuck,
}

impl Worker {
    fn work(&mut self) -> Next {
        let files = Arc::clone(&self.files);
        let alarm = &files.alarm;
        match (alarm.wake(), self.last) {
            (None, _) => return Next::Done,
            (Some(Awake::TimeOut), Batch::Done(_) | Batch::Stuck) => {
                self.passed_over.clear();
                // If it fails, whoever asks for a list is told.
                let _ = files.refresh();
            }
            _ => {}
        }
        let start = Instant::now();
        let batch = catch_unwind(AssertUnwindSafe(|| self.batch())).unwrap_or(Batch::Stuck);
        self.last = batch;
        let next = match batch {
            // Half of the time is for others.
            Batch::Deleted => alarm.pause(start.elapsed()),
            Batch::Later(after) => alarm.pause(after.min(MAX_PAUSE)),
            Batch::Done(until_due) => {
                files.write_journal();
                alarm.sleep(until_due.min(MAX_SLEEP))
            }
            Batch::Stuck => alarm.pause(self.delay),
        };
        self.delay = match batch {
            Batch::Stuck => (self.delay * 2).min(MAX_DELAY),
            _ => FIRST_DELAY,
        };
        next
    }

    fn batch(&mut self) -> Batch {
        // Nobody saves or deletes between the choice and the deletion.
        let files = Arc::clone(&self.files);
        let commit = files.commit();
        let victims = match self.choose() {
            Ok(victims) => victims,
            Err(batch) => return batch,
        };
        let ids: Vec<_> = victims.iter().map(|(it, _)| it.id().into()).collect();
        let Ok(_deletion) = files.delete_there(&ids) else {
            return Batch::Stuck;
        };
        let mut removed = [Limit::MaxRecordings, Limit::MaxAge, Limit::MaxBytes]
            .map(|limit| (limit, Removed::default()));
        let mut deleted = 0;
        for (entry, limit) in victims {
            let existed = commit.remove_recording(entry.id()).unwrap_or(false);
            if self.files.entry(entry.id()).is_some() {
                self.passed_over.insert(entry.file().into());
                continue;
            }
            deleted += 1;
            // Unless another node was faster.
            for (_, removed) in removed.iter_mut().filter(|(it, _)| existed && *it == limit) {
                removed.count += 1;
                removed.bytes += entry.stamp.len;
            }
        }
        drop(commit);
        for (limit, removed) in removed {
            if removed.count > 0 {
                self.files.observer.tell(Notice::Evicted { removed, limit });
            }
        }
        if deleted == 0 {
            return Batch::Stuck;
        }
        self.pace.deleted(deleted, Instant::now());
        Batch::Deleted
    }

    /// The recordings to delete next, or that there is nothing to do now.
    fn choose(&mut self) -> Result<Vec<(Arc<Entry>, Limit)>, Batch> {
        if self.files.remote().is_some_and(|it| !it.is_retaining()) {
            return Err(Batch::Done(WHILE_OTHERS_DO));
        }
        let (retention, now_ms) = (&self.files.options.retention, now_ms());
        let index = self.files.index.read();
        let mut excess = beyond(retention, &index, now_ms).peekable();
        if excess.peek().is_none() {
            let oldest = index.newest_first().next_back();
            return Err(Batch::Done(
                self.watch(oldest.map(|it| it.connected_at), now_ms),
            ));
        }
        // While there are few too many, saves come first.
        let is_urgent = beyond(&retention.relaxed(), &index, now_ms)
            .next()
            .is_some();
        if !is_urgent && let Some(after) = self.pace.wait(Instant::now()) {
            return Err(Batch::Later(after));
        }
        let can_go = |entry: &Entry| {
            !self.passed_over.contains(entry.file()) && !(self.in_flight)(entry.id())
        };
        let victims = excess.filter(|(entry, _)| can_go(entry)).take(BATCH);
        let victims: Vec<_> = victims.map(|(it, limit)| (Arc::clone(it), limit)).collect();
        if victims.is_empty() {
            Err(Batch::Stuck)
        } else {
            Ok(victims)
        }
    }

    /// Has the alarm ring for what comes from now on. Returns how long until the oldest of what
    /// is there is too old.
    fn watch(&self, oldest_at: Option<i64>, now_ms: i64) -> Duration {
        let retention = &self.files.options.retention;
        self.files
            .alarm
            .reset(match (retention.max_age_ms, oldest_at) {
                // None gets too old.
                (None, _) => i64::MIN,
                (Some(_), oldest_at) => oldest_at.unwrap_or(i64::MAX),
            });
        oldest_at
            .and_then(|oldest_at| retention.time_left(oldest_at, now_ms))
            .unwrap_or(Duration::MAX)
    }
}

/// The recordings beyond the limits, oldest first.
fn beyond<'i>(
    retention: &Retention,
    index: &'i Index,
    now_ms: i64,
) -> impl Iterator<Item = (&'i Arc<Entry>, Limit)> {
    let (mut count, mut bytes) = (index.len(), index.bytes());
    index.newest_first().rev().map_while(move |entry| {
        let limit = retention.exceeded(count, bytes, entry.connected_at, now_ms)?;
        count = count.saturating_sub(1);
        let files = index.claims(entry.id());
        bytes = bytes.saturating_sub(files.map(|file| file.stamp.len).sum());
        Some((entry, limit))
    })
}
