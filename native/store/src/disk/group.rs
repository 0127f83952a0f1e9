use std::io;

use parking_lot::{Condvar, Mutex};

/// Group commit: several threads that need the same thing done, such as a directory synced, have
/// it done once for all who asked before it began.
#[derive(Debug, Default)]
pub(crate) struct Group {
    state: Mutex<State>,
    over: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Number of the latest who asked.
    asked: u64,
    /// All up to this one have been served.
    served: u64,
    running: bool,
    /// How often it failed.
    failures: u64,
    /// How it did the last time.
    failure: Option<io::Error>,
}

/// The moment before something was changed that the action is to take with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    failures: u64,
}

impl Group {
    /// To be called before the change that [`Group::run`] is then called for.
    pub(crate) fn change(&self) -> Change {
        let failures = self.state.lock().failures;
        Change { failures }
    }

    /// Returns when `action` has succeeded once from start to end since the call, whoever ran it.
    ///
    /// One that fails is the failure of all who have begun their change, not only of who ran it or
    /// waits: a kernel tells once that it could not write something, and takes it for written
    /// then, so that the next success says nothing about it.
    pub(crate) fn run(
        &self,
        change: Change,
        action: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<()> {
        let mut state = self.state.lock();
        state.asked += 1;
        let number = state.asked;
        loop {
            if state.failures != change.failures {
                return Err(state.failure());
            }
            if state.served >= number {
                return Ok(());
            }
            if !state.running {
                break;
            }
            self.over.wait(&mut state);
        }
        state.running = true;
        let mut run = Run {
            group: self,
            serves: state.asked,
            result: None,
        };
        drop(state);
        let result = action();
        run.result = Some(result.as_ref().copied().map_err(copy));
        result
    }
}

impl State {
    fn failure(&self) -> io::Error {
        let failure = self.failure.as_ref();
        failure.map_or_else(|| io::ErrorKind::Other.into(), copy)
    }
}

/// The action while it runs; over also if it panics, and then nobody is served, and the next who
/// waits runs it.
struct Run<'a> {
    group: &'a Group,
    serves: u64,
    result: Option<io::Result<()>>,
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        let mut state = self.group.state.lock();
        state.running = false;
        match self.result.take() {
            Some(Ok(())) => state.served = self.serves,
            Some(Err(failure)) => {
                state.failures += 1;
                state.failure = Some(failure);
            }
            None => {}
        }
        self.group.over.notify_all();
    }
}

fn copy(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(number) => io::Error::from_raw_os_error(number),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    /// Runs the first action, and while it runs has three more asked for. How the first ended and
    /// the others did, and how often one of theirs ran.
    fn with_followers(
        first: impl FnOnce() -> io::Result<()> + Send,
    ) -> (thread::Result<io::Result<()>>, [io::Result<()>; 3], usize) {
        let group = Group::default();
        let runs = AtomicUsize::new(0);
        let (started, has_started) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let count = || {
            runs.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        let (first, followers) = thread::scope(|scope| {
            let group = &group;
            let first = scope.spawn(move || {
                let action = || {
                    started.send(()).unwrap();
                    may_go_on.recv().unwrap();
                    first()
                };
                catch_unwind(AssertUnwindSafe(|| group.run(group.change(), action)))
            });
            has_started.recv().unwrap();
            let followers = [(); 3].map(|()| scope.spawn(|| group.run(group.change(), count)));
            while group.state.lock().asked < 4 {
                thread::yield_now();
            }
            go_on.send(()).unwrap();
            let followers = followers.map(|follower| follower.join().unwrap());
            (first.join().unwrap(), followers)
        });
        (first, followers, runs.into_inner())
    }

    #[test]
    fn those_who_ask_while_it_runs_share_the_next_run() {
        let (first, followers, runs) = with_followers(|| Ok(()));
        assert!(first.unwrap().is_ok() && followers.iter().all(Result::is_ok));
        assert_eq!(runs, 1);
    }

    #[test]
    fn a_failure_is_that_of_all_who_wait() {
        let failure = || Err(io::Error::from_raw_os_error(libc::EIO));
        let (first, followers, runs) = with_followers(failure);
        for result in [first.unwrap()].into_iter().chain(followers) {
            assert_eq!(result.unwrap_err().raw_os_error(), Some(libc::EIO));
        }
        assert_eq!(runs, 0);
    }

    #[test]
    fn a_panic_keeps_nobody_waiting() {
        let (first, followers, runs) = with_followers(|| panic!("as the test wants it"));
        assert!(first.is_err() && followers.iter().all(Result::is_ok));
        assert_eq!(runs, 1);
    }

    #[test]
    fn a_change_that_a_failure_may_have_lost_is_not_vouched_for_by_the_next_run() {
        let group = Group::default();
        let (before, failing) = (group.change(), group.change());
        let told = group.run(failing, || Err(io::Error::other("out of reach")));
        let missed = group.run(before, || Ok(()));
        for result in [told, missed] {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::Other);
            assert_eq!(error.to_string(), "out of reach");
        }
        group.run(group.change(), || Ok(())).unwrap();
    }
}
