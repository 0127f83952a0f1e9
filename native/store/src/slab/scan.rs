//! Reading what earlier runs left behind. Nothing is changed by it: what becomes of what was read
//! is decided when all of its directory has been looked at.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;

use super::chunk::{Chunk, Kind};
use super::header::{self, Header, Mark};
use super::reopen::{Lost, Opened};
use super::segment::{self, Segment};
use super::space::Space;
use crate::disk::owned::Directory;
use crate::disk::step::at;

/// The directory of an earlier run, and what is in it.
pub(super) struct Scanned {
    pub(super) directory: Arc<Directory>,
    pub(super) files: Vec<(PathBuf, Scan)>,
    /// Whether a segment was set aside in it.
    pub(super) set_aside: bool,
}

/// What a file turned out to be.
pub(super) enum Scan {
    Segment {
        slot: usize,
        segment: Arc<Segment>,
        parts: Vec<Part>,
        lost: Lost,
    },
    /// Nothing was ever written in it.
    Unfinished,
    /// It will never be read: why.
    Damaged(&'static str),
    /// It is another's to read: why.
    Foreign(&'static str),
    /// It could not be read.
    Failed(io::Error),
}

/// A chunk that was found, and how far it can be read.
pub(super) struct Part {
    pub(super) header: Header,
    pub(super) chunk: Chunk,
    /// Where its frames end.
    pub(super) end: usize,
    /// Whether another chunk can follow: this one was filled, and all of it is there.
    pub(super) filled: bool,
    /// Whether it begins with a recording's first frame.
    pub(super) has_head: bool,
    /// Whether it belongs to no recording any more.
    pub(super) released: bool,
}

/// Reads the segments in the directories, several at once.
pub(super) fn read(
    space: &Arc<Space>,
    directories: Vec<Arc<Directory>>,
) -> Vec<io::Result<Scanned>> {
    let mut scanned: Vec<io::Result<Scanned>> = Vec::new();
    let mut paths = Vec::new();
    for (number, directory) in directories.into_iter().enumerate() {
        let listed = segment::list(&*space.commons.fs, directory.path());
        let listed = listed.map_err(at("list", directory.path()));
        scanned.push(listed.map(|(files, set_aside)| {
            paths.extend(
                files
                    .into_iter()
                    .map(|path| (number, Arc::clone(&directory), path)),
            );
            Scanned {
                directory,
                files: Vec::new(),
                set_aside,
            }
        }));
    }
    let threads = space.settings.threads.min(paths.len());
    let paths = Mutex::new(paths.into_iter());
    let results = Mutex::new(scanned);
    let work = || {
        loop {
            let Some((number, directory, path)) = paths.lock().next() else {
                break;
            };
            let scan = read_file(space, &directory, &path).unwrap_or_else(Scan::Failed);
            if let Some(Ok(scanned)) = results.lock().get_mut(number) {
                scanned.files.push((path, scan));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    results.into_inner()
}

fn read_file(space: &Arc<Space>, directory: &Arc<Directory>, path: &Path) -> io::Result<Scan> {
    let (segment, lost) = match Segment::open(&space.commons.fs, path, directory)? {
        Opened::Segment(segment, lost) => (segment, lost),
        Opened::Unfinished => return Ok(Scan::Unfinished),
        Opened::Damaged(reason) => return Ok(Scan::Damaged(reason)),
        Opened::Foreign(reason) => return Ok(Scan::Foreign(reason)),
    };
    let (slot, segment) = space.add_closing(segment);
    match catch_unwind(AssertUnwindSafe(|| read_segment(space, slot, &segment))) {
        Ok(parts) => Ok(Scan::Segment {
            slot,
            segment,
            parts,
            lost,
        }),
        // Its slot stays in use, so that nobody deletes it.
        Err(_) => Ok(Scan::Foreign("reading it panicked")),
    }
}

fn read_segment(space: &Arc<Space>, slot: usize, segment: &Arc<Segment>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut unit = 0;
    while unit < segment.units() {
        match Chunk::open(space, segment, slot, unit) {
            Some((header, chunk)) => {
                unit += chunk.units();
                parts.push(Part::read(header, chunk));
            }
            None => unit += 1 << segment.least(),
        }
    }
    parts
}

impl Part {
    fn read(header: Header, chunk: Chunk) -> Part {
        let released = chunk.has_mark(Mark::Released);
        let mut at = header::LEN;
        let mut has_head = false;
        let mut goes_on = false;
        while let (false, Some(frame)) = (released, chunk.sound_frame(at)) {
            if frame.kind == Kind::Part {
                goes_on = true;
                break;
            }
            has_head |= at == header::LEN && frame.kind == Kind::Head;
            at = frame.next;
        }
        let filled = goes_on || (at == chunk.end() && !chunk.is_cut());
        Part {
            header,
            end: at,
            filled,
            has_head,
            released,
            chunk,
        }
    }

    /// Whether something was committed to it, and nothing can follow it.
    fn is_last(&self) -> bool {
        !self.filled && !self.chunk.is_cut() && self.end > header::LEN
    }
}

/// Splits the chunks of one recording, in order, into those that follow each other without a gap
/// from its beginning on, and the others.
pub(super) fn split(mut parts: Vec<Part>) -> (Vec<Part>, Vec<Part>) {
    let (mut joined, mut rest) = (Vec::new(), Vec::new());
    parts.sort_unstable_by_key(|part| part.header.index);
    let mut goes_on = parts.first().is_some_and(|part| part.has_head);
    for part in parts {
        if goes_on && part.header.index as usize == joined.len() {
            goes_on = part.filled;
            joined.push(part);
        } else {
            rest.push(part);
        }
    }
    (joined, rest)
}

/// Whether nothing of a recording can be missing, wherever else something is: [`split`] found a
/// part that is the last one.
pub(super) fn is_whole(joined: &[Part], rest: &[Part]) -> bool {
    rest.is_empty() && joined.last().is_some_and(Part::is_last)
}
