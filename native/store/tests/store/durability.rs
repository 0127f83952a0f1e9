//! What a recording outlives once it is saved, and what that takes.

mod relaxed;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, ThreadId};

use parking_lot::{Condvar, Mutex};
use replay_store::{Durability, Error, Format, Options, Store};

use crate::hooked::{Call, Hook, hooked_by, os_error};
use crate::support::{Dir, Recording, ids, options};

const SAVES: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// With its content synced.
    Written,
    /// Is in its place.
    Placed(String),
    SyncBegins,
    SyncEnds,
    Acknowledged(String),
}

/// Notes what saves do, and holds up the first sync of the directory until all are in their
/// place or about to be.
#[derive(Default)]
struct Saves {
    state: Mutex<State>,
    moved: Condvar,
    fails: bool,
}

#[derive(Default)]
struct State {
    /// Nothing is noted before.
    armed: bool,
    steps: Vec<Step>,
    renamed: usize,
    syncs: usize,
    /// Files that are renamed; they have been when their thread does the next thing.
    renaming: HashMap<ThreadId, String>,
}

impl Hook for Saves {
    fn call(&self, call: Call<'_>) -> std::io::Result<()> {
        let mut state = self.state.lock();
        if !state.armed {
            return Ok(());
        }
        if let Some(file) = state.renaming.remove(&thread::current().id()) {
            state.steps.push(Step::Placed(file));
        }
        match call {
            Call::WriteNew { sync: true, .. } => state.steps.push(Step::Written),
            Call::Rename(_, to) if is_recording(to) => {
                let file = to.file_name().unwrap().to_string_lossy().into_owned();
                state.renaming.insert(thread::current().id(), file);
                state.renamed += 1;
                self.moved.notify_all();
            }
            Call::SyncDir(_) => {
                state.syncs += 1;
                state.steps.push(Step::SyncBegins);
                while state.renamed < SAVES {
                    self.moved.wait(&mut state);
                }
                if self.fails && state.syncs == 1 {
                    return os_error(libc::EIO);
                }
                state.steps.push(Step::SyncEnds);
            }
            _ => {}
        }
        Ok(())
    }
}

fn is_recording(path: &Path) -> bool {
    path.to_string_lossy().ends_with(".etf.gz")
}

/// Saves recordings at the same time, and tells how it went.
fn save_all(saves: &Arc<Saves>) -> (Vec<Result<(), Error>>, Vec<Step>) {
    let dir = Dir::new();
    let options = Options {
        durability: Durability::Synced,
        ..options()
    };
    let store = Store::open_on(hooked_by(saves), &dir.path(), options).unwrap();
    // From then on it has all its directories.
    store.save(&Recording::new("x").etf(), Format::Etf).unwrap();
    saves.state.lock().armed = true;
    let results = thread::scope(|scope| {
        let store = &store;
        let threads = [0; SAVES].iter().zip(0..).map(|(_, n)| {
            scope.spawn(move || {
                let id = format!("{n}");
                let result = store.save(&Recording::new(&id).etf(), Format::Etf);
                if result.is_ok() {
                    let mut state = saves.state.lock();
                    (state.steps).push(Step::Acknowledged(format!("{id}.etf.gz")));
                }
                result
            })
        });
        let threads: Vec<_> = threads.collect();
        let results = threads.into_iter().map(|it| it.join().unwrap());
        results.collect::<Vec<_>>()
    });
    assert_eq!(ids(&store).len(), SAVES + 1);
    (results, std::mem::take(&mut saves.state.lock().steps))
}

#[test]
fn saves_at_the_same_time_share_syncs_and_each_waits_for_one_that_began_after_it() {
    let (results, steps) = save_all(&Arc::default());
    assert!(results.iter().all(Result::is_ok));
    let at = |step: &Step| steps.iter().position(|it| it == step).unwrap();
    for n in 0..SAVES {
        let [placed, acknowledged] =
            [Step::Placed, Step::Acknowledged].map(|of| at(&of(format!("{n}.etf.gz"))));
        let between = &steps[placed..acknowledged];
        let begins = between.iter().position(|it| *it == Step::SyncBegins);
        let begins = begins.expect("a sync begins after it is in its place");
        assert!(between[begins..].contains(&Step::SyncEnds), "{steps:?}");
    }
    let count = |step: Step| steps.iter().filter(|it| **it == step).count();
    assert_eq!(count(Step::Written), SAVES);
    assert!(count(Step::SyncBegins) < SAVES, "{steps:?}");
}

#[test]
fn a_shared_sync_that_fails_is_a_failure_of_all_that_were_placed() {
    let saves = Arc::new(Saves {
        fails: true,
        ..Saves::default()
    });
    let (results, steps) = save_all(&saves);
    for result in results {
        let error = result.unwrap_err();
        assert_eq!(error.posix(), Some("eio"));
        assert!(error.to_string().starts_with("cannot sync the directory "));
    }
    let syncs = steps.iter().filter(|it| **it == Step::SyncBegins);
    assert_eq!(
        syncs.count(),
        1,
        "the next one would succeed and mean nothing"
    );
}
