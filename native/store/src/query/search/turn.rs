use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::candidate::{Candidate, Seen};
use super::{Search, SearchProgress};
use crate::codec::Flaw;
use crate::directory::Files;
use crate::query::Filter;

/// A turn ends with the recordings during which so much time is over.
const MAX_TURN: Duration = Duration::from_millis(50);

/// More threads are not started: each may need as much memory as a recording takes.
const MAX_THREADS: usize = 4;

/// With fewer recordings per thread than this, starting the thread takes longer than it saves.
const MIN_PER_THREAD: usize = 8;

/// What came of the candidates that a thread has looked at, by their place.
type SeenAt = Vec<(usize, Seen)>;

impl Search {
    /// See [`Store::search_on`](crate::Store::search_on).
    pub(crate) fn turn(&mut self, files: &Files) -> SearchProgress {
        let rest = self.candidates.get(self.checked..).unwrap_or_default();
        let threads = files.options.threads.min(MAX_THREADS);
        let (seen, count) = look_at(rest, files, &self.filter, threads);
        for Seen {
            found,
            idle,
            unread,
        } in seen
        {
            self.found.extend(found);
            self.idle.extend(idle);
            self.unread.extend(unread);
        }
        self.checked += count;
        if self.is_done() {
            self.candidates = Vec::new();
        }
        self.progress()
    }
}

/// Looks at the first of the candidates for as long as a turn takes, and returns at how many.
fn look_at(
    candidates: &[Candidate],
    files: &Files,
    filter: &Filter,
    threads: usize,
) -> (Vec<Seen>, usize) {
    let threads = threads.min(candidates.len() / MIN_PER_THREAD).max(1);
    let next = AtomicUsize::new(0);
    let end = Instant::now() + MAX_TURN;
    let work = || {
        let mut seen = SeenAt::new();
        loop {
            // What is taken is looked at: so all before the next are.
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(candidate) = candidates.get(at) else {
                return seen;
            };
            seen.push((at, look_safely(candidate, files, filter)));
            if Instant::now() >= end {
                return seen;
            }
        }
    };
    let seen = thread::scope(|scope| {
        // A thread that can't be started is done without.
        let helpers: Vec<_> = (1..threads)
            .filter_map(|_| {
                let builder = thread::Builder::new().name("replay-search".into());
                builder.spawn_scoped(scope, work).ok()
            })
            .collect();
        let mut seen = work();
        for helper in helpers {
            seen.extend(helper.join().unwrap_or_default());
        }
        seen
    });
    let count = next.into_inner().min(candidates.len());
    (
        complete(seen, candidates.get(..count).unwrap_or_default()),
        count,
    )
}

/// A fault of this program in one recording must not hide the others.
fn look_safely(candidate: &Candidate, files: &Files, filter: &Filter) -> Seen {
    let seen = catch_unwind(AssertUnwindSafe(|| candidate.look(files, filter)));
    seen.unwrap_or_else(|_| failed(candidate))
}

/// Says of each that nothing came of, because its thread has failed, that it was not read.
fn complete(mut seen: SeenAt, candidates: &[Candidate]) -> Vec<Seen> {
    seen.sort_unstable_by_key(|(at, _)| *at);
    let mut seen = seen.into_iter().peekable();
    let all = candidates.iter().enumerate();
    all.map(
        |(at, candidate)| match seen.next_if(|(seen_at, _)| *seen_at == at) {
            Some((_, seen)) => seen,
            None => failed(candidate),
        },
    )
    .collect()
}

fn failed(candidate: &Candidate) -> Seen {
    Seen {
        unread: Some(candidate.unread(&Flaw::Panic)),
        ..Seen::default()
    }
}
