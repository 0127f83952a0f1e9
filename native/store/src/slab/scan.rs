use std::collections::HashMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;

use super::chain::Chain;
use super::chunk::{Chunk, Kind};
use super::header::{self, Header, Mark};
use super::segment::{self, Opened, Segment};
use super::space::{Space, Wait};
use crate::owned::Directory;

/// A segment file that could not be read. If it is damaged it was renamed and is not looked at
/// again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SetAside {
    /// Where it was.
    pub(crate) path: PathBuf,
    /// What is wrong with it.
    pub(crate) reason: String,
}

/// What was found in the directories of earlier runs.
#[derive(Default)]
pub(crate) struct Found {
    /// The recordings, in no order. Their segments are closing: nothing is added to them.
    pub(crate) chains: Vec<Chain>,
    pub(crate) set_aside: Vec<SetAside>,
    /// Larger than any number of a recording that was seen.
    pub(super) next_serial: u64,
}

/// Number of a directory, and of a recording in it.
type Owner = (usize, u64);

/// A chunk that was found, and how far it can be read.
struct Part {
    header: Header,
    chunk: Chunk,
    /// Where its frames end.
    end: usize,
    /// Whether another chunk can follow: this one was filled, and all of it is there.
    filled: bool,
    /// Whether it begins with a recording's first frame.
    has_head: bool,
}

#[derive(Default)]
struct Parts {
    by_owner: HashMap<Owner, Vec<Part>>,
    set_aside: Vec<SetAside>,
}

/// Reads the segments in the directories of earlier runs, several at once.
pub(super) fn read(space: &Arc<Space>, directories: &[Arc<Directory>]) -> io::Result<Found> {
    let mut files = Vec::new();
    for (number, directory) in directories.iter().enumerate() {
        let segments = segment::list(directory.path())?;
        files.extend(
            segments
                .into_iter()
                .map(|(_, path)| (number, directory, path)),
        );
    }
    let threads = space.settings.threads.min(files.len());
    let files = Mutex::new(files.into_iter());
    let parts = Mutex::new(Parts::default());
    let work = || {
        loop {
            let Some((number, directory, path)) = files.lock().next() else {
                break;
            };
            let result = read_file(space, directory, &path);
            let mut parts = parts.lock();
            match result {
                Ok(found) => {
                    for part in found {
                        let owner = (number, part.header.serial);
                        parts.by_owner.entry(owner).or_default().push(part);
                    }
                }
                Err(Refusal { reason, for_good }) => {
                    if for_good {
                        // Where renaming is impossible it is reported again at the next start.
                        let _ = segment::set_aside(&path);
                    }
                    parts.set_aside.push(SetAside { path, reason });
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    let Parts {
        by_owner,
        set_aside,
    } = parts.into_inner();
    let next_serial = by_owner
        .keys()
        .map(|(_, serial)| serial + 1)
        .max()
        .unwrap_or(0);
    let chains = by_owner.into_iter();
    let chains = chains
        .filter_map(|((_, serial), parts)| join(serial, parts))
        .collect();
    Ok(Found {
        chains,
        set_aside,
        next_serial,
    })
}

/// The chunks of one file, or why it can't be read.
fn read_file(
    space: &Arc<Space>,
    directory: &Arc<Directory>,
    path: &Path,
) -> Result<Vec<Part>, Refusal> {
    match Segment::open(path, directory) {
        Ok(Opened::Segment(segment)) => {
            let slot = space.add_closing(segment);
            let read = catch_unwind(AssertUnwindSafe(|| read_segment(space, slot)));
            space.settle(slot);
            read.map_err(|_| Refusal::for_good("reading it panicked"))
        }
        Ok(Opened::Unfinished) => {
            segment::remove_unfinished(path);
            Ok(Vec::new())
        }
        Ok(Opened::Unreadable(reason)) => Err(Refusal::for_good(reason)),
        // A lack of file descriptors, of memory: the file may be as good as any.
        Err(error) => Err(Refusal {
            reason: format!("{error}; it stays for the next start"),
            for_good: false,
        }),
    }
}

/// Why a file is not read.
struct Refusal {
    reason: String,
    /// Whether it is the file's fault.
    for_good: bool,
}

impl Refusal {
    fn for_good(reason: &str) -> Self {
        Refusal {
            reason: reason.to_owned(),
            for_good: true,
        }
    }
}

fn read_segment(space: &Arc<Space>, slot: usize) -> Vec<Part> {
    let mut parts = Vec::new();
    let Some(segment) = space.segment(slot) else {
        return parts;
    };
    let mut page = 0;
    while page < segment.pages() {
        match Chunk::open(space, &segment, slot, page) {
            Some((header, chunk)) => {
                page += chunk.pages();
                if chunk.has_mark(Mark::Released) {
                    chunk.retire(Wait::Yes);
                } else {
                    parts.push(Part::read(header, chunk));
                }
            }
            None => page += 1,
        }
    }
    parts
}

impl Part {
    fn read(header: Header, chunk: Chunk) -> Part {
        let mut at = header::LEN;
        let mut has_head = false;
        let mut goes_on = false;
        while let Some(frame) = chunk.sound_frame(at) {
            if frame.kind == Kind::Part {
                goes_on = true;
                break;
            }
            has_head |= at == header::LEN && frame.kind == Kind::Head;
            at = frame.next;
        }
        let filled = goes_on || at == chunk.end();
        Part {
            header,
            end: at,
            filled,
            has_head,
            chunk,
        }
    }
}

/// Joins the chunks of one recording as far as they follow each other without a gap.
fn join(serial: u64, mut parts: Vec<Part>) -> Option<Chain> {
    parts.sort_unstable_by_key(|part| part.header.index);
    let mut chunks: Vec<Arc<Chunk>> = Vec::new();
    let mut end = 0;
    let mut complete = parts.first().is_some_and(|part| part.has_head);
    for part in parts {
        if complete && part.header.index as usize == chunks.len() {
            (complete, end) = (part.filled, part.end);
            chunks.push(Arc::new(part.chunk));
        } else {
            part.chunk.retire(Wait::Yes);
        }
    }
    (!chunks.is_empty()).then(|| Chain::found(serial, chunks, end))
}
