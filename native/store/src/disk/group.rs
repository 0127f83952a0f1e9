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
}

impl Group {
    /// Returns when `action` has succeeded once from start to end since the call, whoever ran
    /// it. Only who runs it learns of its failure; the others try again themselves.
    pub(crate) fn run(&self, action: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let mut state = self.state.lock();
        state.asked += 1;
        let number = state.asked;
        while state.running {
            self.over.wait(&mut state);
            if state.served >= number {
                return Ok(());
            }
        }
        state.running = true;
        let mut run = Run {
            group: self,
            serves: state.asked,
            succeeded: false,
        };
        drop(state);
        let result = action();
        run.succeeded = result.is_ok();
        result
    }
}

/// The action while it runs; over also if it panics.
struct Run<'a> {
    group: &'a Group,
    serves: u64,
    succeeded: bool,
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        let mut state = self.group.state.lock();
        state.running = false;
        if self.succeeded {
            state.served = self.serves;
        }
        self.group.over.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    /// Runs the first action, and while it runs has three more asked for.
    fn with_followers(first: impl FnOnce() -> io::Result<()> + Send) -> (bool, usize) {
        let group = Group::default();
        let runs = AtomicUsize::new(0);
        let (started, has_started) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let count = || {
            runs.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        let result = thread::scope(|scope| {
            let group = &group;
            let first = scope.spawn(move || {
                let action = || {
                    started.send(()).unwrap();
                    may_go_on.recv().unwrap();
                    first()
                };
                catch_unwind(AssertUnwindSafe(|| group.run(action))).is_ok_and(|r| r.is_ok())
            });
            has_started.recv().unwrap();
            let followers = [(); 3].map(|()| scope.spawn(|| group.run(count)));
            while group.state.lock().asked < 4 {
                thread::yield_now();
            }
            go_on.send(()).unwrap();
            followers
                .into_iter()
                .for_each(|follower| follower.join().unwrap().unwrap());
            first.join().unwrap()
        });
        (result, runs.into_inner())
    }

    #[test]
    fn those_who_ask_while_it_runs_share_the_next_run() {
        assert_eq!(with_followers(|| Ok(())), (true, 1));
    }

    #[test]
    fn a_failure_is_told_to_the_one_who_ran_it() {
        assert_eq!(
            with_followers(|| Err(io::ErrorKind::Other.into())),
            (false, 1)
        );
    }

    #[test]
    fn a_panic_keeps_nobody_waiting() {
        assert_eq!(
            with_followers(|| panic!("as the test wants it")),
            (false, 1)
        );
    }
}
