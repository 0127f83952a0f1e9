use std::sync::Weak;
use std::time::Duration;

use loom::thread;

use super::drained::Drained;
use super::job::Job;
use super::queue::Queue;
use crate::crew::{self, Chore, Next};
use crate::sync::{Arc, Mutex};

const PREEMPTIONS: usize = 2;

struct Nobody;

impl Chore for Nobody {}

struct Office {
    queue: Queue,
    done: Mutex<Vec<usize>>,
    under_way: Mutex<usize>,
    hands: usize,
}

const SAVED: Drained = Drained {
    saved: 1,
    dropped: 0,
    left: 0,
};

impl Office {
    /// What the finalizer's chore does.
    fn turn(&self) -> Next {
        let Some(job) = self.queue.take() else {
            return Next::Done;
        };
        {
            let mut under_way = self.under_way.lock();
            *under_way += 1;
            assert!(*under_way <= self.hands, "too many at once");
        }
        let fails = job.fails;
        if !fails {
            self.done.lock().push(job.number);
        }
        *self.under_way.lock() -= 1;
        match fails {
            true => {
                let again = Job {
                    fails: false,
                    ..job
                };
                self.queue.delay(again, Duration::ZERO)
            }
            false => self.queue.done(SAVED),
        }
    }
}

/// Two threads of the crew, and one that hands in jobs beside this one.
fn model(hands: usize, fails: bool, end: impl Fn(&Office) + Sync + Send + 'static) {
    let end = std::sync::Arc::new(end);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS);
    builder.check(move || {
        let worker: Weak<dyn Chore> = Weak::<Nobody>::new();
        let office = Arc::new(Office {
            queue: Queue::new(worker, hands),
            done: Mutex::default(),
            under_way: Mutex::default(),
            hands,
        });
        let crew: Vec<_> = (0..2)
            .map(|_| {
                let office = Arc::clone(&office);
                thread::spawn(move || crew::work(|| office.turn()))
            })
            .collect();
        for number in [1, 2] {
            office.queue.push(Job { number, fails });
        }
        end(&office);
        crew::close();
        for thread in crew {
            thread.join().unwrap();
        }
    });
}

#[test]
fn whoever_drains_is_told_when_all_is_done_and_no_job_is_forgotten() {
    for (hands, fails) in [(1, false), (2, false), (1, true)] {
        model(hands, fails, |office| {
            let drained = office.queue.drain(Duration::MAX);
            assert_eq!((drained.saved, drained.left), (2, 0));
            let mut done = office.done.lock().clone();
            done.sort_unstable();
            assert_eq!(done, [1, 2], "each once");
        });
    }
}

#[test]
fn after_the_close_nothing_is_under_way_and_nothing_is_begun() {
    model(2, false, |office| {
        office.queue.close();
        assert_eq!(*office.under_way.lock(), 0);
        assert!(office.queue.take().is_none());
        let left = office.queue.len();
        assert_eq!(left + office.done.lock().len(), 2, "each is done or left");
    });
}
