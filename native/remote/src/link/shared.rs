//! What the threads of a link share, and what the store asks of them.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use replay_store::{Notice, Object, Put, Remote, RemoteFault, Tier};

use super::Settings;
use super::away::{Access, Away, remote_fault};
use super::clock::Clock;
use super::confirming::Confirming;
use super::doomed::Doomed;
use super::erasures::Erasures;
use super::graves::Graves;
use super::late::Late;
use super::names::directory_of;
use super::noted::Noted;
use super::parts::Uploaded;
use super::signal::{Count, Signal};
use super::undone::Undone;
use super::uses::Uses;
use crate::bucket::{Bucket, Cursor, Page};
use crate::fault::{Fault, FaultKind};
use crate::gone::Gone;
use crate::key::{Key, Name, Tag, Time};

/// Ids in one note of what is to be deleted.
const MAX_IDS: usize = 10_000;

pub(super) struct Shared {
    pub tier: Tier,
    pub bucket: Bucket,
    pub settings: Settings,
    /// What this node is called in keys: its name, and which run of it.
    pub node: Name,
    /// Locked for as long as this lives, where others of its directory look.
    pub _sign: Option<File>,
    /// The number of its directory.
    pub directory: u64,
    pub run: Tag,
    pub clock: Clock,
    pub graves: Graves,
    pub erasures: Erasures,
    pub parts: Uploaded,
    pub away: Away,
    /// The right to move recordings, which one engine of a directory has.
    pub right: Mutex<Option<File>>,
    /// What earlier runs have noted is carried out here. Until then a file may be one that was being
    /// deleted, and what is uploaded of it is later than its deletion.
    pub is_heir: AtomicBool,
    /// What is to be done at once.
    pub to_upload: Signal,
    pub to_poll: Signal,
    /// Polls that went through, from the one on that learnt all there was.
    pub polled: Count,
    /// The bucket was listed as a whole.
    pub is_listed: AtomicBool,
    /// All of that is known.
    pub is_complete: AtomicBool,
    pub is_stopping: AtomicBool,
    pub is_retaining: AtomicBool,
    pub uploaded: AtomicU64,
    /// Deletions that are noted and not done.
    pub notes: AtomicUsize,
    /// What this run wrote of it.
    pub noted: Noted,
    pub undone: Undone,
    pub confirming: Confirming,
    /// The tombstones that were made of that lately.
    pub own_tombstones: Mutex<HashSet<Key>>,
    /// Grows when nothing is told any more.
    pub ended: Count,
    /// So many erasures are deleting here just now.
    pub erasing: AtomicUsize,
    /// Notes of what they have deleted: of that nothing may be left, in rows either.
    pub erasing_notes: Mutex<HashSet<Box<[u8]>>>,
    /// Held while rows are put there.
    pub announcing: Mutex<()>,
    /// What rows that were put there lately may be about, though it is erased.
    pub late: Late,
    /// Uploaded, and in no batch of rows yet.
    pub unannounced: Mutex<Vec<Object>>,
    /// When files that the bucket has too were read last, by this machine's clock.
    pub uses: Uses,
    /// What is being deleted here just now.
    pub doomed: Doomed,
    /// So many objects are being deleted that were orphans.
    pub deleting: AtomicUsize,
    /// Objects that hold no recording that can be read.
    pub unreadable: AtomicUsize,
}

impl Shared {
    /// Takes note of what came of a request to read. A fault that is about one object is given back,
    /// and so is one that was asked for by stopping.
    pub fn heard<T>(&self, result: Result<T, Fault>) -> Result<T, Fault> {
        match &result {
            Err(fault) if matches!(fault.kind(), FaultKind::NotFound | FaultKind::TooLarge) => {
                self.is_there(Access::Read);
            }
            _ => return self.heard_of(Access::Read, result),
        }
        result
    }

    /// Takes note of what came of a request that is refused for all if it is for one.
    pub fn heard_of<T>(&self, access: Access, result: Result<T, Fault>) -> Result<T, Fault> {
        match &result {
            Ok(_) => self.is_there(access),
            Err(fault) if fault.kind() == FaultKind::Stopped => {}
            Err(fault) => self.is_away(access, remote_fault(fault)),
        }
        result
    }

    /// A page of what there is.
    pub fn listed(&self, cursor: &Cursor) -> Result<Page, Fault> {
        self.heard_of(Access::Read, self.bucket.list(cursor))
    }

    pub fn is_there(&self, access: Access) {
        let Some(is_all_there) = self.away.answered(access) else {
            return;
        };
        if is_all_there {
            let pending = self.tier.pending_len();
            self.tier.tell(Notice::Remote {
                fault: None,
                pending,
            });
        }
        self.to_upload.give();
    }

    pub fn is_away(&self, access: Access, fault: RemoteFault) {
        if self.away.failed(access, fault) {
            let pending = self.tier.pending_len();
            self.tier.tell(Notice::Remote {
                fault: Some(fault),
                pending,
            });
        }
    }

    pub fn is_stopping(&self) -> bool {
        self.is_stopping.load(Relaxed)
    }

    /// Whether a node is an engine of this directory, now or before.
    pub fn is_of_this_directory(&self, node: &Name) -> bool {
        directory_of(node) == Some(self.directory)
    }

    pub fn has_right(&self) -> bool {
        self.right.lock().is_some()
    }

    /// Deletions that are not done in the bucket.
    pub fn pending_deletes(&self) -> usize {
        // Looked at twice: an orphan becomes one of these, and may become an orphan again.
        let before = self.deleting.load(Relaxed);
        let orphans = self.tier.orphans_len();
        let deleting = self.deleting.load(Relaxed).max(before);
        self.notes.load(Relaxed) + orphans + deleting
    }

    /// Whether an object of one of these stems is still to be deleted.
    pub fn is_deleting(&self, stems: &HashSet<Box<[u8]>>) -> bool {
        // Looked at twice, as there.
        let before = self.deleting.load(Relaxed);
        let is_orphaned = self.tier.has_orphans_of(stems);
        is_orphaned || before > 0 || self.deleting.load(Relaxed) > 0
    }

    /// Notes, so that it outlives a power cut, that something is to be deleted in the bucket.
    pub fn note(&self, gone: &Gone) -> io::Result<Box<[u8]>> {
        let bytes = gone.encode().ok_or(io::ErrorKind::FileTooLarge)?;
        let mut named: Box<[u8]> = Box::default();
        // Whoever finds it is to know what it is.
        let written = self.tier.write_note(&bytes, |note| {
            named = note.into();
            self.noted.add(note);
            if gone.filter.is_some() {
                self.noted.wait_for(note, gone.effective);
            }
            if self.erasing.load(Relaxed) > 0 {
                self.erasing_notes.lock().insert(note.into());
            }
        });
        self.noted.is_there(&named, written.is_ok());
        let note = written.map_err(|error| {
            self.noted.forget(&named);
            self.erasing_notes.lock().remove(&named);
            io::Error::other(error)
        })?;
        self.notes.fetch_add(1, Relaxed);
        Ok(note)
    }

    /// What was told before is not listed again by those who ask for news.
    pub fn forget_tombstones_before(&self, time: Time) {
        let mut own = self.own_tombstones.lock();
        own.retain(|key| key.time().is_some_and(|at| at >= time));
    }

    /// Does something that erases.
    pub fn erasing<T>(&self, erase: impl FnOnce() -> T) -> T {
        self.erasing.fetch_add(1, Relaxed);
        let erased = erase();
        self.erasing.fetch_sub(1, Relaxed);
        erased
    }

    /// The latest time of what a deletion of these ids is about.
    fn until(&self, ids: &[Box<[u8]>]) -> i64 {
        let known = ids.iter().filter_map(|id| self.tier.latest_put_at(id));
        known.max().unwrap_or_default()
    }

    /// As [`Remote::delete`], of what is gone here.
    pub fn note_deletion(&self, ids: &[Box<[u8]>]) -> io::Result<()> {
        for ids in ids.chunks(MAX_IDS) {
            let effective = self.clock.next_after(self.until(ids));
            let until = i64::try_from(effective.ms()).unwrap_or(i64::MAX);
            self.note(&Gone {
                effective,
                origin: self.node.clone(),
                ids: ids.iter().map(|id| id.to_vec()).collect(),
                filter: None,
            })?;
            self.graves.bury(ids.iter().map(|id| &**id), until);
        }
        self.to_poll.give();
        Ok(())
    }
}

impl Remote for Shared {
    fn get(&self, object: &Object, max_bytes: u64, into: &mut Vec<u8>) -> Result<(), RemoteFault> {
        if let Some(fault) = self.away.just_failed() {
            return Err(fault);
        }
        let key = key_of(object).ok_or(RemoteFault::NotFound)?;
        match self.heard(self.bucket.get(&key, max_bytes)) {
            Ok(bytes) => {
                into.clear();
                into.extend_from_slice(&bytes);
                self.uses.hear(&object.file);
                Ok(())
            }
            Err(fault) => Err(remote_fault(&fault)),
        }
    }

    fn used(&self, file: &[u8]) {
        self.uses.hear(file);
    }

    fn wake(&self) {
        self.to_upload.give();
    }

    fn delete(&self, ids: &[Box<[u8]>]) -> io::Result<()> {
        // Before there is a time up to which they are deleted.
        self.doomed.add(ids);
        let noted = self.note_deletion(ids);
        if noted.is_err() {
            self.doomed.remove(ids);
        }
        noted
    }

    fn deleted(&self, ids: &[Box<[u8]>]) {
        self.doomed.remove(ids);
        self.to_upload.give();
    }

    fn is_retaining(&self) -> bool {
        self.is_retaining.load(Relaxed)
    }

    fn wait_known(&self) -> Result<(), RemoteFault> {
        let deadline = Instant::now() + self.settings.timeout;
        while !self.is_complete.load(Relaxed) {
            if let Some(fault) = self.away.refuses(&[Access::Read, Access::Put]) {
                return Err(fault);
            }
            let before = self.polled.now();
            let soon = Instant::now() + Duration::from_millis(50);
            if !self.polled.wait_beyond(before, soon.min(deadline)) && Instant::now() >= deadline {
                return Err(RemoteFault::Unavailable);
            }
        }
        Ok(())
    }
}

/// Where a listing of all uploads begins, behind what else there is.
pub(super) fn first() -> Cursor {
    Cursor::after("0")
}

/// The key of an object; `None` if its file's name is no recording's.
pub(super) fn key_of(object: &Object) -> Option<Key> {
    let Put { at, saved_ns } = object.put;
    let time = Time::from_ms(u64::try_from(at).ok()?)?;
    let saved_ns = u64::try_from(saved_ns).ok()?;
    Key::recording(time, saved_ns, Name::new(object.file.clone())?)
}

/// The object that a key is about, if it is a recording's.
pub(super) fn object_of(key: &Key) -> Option<Object> {
    match key {
        Key::Recording {
            time,
            saved_ns,
            file,
        } => Some(Object {
            put: Put {
                at: i64::try_from(time.ms()).ok()?,
                saved_ns: i64::try_from(*saved_ns).ok()?,
            },
            file: file.as_bytes().into(),
        }),
        _ => None,
    }
}

/// A handle for the store.
pub(super) fn as_remote(shared: &Arc<Shared>) -> Arc<dyn Remote> {
    Arc::clone(shared) as _
}
