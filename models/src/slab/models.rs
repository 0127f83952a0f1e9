use loom::thread;

use super::chain::Chain;
use super::chunk::Kind;
use super::space::Space;
use super::wait::Wait;
use crate::sync::Arc;

/// So often a thread may be interrupted where it need not be: enough for most defects that
/// there are, says loom.
const PREEMPTIONS: usize = 3;

fn model(run: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS);
    builder.check(run);
}

fn started() -> (Arc<Space>, Arc<Chain>) {
    let space = Arc::new(Space::new());
    let chain = Chain::start(&space, 7, &[1; 40], Wait::Yes).unwrap();
    (space, Arc::new(chain))
}

/// Appends an event of so many bytes, each of which is its length. Returns whether it could.
fn append(chain: &Chain, len: usize, wait: Wait) -> bool {
    match chain.append(wait) {
        Ok(mut append) => append.put(Kind::Event, &vec![len as u8; len]).is_ok(),
        Err(_) => false,
    }
}

/// The lengths of the events there are, which must be whole.
fn events(chain: &Chain) -> Option<Vec<usize>> {
    let frames = chain.frames().unwrap()?;
    let mut lengths = Vec::new();
    for (n, (kind, payload)) in frames.iter().enumerate() {
        let payload = payload.joined();
        let (expected, byte) = match n {
            0 => (Kind::Head, 1),
            _ => (Kind::Event, payload.len() as u8),
        };
        assert_eq!(kind, expected);
        assert!(payload.iter().all(|it| *it == byte), "what was written");
        if n > 0 {
            lengths.push(payload.len());
        }
    }
    Some(lengths)
}

#[test]
fn who_reads_finds_whole_events_in_order() {
    // The second does not fit behind the first, and begins in what is left there.
    for lengths in [[8, 16], [8, 200]] {
        model(move || {
            let (_space, chain) = started();
            let writer = {
                let chain = Arc::clone(&chain);
                thread::spawn(move || {
                    for len in lengths {
                        assert!(append(&chain, len, Wait::Yes));
                    }
                })
            };
            let found = events(&chain).unwrap();
            assert_eq!(found, lengths[..found.len()]);
            writer.join().unwrap();
            assert_eq!(events(&chain).unwrap(), lengths);
        });
    }
}

#[test]
fn two_who_append_take_turns() {
    model(|| {
        let (_space, chain) = started();
        let other = {
            let chain = Arc::clone(&chain);
            thread::spawn(move || append(&chain, 150, Wait::Never))
        };
        assert!(append(&chain, 100, Wait::Yes));
        let had_its_turn = other.join().unwrap();
        let mut found = events(&chain).unwrap();
        found.sort_unstable();
        let expected: &[usize] = if had_its_turn { &[100, 150] } else { &[100] };
        assert_eq!(found, expected);
    });
}

#[test]
fn nothing_is_wiped_as_long_as_it_is_read_and_all_of_it_then() {
    for wait in [Wait::Yes, Wait::Never] {
        model(move || {
            let (space, chain) = started();
            assert!(append(&chain, 200, Wait::Yes));
            let reader = {
                let chain = Arc::clone(&chain);
                thread::spawn(move || {
                    if let Some(found) = events(&chain) {
                        assert_eq!(found, [200]);
                    }
                })
            };
            chain.release(wait);
            reader.join().unwrap();
            assert_eq!(events(&chain), None);
            space.wipe_all();
            assert!(space.is_clean());
        });
    }
}

#[test]
fn an_event_is_there_before_the_end_or_refused_and_leaves_nothing() {
    model(|| {
        let (space, chain) = started();
        let writer = {
            let chain = Arc::clone(&chain);
            thread::spawn(move || append(&chain, 200, Wait::Yes))
        };
        let before = events(&chain).unwrap();
        chain.release(Wait::Yes);
        let appended = writer.join().unwrap();
        assert!(appended || before.is_empty());
        assert!(!append(&chain, 8, Wait::Yes), "after the end");
        assert!(space.is_clean());
    });
}

#[test]
fn space_that_was_given_back_is_another_recordings_without_a_trace() {
    model(|| {
        let (space, chain) = started();
        let other = {
            let space = Arc::clone(&space);
            thread::spawn(move || {
                let chain = Chain::start(&space, 8, &[1; 40], Wait::Yes).unwrap();
                assert!(append(&chain, 8, Wait::Yes));
                assert_eq!(events(&chain).unwrap(), [8]);
                chain.release(Wait::Yes);
            })
        };
        assert!(append(&chain, 16, Wait::Yes));
        assert_eq!(events(&chain).unwrap(), [16]);
        chain.release(Wait::Yes);
        other.join().unwrap();
        assert!(space.is_clean());
    });
}
