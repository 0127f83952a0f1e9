//! Looking at many files, in as many threads as are worth it.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::codec::Flaw;
use crate::disk::{Kind, Stamp};
use crate::index::Entry;
use crate::index::loader::{Buffers, Loader};

/// With fewer files per thread than this, starting the thread takes longer than it saves.
const MIN_JOBS_PER_THREAD: usize = 32;

/// Files that a thread takes at once.
const BATCH: usize = 8;

/// A file to look at.
#[derive(Debug)]
pub(crate) struct Job {
    pub file: Box<[u8]>,
    /// The version that is known already, and need not be read again.
    pub known: Option<Stamp>,
}

/// What was seen.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The known version.
    Known,
    /// Nothing, or nothing that could be a recording, such as a directory.
    Absent,
    Recording(Arc<Entry>),
    Damaged {
        stamp: Option<Stamp>,
        flaw: Flaw,
    },
}

/// Looks at each file. The outcomes are in the order of the jobs.
pub(crate) fn scan(loader: &Loader, jobs: &[Job], threads: usize) -> Vec<Outcome> {
    spread(jobs, threads, Buffers::default, |job, buffers| {
        look_safely(loader, job, buffers)
    })
}

/// Does `work` to each of these, in so many threads at most, each with something of its own. The
/// results are in the order of the jobs.
pub(crate) fn spread<J: Sync, S, R: Send>(
    jobs: &[J],
    threads: usize,
    own: impl Fn() -> S + Sync,
    work: impl Fn(&J, &mut S) -> R + Sync,
) -> Vec<R> {
    let threads = threads.min(jobs.len() / MIN_JOBS_PER_THREAD).max(1);
    let next = AtomicUsize::new(0);
    let mut done = thread::scope(|scope| {
        let work = || do_batches(jobs, &next, own(), &work);
        // A thread that can't be started is done without.
        let helpers: Vec<_> = (1..threads)
            .filter_map(|_| {
                let builder = thread::Builder::new().name("replay-scan".into());
                builder.spawn_scoped(scope, work).ok()
            })
            .collect();
        let mut done = work();
        for helper in helpers {
            done.extend(helper.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

fn do_batches<J, S, R>(
    jobs: &[J],
    next: &AtomicUsize,
    mut own: S,
    work: impl Fn(&J, &mut S) -> R,
) -> Vec<(usize, R)> {
    let mut done = Vec::new();
    loop {
        let start = next.fetch_add(BATCH, Ordering::Relaxed);
        let Some(rest) = jobs.get(start..) else {
            return done;
        };
        for (at, job) in (start..).zip(rest.iter().take(BATCH)) {
            done.push((at, work(job, &mut own)));
        }
    }
}

/// A fault of this program in one file must not hide the others.
fn look_safely(loader: &Loader, job: &Job, buffers: &mut Buffers) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| look(loader, job, buffers))).unwrap_or_else(|_| {
        *buffers = Buffers::default();
        let stamp = loader
            .fs
            .metadata(&loader.path(&job.file))
            .ok()
            .map(|m| m.stamp);
        Outcome::Damaged {
            stamp,
            flaw: Flaw::Panic,
        }
    })
}

fn look(loader: &Loader, job: &Job, buffers: &mut Buffers) -> Outcome {
    if let Some(known) = job.known
        && let Ok(found) = loader.fs.metadata(&loader.path(&job.file))
        && (found.kind, found.stamp) == (Kind::File, known)
    {
        return Outcome::Known;
    }
    match loader.read(&job.file, buffers) {
        Ok(stamp) => match loader.unpack_entry(&job.file, stamp, buffers) {
            Ok((entry, _)) => Outcome::Recording(Arc::new(entry)),
            Err(flaw) => Outcome::Damaged {
                stamp: Some(stamp),
                flaw,
            },
        },
        Err(error) => match flaw_of_read(&error) {
            Some(flaw) => Outcome::Damaged { stamp: None, flaw },
            None => Outcome::Absent,
        },
    }
}

/// What a failure to read says about the file; `None` that it is not there, or not a file.
pub(crate) fn flaw_of_read(error: &io::Error) -> Option<Flaw> {
    match error.kind() {
        io::ErrorKind::NotFound => None,
        // Ours, and not a refusal of the system's that may pass.
        io::ErrorKind::InvalidInput if error.raw_os_error().is_none() => None,
        io::ErrorKind::FileTooLarge => Some(Flaw::TooLarge),
        kind => Some(Flaw::Unreadable(kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_no_file_is_absent() {
        let of_system = |errno| flaw_of_read(&io::Error::from_raw_os_error(errno));
        assert_eq!(of_system(libc::ENOENT), None);
        assert_eq!(flaw_of_read(&io::ErrorKind::InvalidInput.into()), None);
        for errno in [libc::EINVAL, libc::EMFILE, libc::EIO, libc::ESTALE] {
            assert!(matches!(of_system(errno), Some(Flaw::Unreadable(_))));
        }
    }
}
