//! Events that are written as what changed: nobody who looks at a recording sees that.

use replay_etf::recording::changes::mark;
use replay_etf::tag;
use replay_store::{Options, Recording};

use crate::support::*;

const ROWS: u32 = 60;

fn row(n: u32, version: u32) -> Vec<u8> {
    binary(format!("row {n} in version {version}, and more of it").as_bytes())
}

/// `{offset, :assigns, %{delta: %{rows: …}}}`
fn assigns(offset: i32, rows: &[u8]) -> Vec<u8> {
    [
        &[tag::SMALL_TUPLE, 3, tag::INTEGER],
        &offset.to_be_bytes()[..],
        &atom("assigns"),
        &[tag::MAP, 0, 0, 0, 1],
        &atom("delta"),
        &[tag::MAP, 0, 0, 0, 1],
        &atom("rows"),
        rows,
    ]
    .concat()
}

fn with_length(whole: usize, event: Vec<u8>) -> Vec<u8> {
    [&(whole as u32).to_be_bytes()[..], &event].concat()
}

/// The event in which so many rows have changed, in full.
fn in_full(version: u32) -> Vec<u8> {
    let rows = (0..ROWS).flat_map(|n| row(n, if n < version % ROWS { version } else { 0 }));
    let list = [&[tag::LIST][..], &ROWS.to_be_bytes()].concat();
    assigns(
        version as i32,
        &[list, rows.collect(), vec![tag::NIL]].concat(),
    )
}

/// The same as what changed since any version before.
fn as_changes(version: u32) -> Vec<u8> {
    let whole = in_full(version);
    let head = assigns(version as i32, &[]).len();
    let event = match version {
        0 => {
            let kept = [
                &[mark::KEPT],
                &((whole.len() - head) as u32).to_be_bytes()[..],
            ]
            .concat();
            assigns(0, &[kept, whole[head..].to_vec()].concat())
        }
        _ => {
            let changed = (0..version % ROWS)
                .flat_map(|n| [vec![mark::SET], row(n, version)].concat())
                .collect();
            assigns(
                version as i32,
                &[vec![mark::CHANGED], changed, vec![mark::REST]].concat(),
            )
        }
    };
    with_length(whole.len(), event)
}

fn append_changes(recording: &Recording, changes: &[u8]) -> Result<(), AppendError> {
    let mut reservation = recording.reserve(Wait::Yes)?;
    let (mut to, room) = reservation.space();
    if room < changes.len() {
        (to, _) = reservation.grow(0, changes.len())?;
    }
    // SAFETY: there is room, and nobody else writes there before the commit.
    unsafe { to.copy_from_nonoverlapping(changes.as_ptr(), changes.len()) };
    let before = reservation.changes();
    reservation.commit_changes(changes.len())?;
    assert_eq!(recording.reserve(Wait::Yes)?.changes(), before + 1);
    Ok(())
}

/// A recording of so many versions, with clicks among them, and what it is in full.
fn session(store: &Store, id: &str, versions: u32) -> (Arc<Recording>, Vec<u8>) {
    let running = start(store, id);
    let mut events = vec![event(0, "mount", 30)];
    for version in 0..versions {
        append_changes(&running, &as_changes(version)).unwrap();
        events.push(in_full(version));
        if version % 3 == 0 {
            let click = named(version as i32, "click");
            append(&running, &click).unwrap();
            events.push(click);
        }
    }
    (running, recording(id.as_bytes(), &events))
}

#[test]
fn a_recording_is_shown_and_saved_in_full() {
    let dir = Dir::new();
    let store = dir.open();
    let (running, expected) = session(&store, "a", 40);
    assert_eq!(running.snapshot().unwrap(), expected);
    let summary = running.summary();
    assert_eq!((summary.events.assigns, summary.events.event), (40, 14));
    assert_eq!(summary.duration_ms, 39);
    assert!(summary.bytes.abs_diff(expected.len()) < 16);
    assert!(store.usage().used < expected.len() / 2);
    assert_eq!(running.finish().unwrap(), expected);
    assert_eq!(store.drain(LONG), saved(1));
    assert!(store.read(b"a").unwrap().bytes == expected);
    let entry = entry(&store, "a").unwrap();
    assert_eq!((entry.event_count, entry.duration_ms), (55, 39));
}

#[test]
fn a_crash_loses_nothing_of_it() {
    let dir = Dir::new();
    let store = dir.open();
    // From chunk to chunk, so that some events are in two of them.
    let (_running, expected) = session(&store, "a", 60);
    let crashed = dir.crash();
    for _ in 0..2 {
        let store = crashed.open();
        assert_eq!(store.drain(LONG).left, 0);
        assert!(store.read(b"a").unwrap().bytes == expected);
        let entry = entry(&store, "a").unwrap();
        assert_eq!((entry.event_count, entry.duration_ms), (81, 59));
    }
}

#[test]
fn limits_are_those_of_the_event_in_full() {
    let dir = Dir::new();
    let options = Options {
        limits: replay_etf::Limits::of_bytes(9_000),
        ..options()
    };
    let store = Store::open(dir.path(), options).unwrap();
    let running = start(&store, "a");
    append_changes(&running, &as_changes(0)).unwrap();
    append_changes(&running, &as_changes(1)).unwrap();
    append_changes(&running, &as_changes(2)).unwrap();
    let refused = append_changes(&running, &as_changes(3));
    assert!(matches!(refused, Err(AppendError::Full)), "{refused:?}");
    assert!(running.summary().truncated);
    append(&running, &named(4, "click")).unwrap();

    let options = Options {
        max_event_bytes: 1_000,
        ..self::options()
    };
    let dir = Dir::new();
    let store = Store::open(dir.path(), options).unwrap();
    let running = start(&store, "a");
    let small = with_length(5_000, assigns(1, &[tag::NIL]));
    let refused = append_changes(&running, &small);
    assert!(
        matches!(refused, Err(AppendError::TooLarge(5_000, 1_000))),
        "{refused:?}"
    );
}

#[test]
fn what_is_no_event_with_assigns_is_refused() {
    let dir = Dir::new();
    let store = dir.open();
    let running = start(&store, "a");
    let others = [
        vec![],
        vec![0; 3],
        with_length(9, vec![]),
        with_length(9, named(1, "click")),
    ];
    for other in others {
        let refused = append_changes(&running, &other);
        assert!(
            matches!(refused, Err(AppendError::NotAnEvent)),
            "{refused:?}"
        );
    }
    assert_eq!(running.summary().events.total(), 1);
}

#[test]
fn one_that_refers_to_nothing_makes_the_recording_one_that_stays() {
    let dir = Dir::new();
    let store = dir.open();
    let running = start(&store, "a");
    append(&running, &named(1, "click")).unwrap();
    append_changes(&running, &as_changes(7)).unwrap();
    assert!(matches!(running.snapshot(), Err(Error::Recording(_))));
    running.end();
    assert_eq!(store.drain(Duration::from_millis(200)).saved, 0);
    assert!(store.active(b"a").is_some());
    // It can be given up.
    store.delete(b"a").unwrap();
    assert!(store.active(b"a").is_none());
}
