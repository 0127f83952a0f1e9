//! Whom a recording in flight belongs to.

use std::collections::BTreeSet;

use replay_store::{Compression, Filter, Item, Sort, Subject, compress};

use crate::support::*;

fn ada() -> Subject {
    Subject::text(b"ada").unwrap()
}

fn number() -> Subject {
    Subject::Integer(4711)
}

fn whose(store: &Store, id: &str) -> Option<Subject> {
    let subject = entry(store, id).unwrap().subject.clone();
    subject.map(|it| (*it).clone())
}

/// A recording of somebody, with so many events of his.
fn clicks_of(
    store: &Store,
    id: &str,
    subject: Subject,
    count: i32,
) -> Arc<replay_store::Recording> {
    let head = recording(id.as_bytes(), &[event(0, "mount", 30)]);
    let started = store.start_for(id.as_bytes(), &head, 10_000, Some(subject), Wait::Yes);
    let recording = started.unwrap();
    for n in 1..=count {
        append(&recording, &event(n, "event", 500)).unwrap();
    }
    recording
}

fn of(subjects: &[Subject]) -> Filter {
    Filter {
        subject: Some(subjects.iter().cloned().collect()),
        ..Filter::default()
    }
}

fn found(store: &Store, filter: &Filter) -> Vec<String> {
    let page = store.query(filter, Sort::Oldest, 100, None).unwrap();
    let ids = page.items.iter().map(Item::id).map(text);
    ids.map(str::to_owned).collect()
}

#[test]
fn it_is_in_the_file_and_the_content_is_as_without() {
    let dir = Dir::new();
    let store = dir.open();
    let at_start = clicks_of(&store, "start", ada(), 20);
    let later = clicks(&store, "later", 10);
    later.set_subject(number(), Wait::Never).unwrap();
    (11..=20).for_each(|n| append(&later, &event(n, "event", 500)).unwrap());
    let nobodys = clicks(&store, "nobody", 20);
    assert_eq!(at_start.summary().subject.as_deref(), Some(&ada()));
    assert_eq!(later.subject().map(|it| &**it), Some(&number()));
    for recording in [at_start, later, nobodys] {
        recording.end();
    }
    assert_eq!(store.drain(LONG), saved(3));
    assert_eq!(whose(&store, "start"), Some(ada()));
    assert_eq!(whose(&store, "later"), Some(number()));
    assert_eq!(whose(&store, "nobody"), None);
    for id in ["start", "later", "nobody"] {
        assert_eq!(store.read(id.as_bytes()).unwrap().bytes, expected(id, 20));
    }
}

#[test]
fn it_survives_a_crash_and_another_one_before_the_recording_is_saved() {
    let dir = Dir::new();
    let store = dir.open();
    let _at_start = clicks_of(&store, "start", ada(), 100);
    let later = clicks(&store, "later", 100);
    later.set_subject(number(), Wait::Yes).unwrap();
    let _nobodys = clicks(&store, "nobody", 100);

    let first = dir.crash();
    let stuck = placing(|_| Err(io::ErrorKind::StorageFull.into()));
    let store = first.open_on(stuck);
    store.drain(Duration::from_millis(50));
    let recovered = store.active(b"later").unwrap();
    assert_eq!(recovered.summary().subject.as_deref(), Some(&number()));
    assert_eq!(found(&store, &of(&[ada()])), ["start"]);

    let second = first.crash();
    let store = second.open();
    store.drain(LONG);
    assert_eq!(whose(&store, "start"), Some(ada()));
    assert_eq!(whose(&store, "later"), Some(number()));
    assert_eq!(whose(&store, "nobody"), None);
    for id in ["start", "later", "nobody"] {
        assert_eq!(store.read(id.as_bytes()).unwrap().bytes, expected(id, 100));
        assert!(entry(&store, id).unwrap().recovered);
    }
}

/// Whatever room there is in a chunk, or is not, for the frame.
#[test]
fn it_survives_a_crash_after_any_number_of_events() {
    let long = Subject::text(&[b'x'; 255]).unwrap();
    let dir = Dir::new();
    let store = dir.open();
    let flights: Vec<_> = (0..60)
        .map(|count| {
            let id = format!("r{count}");
            let recording = clicks(&store, &id, count);
            recording.set_subject(long.clone(), Wait::Yes).unwrap();
            (count + 1..=60).for_each(|n| append(&recording, &event(n, "event", 500)).unwrap());
            recording
        })
        .collect();
    let crash = dir.crash();
    let crashed = crash.open();
    crashed.drain(LONG);
    for (count, flight) in flights.iter().enumerate() {
        let id = format!("r{count}");
        assert_eq!(flight.snapshot().unwrap(), expected(&id, 60));
        assert_eq!(whose(&crashed, &id).as_ref(), Some(&long), "{id}");
        assert_eq!(
            crashed.read(id.as_bytes()).unwrap().bytes,
            expected(&id, 60)
        );
    }
}

#[test]
fn it_goes_along_when_a_recording_moves_on() {
    let dir = Dir::new();
    let quick = replay_store::Options {
        heartbeat: Duration::from_millis(10),
        ..options()
    };
    let store = Store::open(dir.path(), quick).unwrap();
    let (sender, notices) = std::sync::mpsc::channel();
    store.observe(Box::new(move |notice| {
        let _ = sender.send(notice);
    }));
    let _recording = clicks_of(&store, "a", ada(), 50);
    remove_dir(&dir.path().join(".native"));
    let is_moved = |notice: Notice| matches!(notice, Notice::Moved { count: 1, gone: 0 });
    while !is_moved(notices.recv_timeout(LONG).unwrap()) {}
    let crash = dir.crash();
    let crashed = crash.open();
    crashed.drain(LONG);
    assert_eq!(whose(&crashed, "a"), Some(ada()));
    assert_eq!(crashed.read(b"a").unwrap().bytes, expected("a", 50));
}

#[test]
fn one_that_is_named_after_a_checkpoint_is_kept_without_another_event() {
    let dir = Dir::new();
    let store = dir.open();
    let recording = clicks(&store, "a", 20);
    store.checkpoint(LONG);
    assert_eq!(whose(&store, "a"), None);
    recording.set_subject(ada(), Wait::Yes).unwrap();
    let crashed = dir.crash();
    for _ in 0..2 {
        let store = crashed.open();
        store.drain(LONG);
        assert_eq!(whose(&store, "a"), Some(ada()));
        assert_eq!(store.read(b"a").unwrap().bytes, expected("a", 20));
    }
    recording.end();
    store.drain(LONG);
    assert_eq!(whose(&store, "a"), Some(ada()));
}

#[test]
fn what_another_program_made_of_a_recording_later_is_not_given_up_for_it() {
    let dir = Dir::new();
    let store = dir.open();
    let _recording = clicks_of(&store, "a", ada(), 20);
    store.checkpoint(LONG);
    let crashed = dir.crash();
    let longer = compress(&expected("a", 25), Compression::Gzip(6)).unwrap();
    std::fs::write(crashed.path().join("a.etf.gz"), longer).unwrap();
    let store = crashed.open();
    store.drain(LONG);
    assert_eq!(whose(&store, "a"), None);
    assert_eq!(store.read(b"a").unwrap().bytes, expected("a", 25));
}

#[test]
fn it_is_said_once_and_not_after_the_end() {
    let dir = Dir::new();
    let store = dir.open();
    let recording = clicks(&store, "a", 1);
    recording.set_subject(ada(), Wait::Yes).unwrap();
    recording.set_subject(ada(), Wait::Yes).unwrap();
    let before = store.usage().used;
    for _ in 0..1000 {
        recording.set_subject(ada(), Wait::Never).unwrap();
        let other = recording.set_subject(number(), Wait::Yes);
        assert!(matches!(other, Err(AppendError::HasSubject)));
    }
    assert_eq!(store.usage().used, before);
    recording.end();
    let after = recording.set_subject(ada(), Wait::Yes);
    assert!(matches!(after, Err(AppendError::Ended)));
    store.drain(LONG);
    assert_eq!(whose(&store, "a"), Some(ada()));
    let gone = recording.set_subject(ada(), Wait::Yes);
    assert!(matches!(gone, Err(AppendError::Ended)));
}

#[test]
fn a_recording_that_is_full_can_still_be_somebodys() {
    let dir = Dir::new();
    let store = dir.open();
    let head = recording(b"a", &[event(0, "mount", 30)]);
    let recording = store.start(b"a", &head, 1, Wait::Yes).unwrap();
    append(&recording, &event(1, "event", 500)).unwrap();
    append(&recording, &event(2, "event", 500)).unwrap_err();
    recording.set_subject(ada(), Wait::Yes).unwrap();
    recording.end();
    store.drain(LONG);
    assert_eq!(whose(&store, "a"), Some(ada()));
    assert!(entry(&store, "a").unwrap().truncated);
}

#[test]
fn a_session_that_uses_an_id_again_has_its_own() {
    let dir = Dir::new();
    let store = dir.open();
    for subject in [Some(ada()), None, Some(number())] {
        let head = recording(b"a", &[event(0, "mount", 30), event(1, "event", 10)]);
        let started = store.start_for(b"a", &head, 10, subject.clone(), Wait::Yes);
        started.unwrap().end();
        store.drain(LONG);
        assert_eq!(whose(&store, "a"), subject);
    }
}

#[test]
fn who_can_not_be_noted_is_no_reason_to_start_without() {
    let dir = Dir::new();
    let small = replay_store::Options {
        max_event_bytes: 200,
        ..options()
    };
    let store = Store::open(dir.path(), small).unwrap();
    let head = recording(b"a", &[event(0, "mount", 3)]);
    let long = Subject::text(&[b'x'; 255]);
    let refused = store.start_for(b"a", &head, 10, long, Wait::Yes);
    assert!(matches!(refused, Err(Error::TooLarge { .. })));
    assert!(store.active(b"a").is_none());
    assert_eq!(store.usage().used, 0);
    store
        .start_for(b"a", &head, 10, Some(ada()), Wait::Yes)
        .unwrap();
}

#[test]
fn recordings_are_found_counted_and_erased_by_it_wherever_they_are() {
    let dir = Dir::new();
    let store = dir.open();
    let digits = Subject::text(b"4711").unwrap();
    for (id, subject) in [("a1", ada()), ("n1", number()), ("d1", digits.clone())] {
        clicks_of(&store, id, subject, 1).end();
    }
    clicks(&store, "nobody", 1).end();
    assert_eq!(store.drain(LONG), saved(4));
    let _running = [
        clicks_of(&store, "a2", ada(), 1),
        clicks_of(&store, "n2", number(), 1),
        clicks(&store, "nobody2", 1),
    ];
    let _idle = clicks_of(&store, "a3", ada(), 0);
    assert_eq!(found(&store, &of(&[ada()])), ["a2", "a1"]);
    assert_eq!(found(&store, &of(&[number()])), ["n2", "n1"]);
    assert_eq!(found(&store, &of(std::slice::from_ref(&digits))), ["d1"]);
    assert_eq!(
        found(&store, &of(&[digits.clone(), ada()])),
        ["d1", "a2", "a1"]
    );
    assert_eq!(found(&store, &of(&[])), [""; 0]);

    let facets = store.facets(&Filter::default()).unwrap();
    assert_eq!(facets.subjects, [(number(), 2), (ada(), 2), (digits, 1)]);

    let erased: BTreeSet<_> = store
        .delete_where(&of(&[ada()]))
        .unwrap()
        .ids
        .into_iter()
        .collect();
    let expected: BTreeSet<Box<[u8]>> = [b"a1", b"a2", b"a3"].map(|id| id[..].into()).into();
    assert_eq!(erased, expected);
    let crash = dir.crash();
    let store = crash.open();
    store.drain(LONG);
    assert_eq!(found(&store, &of(&[ada()])), [""; 0]);
    assert_eq!(found(&store, &of(&[number()])), ["n2", "n1"]);
}
