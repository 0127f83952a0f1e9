//! What was asked of a store, and what it has said to have done: with that, what of a recording
//! may be found.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::session;

/// An event that was appended, or was to be.
#[derive(Debug, Clone)]
struct Event {
    bytes: Vec<u8>,
    acknowledged: bool,
}

/// A recording, as it may be.
#[derive(Debug, Clone)]
enum State {
    Absent,
    /// This is read under its id.
    Stored(Vec<u8>),
    /// It is, or was, in flight.
    Flown {
        connected_at: i32,
        events: Vec<Event>,
        /// So many of them are in its file.
        saved: usize,
        /// The power failed: what is lost is the end.
        cut: bool,
    },
}

#[derive(Debug, Default, Clone)]
struct Book {
    /// What the recordings may be, by their ids.
    states: BTreeMap<String, Vec<State>>,
    /// How often anything was written into it.
    entries: usize,
}

/// What the recordings may be.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Book>);

impl Clone for Ledger {
    fn clone(&self) -> Self {
        Ledger(Mutex::new(self.0.lock().unwrap().clone()))
    }
}

impl Ledger {
    fn of<R>(&self, id: &str, change: impl FnOnce(&mut Vec<State>) -> R) -> R {
        let mut book = self.0.lock().unwrap();
        book.entries += 1;
        let states = (book.states)
            .entry(id.to_owned())
            .or_insert_with(|| vec![State::Absent]);
        change(states)
    }

    /// It is about to be this, and then it is if that succeeds.
    fn become_after<R, E>(
        &self,
        id: &str,
        state: State,
        act: impl FnOnce() -> Result<R, E>,
    ) -> Result<R, E> {
        self.of(id, |states| states.push(state.clone()));
        let result = act();
        if result.is_ok() {
            self.of(id, |states| *states = vec![state]);
        }
        result
    }

    /// What is done stores this.
    pub fn storing<R, E>(
        &self,
        id: &str,
        content: Vec<u8>,
        act: impl FnOnce() -> Result<R, E>,
    ) -> Result<R, E> {
        self.become_after(id, State::Stored(content), act)
    }

    /// What is done deletes it.
    pub fn deleting<R, E>(&self, id: &str, act: impl FnOnce() -> Result<R, E>) -> Result<R, E> {
        self.become_after(id, State::Absent, act)
    }

    /// What is done deletes all of them.
    pub fn deleting_all<R, E>(
        &self,
        ids: &[&str],
        act: impl FnOnce() -> Result<R, E>,
    ) -> Result<R, E> {
        match ids {
            [] => act(),
            [id, others @ ..] => self.deleting(id, || self.deleting_all(others, act)),
        }
    }

    /// It may be deleted at any time.
    pub fn may_go(&self, id: &str) {
        self.of(id, |states| states.push(State::Absent));
    }

    /// What is done starts it.
    pub fn starting<R, E>(
        &self,
        id: &str,
        connected_at: i32,
        event: Vec<u8>,
        act: impl FnOnce() -> Result<R, E>,
    ) -> Result<R, E> {
        let events = vec![Event {
            bytes: event,
            acknowledged: true,
        }];
        let flown = State::Flown {
            connected_at,
            events,
            saved: 0,
            cut: false,
        };
        self.become_after(id, flown, act)
    }

    /// What is done appends to it.
    pub fn appending<R, E>(
        &self,
        id: &str,
        event: Vec<u8>,
        act: impl FnOnce() -> Result<R, E>,
    ) -> Result<R, E> {
        self.each_flown(id, |events| {
            events.push(Event {
                bytes: event.clone(),
                acknowledged: false,
            });
        });
        let result = act();
        if result.is_ok() {
            self.each_flown(id, |events| {
                events.last_mut().unwrap().acknowledged = true;
            });
        }
        result
    }

    fn each_flown(&self, id: &str, change: impl Fn(&mut Vec<Event>)) {
        self.of(id, |states| {
            for state in states {
                if let State::Flown { events, .. } = state {
                    change(events);
                }
            }
        });
    }

    /// What it may be, for a human.
    pub fn told(&self, id: &str) -> String {
        let book = self.0.lock().unwrap();
        let states = book.states.get(id).into_iter().flatten();
        let told = states.map(|state| match state {
            State::Absent => "absent".to_owned(),
            State::Stored(bytes) => format!("{:?}", String::from_utf8_lossy(bytes)),
            State::Flown { events, .. } => {
                let known = events.iter().filter(|event| event.acknowledged);
                format!("in flight, {} of {} events", known.count(), events.len())
            }
        });
        told.collect::<Vec<_>>().join(" or ")
    }

    /// So many of its events are in its file.
    pub fn saved(&self, id: &str, count: u32) {
        self.of(id, |states| {
            for state in states {
                if let State::Flown { saved, .. } = state {
                    *saved = count as usize;
                }
            }
        });
    }

    /// Whether nothing has been written into it since the other one was made of it.
    pub fn is_still(&self, earlier: &Ledger) -> bool {
        self.0.lock().unwrap().entries == earlier.0.lock().unwrap().entries
    }

    /// What would still hold if the power failed now: what was saved, or is gone.
    pub fn after_power_cut(&self) -> Ledger {
        let ledger = self.clone();
        for states in ledger.0.lock().unwrap().states.values_mut() {
            let mut may_be_lost = false;
            for state in &mut *states {
                if let State::Flown {
                    events, saved, cut, ..
                } = state
                {
                    may_be_lost |= *saved == 0;
                    *cut = true;
                    let events = events.iter_mut().skip(*saved);
                    events.for_each(|event| event.acknowledged = false);
                }
            }
            // While it is being deleted, its file may be gone, and a part of what was in flight
            // not be yet.
            let may_be_partly = states.iter().any(|state| matches!(state, State::Absent));
            for state in &mut *states {
                if let State::Flown { events, .. } = state
                    && may_be_partly
                {
                    events.iter_mut().for_each(|it| it.acknowledged = false);
                }
            }
            if may_be_lost {
                states.push(State::Absent);
            }
        }
        ledger
    }

    /// All ids that were ever used.
    pub fn ids(&self) -> Vec<String> {
        self.0.lock().unwrap().states.keys().cloned().collect()
    }

    /// Whether this may be found of a recording; that, or something else, will be the next time.
    pub fn allows(&self, id: &str, found: Option<&[u8]>) -> bool {
        let book = self.0.lock().unwrap();
        (book.states.get(id)).is_some_and(|states| states.iter().any(|state| state.is(id, found)))
    }

    /// As [`Ledger::allows`], and it is the same from now on.
    pub fn settle(&self, id: &str, found: Option<&[u8]>) -> bool {
        let allowed = self.allows(id, found);
        let state = found.map_or(State::Absent, |bytes| State::Stored(bytes.to_vec()));
        self.of(id, |states| *states = vec![state]);
        allowed
    }
}

impl State {
    fn is(&self, id: &str, found: Option<&[u8]>) -> bool {
        match (self, found) {
            (State::Absent, None) => true,
            (State::Stored(content), Some(found)) => content == found,
            (
                State::Flown {
                    connected_at,
                    events,
                    cut,
                    ..
                },
                Some(found),
            ) => is_of(id, *connected_at, events, *cut, found),
            _ => false,
        }
    }
}

/// Whether a recording has all events that were acknowledged, in order, and no others but those
/// that may be.
fn is_of(id: &str, connected_at: i32, events: &[Event], cut: bool, found: &[u8]) -> bool {
    let (mut there, mut missing) = (Vec::new(), false);
    for Event {
        bytes,
        acknowledged,
    } in events
    {
        // No event is in another one.
        let is_there = found
            .windows(bytes.len())
            .any(|window| window == &bytes[..]);
        if (is_there && cut && missing) || (*acknowledged && !is_there) {
            return false;
        }
        missing |= !is_there;
        there.extend(is_there.then(|| bytes.clone()));
    }
    session::recording(id, connected_at, &there) == found
}
