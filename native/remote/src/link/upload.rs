//! What is here and not in the bucket is put there.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use bytes::Bytes;
use replay_store::{Entry, Object};

use super::random_tag;
use super::shared::Shared;
use crate::key::{Key, Name};

/// Uploads at once.
const AT_ONCE: usize = 16;

/// Files that are being uploaded have no more together, but for a single one.
const MAX_BYTES: u64 = 64 << 20;

/// Files that are chosen at a time.
const BATCH: usize = 256;

/// So many uploads are worth a batch of rows: with fewer, others read the recordings themselves, so
/// that there is at most a tenth of a request more for each.
const MIN_ROWS: usize = 16;

/// No batch has more.
const MAX_ROWS: usize = 10_000;

/// How long nothing is looked for if nobody says that there is something.
const MAX_SLEEP: Duration = Duration::from_secs(5);

/// A file that can't be read is tried again after so long.
const UNREAD_PAUSE: Duration = Duration::from_secs(10);

/// Uploads until it is stopped.
pub(super) fn run(shared: &Shared) {
    let mut uploader = Uploader {
        shared,
        announced: Cell::new(Instant::now()),
        unread_until: None,
    };
    while !shared.is_stopping() {
        uploader.turn();
        let due = match shared.tier.pending_len() {
            0 => uploader.until_rows(),
            _ => Some(Duration::ZERO),
        };
        let pause = due.map_or(MAX_SLEEP, |due| {
            // What keeps it from being done ends by itself, or is told.
            let pause = due.max(shared.away.pause());
            pause.clamp(Duration::from_millis(5), MAX_SLEEP)
        });
        shared.to_upload.wait(pause);
    }
}

struct Uploader<'s> {
    shared: &'s Shared,
    /// When rows were put there last.
    announced: Cell<Instant>,
    /// Until when files that can't be read are left alone.
    unread_until: Option<Instant>,
}

/// A batch of rows that is put there: of the first of what is in none yet.
struct Rows {
    key: Key,
    count: usize,
}

impl Uploader<'_> {
    fn turn(&mut self) {
        let shared = self.shared;
        // What is there already need not be uploaded. And after an outage it is heard first what was
        // deleted meanwhile.
        let may_begin = shared.is_listed.load(Relaxed) && shared.away.status().is_none();
        if !may_begin || !shared.has_right() {
            return;
        }
        if self
            .unread_until
            .is_none_or(|until| until <= Instant::now())
        {
            self.upload();
        }
        self.announce();
    }

    fn upload(&mut self) {
        let shared = self.shared;
        let under_way: RefCell<HashMap<Key, Arc<Entry>>> = RefCell::default();
        let rows: RefCell<Option<Rows>> = RefCell::default();
        let mut queue: VecDeque<Arc<Entry>> = VecDeque::new();
        let (failed, unread, sending) = (Cell::new(false), Cell::new(false), Cell::new(0));
        let next = || {
            loop {
                if failed.get() || shared.is_stopping() {
                    return None;
                }
                // Also while there is more to upload, for others not to read all of it.
                if rows.borrow().is_none()
                    && let Some((next, bytes)) = self.next_rows()
                {
                    let key = next.key.clone();
                    *rows.borrow_mut() = Some(next);
                    return Some((key, bytes));
                }
                let entry = match queue.pop_front() {
                    Some(entry) => entry,
                    None => {
                        let under_way = under_way.borrow();
                        let chosen = shared.tier.pending(BATCH + under_way.len());
                        let is_new = |entry: &Arc<Entry>| {
                            !under_way.values().any(|known| Arc::ptr_eq(known, entry))
                        };
                        queue.extend(chosen.into_iter().filter(is_new));
                        queue.pop_front()?
                    }
                };
                let len = entry.stamp.len;
                if sending.get() > 0 && sending.get() + len > MAX_BYTES {
                    // It is the first of the next turn.
                    return None;
                }
                let bytes = match shared.tier.bytes_of(&entry) {
                    Ok(Some(bytes)) => Bytes::from(bytes),
                    // It has changed, or is gone, which is looked at before it is tried again.
                    Ok(None) if shared.tier.refresh().is_ok() => continue,
                    Ok(None) | Err(_) => {
                        unread.set(true);
                        continue;
                    }
                };
                let name = Name::new(entry.file());
                let key = name.and_then(|name| Key::recording(shared.clock.next(), name));
                let Some(key) = key else {
                    unread.set(true);
                    continue;
                };
                sending.set(sending.get() + len);
                under_way.borrow_mut().insert(key.clone(), entry);
                return Some((key, bytes));
            }
        };
        let mut next = next;
        let source = std::iter::from_fn(&mut next);
        shared.bucket.put_many(source, AT_ONCE, |key, result| {
            let entry = under_way.borrow_mut().remove(&key);
            let announced = rows.borrow_mut().take_if(|rows| rows.key == key);
            sending.set(sending.get() - entry.as_ref().map_or(0, |entry| entry.stamp.len));
            let put = shared.heard(result).is_ok();
            failed.set(failed.get() || !put);
            if let (true, Some(entry), Some(time)) = (put, entry, key.time()) {
                self.is_there(&entry, time.ms());
            }
            if let (true, Some(rows)) = (put, announced) {
                self.are_there(&rows);
            }
        });
        self.unread_until = unread.get().then(|| Instant::now() + UNREAD_PAUSE);
    }

    fn is_there(&self, entry: &Entry, put_at: u64) {
        let shared = self.shared;
        let put_at = i64::try_from(put_at).unwrap_or(i64::MAX);
        if shared.tier.uploaded(entry, put_at) {
            shared.uploaded.fetch_add(1, Relaxed);
            shared.unannounced.lock().push(Object {
                put_at,
                file: entry.file().into(),
            });
        }
    }

    /// Puts rows of what was uploaded there, for others to read in place of the recordings.
    fn announce(&self) {
        let shared = self.shared;
        if let Some((rows, bytes)) = self.next_rows()
            && shared.heard(shared.bucket.put(&rows.key, bytes)).is_ok()
        {
            self.are_there(&rows);
        }
    }

    /// The rows that are to be put there, if it is time for that.
    fn next_rows(&self) -> Option<(Rows, Bytes)> {
        self.until_rows().filter(Duration::is_zero)?;
        self.announced.set(Instant::now());
        let mut objects = self.shared.unannounced.lock().clone();
        objects.truncate(MAX_ROWS);
        let (key, bytes) = rows_of(self.shared, &objects);
        let count = objects.len();
        Some((Rows { key, count }, bytes))
    }

    fn are_there(&self, rows: &Rows) {
        // What was uploaded meanwhile is behind them.
        self.shared.unannounced.lock().drain(..rows.count);
    }

    /// How long until it is time, if there is enough for it.
    fn until_rows(&self) -> Option<Duration> {
        if self.shared.unannounced.lock().len() < MIN_ROWS {
            return None;
        }
        let every = self.shared.settings.poll / 2;
        Some(every.saturating_sub(self.announced.get().elapsed()))
    }
}

/// Puts what is known of these objects there. Returns whether it is.
pub(super) fn put_rows(shared: &Shared, objects: &[Object]) -> bool {
    let (key, rows) = rows_of(shared, objects);
    shared.heard(shared.bucket.put(&key, rows)).is_ok()
}

fn rows_of(shared: &Shared, objects: &[Object]) -> (Key, Bytes) {
    let key = Key::Rows {
        time: shared.clock.next(),
        tag: random_tag(),
    };
    (key, Bytes::from(shared.tier.rows(objects)))
}
