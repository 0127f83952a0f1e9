use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::*;

const LONG: Duration = Duration::from_secs(60);

type Work = dyn Fn() -> Next + Send + Sync;

struct Job(Box<Work>);

impl Chore for Job {
    fn run(self: Arc<Self>, _scratch: &mut Vec<u8>) -> Next {
        (self.0)()
    }
}

fn job(work: impl Fn() -> Next + Send + Sync + 'static) -> Arc<dyn Chore> {
    enlist().unwrap();
    Arc::new(Job(Box::new(work)))
}

/// A chore that says so and then waits for a word.
fn blocked() -> (Arc<dyn Chore>, Receiver<()>, Sender<()>) {
    let (started, has_started) = channel();
    let (go_on, may_go_on) = channel();
    let may_go_on = Mutex::new(may_go_on);
    let chore = job(move || {
        started.send(()).unwrap();
        may_go_on.lock().recv().unwrap();
        Next::Done
    });
    (chore, has_started, go_on)
}

#[test]
fn chores_that_get_nowhere_do_not_hold_up_others() {
    let stuck: Vec<_> = (0..10).map(|_| blocked()).collect();
    for (chore, has_started, _) in &stuck {
        soon(Arc::downgrade(chore));
        has_started.recv_timeout(LONG).unwrap();
    }
    stuck
        .iter()
        .for_each(|(_, _, go_on)| go_on.send(()).unwrap());
}

#[test]
fn threads_that_were_not_needed_for_a_while_end_though_each_has_had_a_turn() {
    let start = Instant::now();
    let chore: Arc<dyn Chore> = job(|| Next::Done);
    let mut state = State {
        threads: 10,
        idle: 9,
        fewest_idle: 9,
        ..State::new()
    };
    // One thing after the other, three of them at once for a moment.
    assert!(!state.is_one_too_many(start));
    for idle in [9, 9, 7, 9, 9] {
        state.idle = idle;
        state.ready.push_back(Arc::downgrade(&chore));
        assert!(state.take().is_some());
        assert!(!state.is_one_too_many(start + LINGER / 2));
    }
    let ended = (0..20).filter(|_| state.is_one_too_many(start + LINGER));
    assert_eq!(ended.count(), 7);
    assert_eq!(state.threads, 3);
}

/// What is left of so many threads, of which some have nothing to do for a long time, and of these.
fn left_of(threads: usize, idle: usize) -> (usize, usize) {
    let start = Instant::now();
    let mut state = State {
        threads,
        idle,
        ..State::new()
    };
    for period in 0..6 {
        for _ in 0..state.idle {
            state.idle -= 1;
            if !state.is_one_too_many(start + LINGER * period) {
                state.idle += 1;
            }
        }
    }
    (state.threads, state.idle)
}

#[test]
fn one_thread_stays_when_nothing_is_done() {
    assert_eq!(left_of(5, 5), (1, 1));
}

#[test]
fn the_last_one_that_is_free_stays_as_long_as_others_are_at_something() {
    assert_eq!(left_of(3, 2), (2, 1));
    assert_eq!(left_of(5, 2), (4, 1));
}

#[test]
fn a_chore_is_run_until_it_is_done_also_if_it_panics() {
    let (sender, runs) = channel();
    let count = Mutex::new(0);
    let chore = job(move || {
        let count = {
            let mut count = count.lock();
            *count += 1;
            *count
        };
        sender.send(count).unwrap();
        match count {
            1 => Next::Again,
            2 => Next::At(Instant::now() + Duration::from_millis(1)),
            _ => panic!("as the test wants it"),
        }
    });
    soon(Arc::downgrade(&chore));
    for n in 1..=3 {
        assert_eq!(runs.recv_timeout(LONG), Ok(n));
    }
    at(Instant::now(), Arc::downgrade(&chore));
    assert_eq!(runs.recv_timeout(LONG), Ok(4));
}

#[test]
fn what_is_due_first_is_run_first() {
    let (sender, runs) = channel();
    let now = Instant::now();
    let jobs = [40, 20].map(|ms| {
        let sender = sender.clone();
        let chore = job(move || {
            sender.send(ms).unwrap();
            Next::Done
        });
        at(now + Duration::from_millis(ms), Arc::downgrade(&chore));
        chore
    });
    assert_eq!(runs.recv_timeout(LONG), Ok(20));
    assert_eq!(runs.recv_timeout(LONG), Ok(40));
    drop(jobs);
}

#[test]
fn a_chore_that_nobody_holds_any_more_is_not_run() {
    let (sender, runs) = channel::<()>();
    let chore = job(move || {
        let _ = sender.send(());
        Next::Done
    });
    at(
        Instant::now() + Duration::from_millis(5),
        Arc::downgrade(&chore),
    );
    drop(chore);
    // Its end of the channel went with it.
    assert!(runs.recv_timeout(LONG).is_err());
}
