//! What is here and not in the bucket is put there.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use bytes::Bytes;
use replay_store::{Entry, Object, Put};

use super::away::{Access, remote_fault};
use super::batches::{MAX_ROWS, put_rows};
use super::refused::Refused;
use super::shared::{Shared, key_of};
use super::{late_tag, random_tag};
use crate::key::{Key, Time};

/// Uploads at once.
const AT_ONCE: usize = 16;

/// Files that are being uploaded have no more together, but for a single one.
const MAX_BYTES: u64 = 64 << 20;

/// Files that are chosen at a time.
const BATCH: usize = 256;

/// So many uploads are worth a batch of rows: with fewer, others read the recordings themselves, so
/// that there is at most a tenth of a request more for each.
const MIN_ROWS: usize = 16;

/// How long nothing is looked for if nobody says that there is something.
const MAX_SLEEP: Duration = Duration::from_secs(5);

/// A file that can't be read is tried again after so long.
const UNREAD_PAUSE: Duration = Duration::from_secs(10);

/// When all that is left was refused, it is not looked through more often: there may be many, and
/// the pause of each ends at a time of its own.
const REFUSED_PAUSE: Duration = Duration::from_secs(1);

/// Uploads until it is stopped.
pub(super) fn run(shared: &Shared) {
    let mut uploader = Uploader {
        shared,
        late: RefCell::default(),
        announced: Instant::now(),
        unread_until: None,
        refused: RefCell::default(),
        idle_until: None,
    };
    while !shared.is_stopping() {
        uploader.turn();
        let due = match shared.tier.pending_len() {
            0 => uploader.until_rows(),
            // It is told when it may be uploaded, or can be read.
            _ if !uploader.may_upload() => None,
            _ => Some(uploader.until_refused()),
        };
        let pause = due.map_or(MAX_SLEEP, |due| {
            // What keeps it from being done ends by itself, or is told.
            let pause = due.max(shared.away.pause(&[Access::Read, Access::Put]));
            pause.clamp(Duration::from_millis(5), MAX_SLEEP)
        });
        shared.to_upload.wait(pause);
    }
}

struct Uploader<'s> {
    shared: &'s Shared,
    /// Uploads that took long, and that others may have missed.
    late: RefCell<Vec<Object>>,
    /// When rows were put there last.
    announced: Instant,
    /// Until when files that can't be read are left alone.
    unread_until: Option<Instant>,
    refused: RefCell<Refused>,
    /// All there is to be done was refused: until when it is left alone.
    idle_until: Option<Instant>,
}

impl Uploader<'_> {
    fn turn(&mut self) {
        let shared = self.shared;
        // First it is heard what was deleted meanwhile.
        if shared.away.refuses(&[Access::Read]).is_some()
            || !shared.away.pause(&[Access::Put]).is_zero()
        {
            return;
        }
        if self.may_upload() {
            self.upload();
        }
        if shared.has_right() {
            self.announce();
        }
    }

    /// What is there already need not be uploaded.
    fn may_upload(&self) -> bool {
        let is_read = self
            .unread_until
            .is_none_or(|until| until <= Instant::now());
        let shared = self.shared;
        is_read
            && shared.is_listed.load(Relaxed)
            && shared.is_heir.load(Relaxed)
            && shared.has_right()
    }

    fn upload(&mut self) {
        let shared = self.shared;
        let under_way: RefCell<HashMap<Key, Arc<Entry>>> = RefCell::default();
        let mut queue: VecDeque<Arc<Entry>> = VecDeque::new();
        // The last that was chosen. What comes before it now is for the next turn.
        let mut chosen: Option<Arc<Entry>> = None;
        // What is left to a later turn.
        let mut passed: HashSet<Box<[u8]>> = HashSet::new();
        let (failed, unread, sending) = (Cell::new(false), Cell::new(false), Cell::new(0));
        // How many are left alone for being refused, and for how long at least.
        let (left_alone, until_refused) = (Cell::new(0), Cell::new(Duration::MAX));
        let next = || {
            loop {
                if failed.get() || shared.is_stopping() {
                    return None;
                }
                // Rows come first, for others not to read all that is uploaded. The rest is for
                // the next turn.
                if self.until_rows() == Some(Duration::ZERO) {
                    return None;
                }
                let entry = match queue.pop_front() {
                    Some(entry) => entry,
                    None => {
                        queue.extend(shared.tier.pending(chosen.as_deref(), BATCH));
                        chosen = Some(Arc::clone(queue.back()?));
                        queue.pop_front()?
                    }
                };
                // It is another version by now.
                if passed.contains(entry.file()) {
                    continue;
                }
                if let Some(pause) = self.refused.borrow().pause(&entry) {
                    left_alone.set(left_alone.get() + 1);
                    until_refused.set(until_refused.get().min(pause));
                    continue;
                }
                if let Some(pause) = shared.undone.holds(&entry) {
                    left_alone.set(left_alone.get() + 1);
                    until_refused.set(until_refused.get().min(pause));
                    passed.insert(entry.file().into());
                    continue;
                }
                if shared.tier.too_young(&entry) > Duration::ZERO {
                    // So are all that follow.
                    return None;
                }
                let len = entry.stamp.len;
                if sending.get() > 0 && sending.get() + len > MAX_BYTES {
                    // It is the first of the next turn.
                    return None;
                }
                // Its time comes first: a deletion that begins later has a later one.
                let time = shared.clock.next();
                let bytes = match shared.tier.bytes_of(&entry) {
                    Ok(Some(bytes)) => Bytes::from(bytes),
                    // It has changed, or is gone, and what it is now is for a later turn.
                    Ok(None) if shared.tier.look_again(&entry).is_ok() => {
                        passed.insert(entry.file().into());
                        continue;
                    }
                    Ok(None) | Err(_) => {
                        unread.set(true);
                        passed.insert(entry.file().into());
                        continue;
                    }
                };
                if shared.doomed.has(entry.file()) {
                    passed.insert(entry.file().into());
                    continue;
                }
                let Some(key) = key_of(&object_for(&entry, time)) else {
                    unread.set(true);
                    passed.insert(entry.file().into());
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
            sending.set(sending.get() - entry.as_ref().map_or(0, |entry| entry.stamp.len));
            let Some((entry, time)) = entry.zip(key.time()) else {
                return;
            };
            let mut refused = self.refused.borrow_mut();
            match result {
                Err(fault) if fault.is_refusal() => {
                    refused.add(shared, &entry, remote_fault(&fault));
                }
                Err(fault) => {
                    failed.set(true);
                    drop(shared.heard_of::<()>(Access::Put, Err(fault)));
                }
                Ok(()) => {
                    refused.remove(&entry);
                    shared.is_there(Access::Put);
                    self.is_there(&entry, object_for(&entry, time));
                }
            }
        });
        self.refused.borrow_mut().forget_others(shared);
        let is_all = left_alone.get() > 0 && left_alone.get() == shared.tier.pending_len();
        self.idle_until = is_all.then(|| Instant::now() + until_refused.get().max(REFUSED_PAUSE));
        self.unread_until = unread.get().then(|| Instant::now() + UNREAD_PAUSE);
    }

    /// For how long there is nothing to do but what was refused.
    fn until_refused(&self) -> Duration {
        let until = self.idle_until;
        until.map_or(Duration::ZERO, |at| {
            at.saturating_duration_since(Instant::now())
        })
    }

    fn is_there(&self, entry: &Entry, object: Object) {
        let shared = self.shared;
        if shared.tier.uploaded(entry, object.put) {
            shared.uploaded.fetch_add(1, Relaxed);
            let took = shared.clock.now_ms().saturating_sub(object.put.at);
            if u128::from(took.unsigned_abs()) >= shared.settings.overlap.as_millis() / 2 {
                self.late.borrow_mut().push(object);
            } else {
                shared.unannounced.lock().push(object);
            }
        }
    }

    /// Puts rows of what was uploaded there, for others to read in place of the recordings.
    fn announce(&mut self) {
        let shared = self.shared;
        let late = self.late.take();
        if !late.is_empty() && !put_rows(shared, &late, late_tag()) {
            self.late.borrow_mut().extend(late);
        }
        if self.until_rows() != Some(Duration::ZERO) {
            return;
        }
        self.announced = Instant::now();
        let mut objects = std::mem::take(&mut *shared.unannounced.lock());
        let rest = objects.split_off(objects.len().min(MAX_ROWS));
        shared.unannounced.lock().extend(rest);
        if !put_rows(shared, &objects, random_tag()) {
            shared.unannounced.lock().extend(objects);
        }
    }

    /// How long until rows are to be put there, if there is enough for it.
    fn until_rows(&self) -> Option<Duration> {
        if self.shared.unannounced.lock().len() < MIN_ROWS {
            return None;
        }
        let every = self.shared.settings.poll / 2;
        Some(every.saturating_sub(self.announced.elapsed()))
    }
}

/// What a file becomes when it is put there at a time.
fn object_for(entry: &Entry, time: Time) -> Object {
    let put = Put {
        at: i64::try_from(time.ms()).unwrap_or(i64::MAX),
        // A key has none from before 1970.
        saved_ns: entry.stamp.modified_ns.max(0),
    };
    let file = entry.file().into();
    Object { put, file }
}
