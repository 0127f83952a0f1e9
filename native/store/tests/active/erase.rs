//! What is erased is gone, wherever it was and whatever comes between.

mod crashes;

use std::path::PathBuf;

use replay_store::{Durability, Filter, Format, Options};

use crate::support::*;

/// Nothing else holds this.
pub const SECRET: &[u8] = b"what a user wants to be forgotten";

fn of(prefix: &str) -> Filter {
    Filter {
        id: Some(prefix.as_bytes().into()),
        ..Filter::default()
    }
}

/// `{offset, event, payload}` with the secret many times.
fn secret(offset: u8) -> Vec<u8> {
    use replay_etf::tag;
    let payload = binary(&SECRET.repeat(20));
    let offset = [tag::SMALL_INTEGER, offset];
    [
        &[tag::SMALL_TUPLE, 3][..],
        &offset,
        &atom("event"),
        &payload,
    ]
    .concat()
}

/// Stored: `user-1`, `user-2` in JSON, `other-1`. In flight: `user-3` with a checkpoint, `user-4`
/// in which nothing has happened, `other-2`.
fn fill(store: &Store) {
    for (id, format) in [
        ("user-1", Format::Etf),
        ("user-2", Format::Json),
        ("other-1", Format::Etf),
    ] {
        let events = [event(0, "mount", 30), secret(1)];
        store
            .save(&recording(id.as_bytes(), &events), format)
            .unwrap();
    }
    let three = start(store, "user-3");
    append(&three, &secret(1)).unwrap();
    store.checkpoint(LONG);
    append(&three, &secret(2)).unwrap();
    start(store, "user-4");
    clicks(store, "other-2", 3);
}

fn user() -> Vec<&'static str> {
    vec!["user-1", "user-2", "user-3", "user-4"]
}

fn sorted(ids: Vec<Box<[u8]>>) -> Vec<String> {
    let mut ids: Vec<String> = ids.iter().map(|id| text(id).to_owned()).collect();
    ids.sort();
    ids
}

/// The ids of what is stored or in flight.
fn all(store: &Store) -> Vec<String> {
    let stored = store.list().unwrap();
    let ids = stored.iter().map(|entry| entry.id().into());
    let flights = store.actives();
    let mut ids = sorted(
        ids.chain(flights.iter().map(|it| (**it.id()).into()))
            .collect(),
    );
    ids.dedup();
    ids
}

/// The files that mention the user, or what is secret.
pub fn traces(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(traces(&path));
            continue;
        }
        let mut bytes = match std::fs::read(&path) {
            // A segment that is out of use goes at any time.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            bytes => bytes.unwrap(),
        };
        bytes.extend(path.as_os_str().as_encoded_bytes());
        let has = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        if has(SECRET) || has(b"user-") {
            files.push(path);
        }
    }
    files
}

#[test]
fn what_matches_is_gone_everywhere_and_the_rest_is_untouched() {
    let dir = Dir::new();
    let store = dir.open();
    fill(&store);
    assert!(traces(dir.path()).len() > 3);
    assert_eq!(
        sorted(store.delete_where(&of("user-")).unwrap().ids),
        user()
    );
    assert_eq!(all(&store), ["other-1", "other-2"]);
    assert!(matches!(store.read(b"user-1"), Err(Error::NotFound)));
    store.delete_where(&of("other-1")).unwrap();
    assert_eq!(traces(dir.path()), Vec::<PathBuf>::new());
    assert_eq!(store.stats().unwrap().counts.erased, 5);
    assert!(store.delete_where(&of("user-")).unwrap().ids.is_empty());
    drop(store);
    let store = dir.open();
    store.drain(LONG);
    assert_eq!(all(&store), ["other-2"]);
    assert_eq!(traces(dir.path()), Vec::<PathBuf>::new());
}

#[test]
fn a_filter_that_says_nothing_is_refused() {
    let dir = Dir::new();
    let store = dir.open();
    fill(&store);
    let before = all(&store);
    for filter in [
        Filter::default(),
        of(""),
        Filter {
            url: Some(replay_store::UrlPart::new(b"")),
            ..of("")
        },
    ] {
        assert!(matches!(store.delete_where(&filter), Err(Error::NoFilters)));
    }
    assert_eq!(all(&store), before);
}

#[test]
fn a_recording_that_is_just_being_saved_is_erased() {
    let dir = Dir::new();
    let (reached, go_on) = (
        Arc::new(std::sync::Barrier::new(2)),
        Arc::new(std::sync::Barrier::new(2)),
    );
    let barriers = (Arc::clone(&reached), Arc::clone(&go_on));
    let slow = placing(move |path| {
        if path.ends_with("user-3.etf.gz") {
            barriers.0.wait();
            barriers.1.wait();
        }
        Ok(())
    });
    let store = dir.open_on(slow);
    let three = start(&store, "user-3");
    append(&three, &secret(1)).unwrap();
    three.end();
    reached.wait();
    std::thread::scope(|scope| {
        let erased = scope.spawn(|| store.delete_where(&of("user-")));
        // It may come before or after, and both must do.
        std::thread::yield_now();
        go_on.wait();
        assert_eq!(sorted(erased.join().unwrap().unwrap().ids), ["user-3"]);
    });
    assert_eq!(all(&store), [""; 0]);
    assert_eq!(traces(dir.path()), Vec::<PathBuf>::new());
}

#[test]
fn a_note_that_can_not_be_read_is_reported_once_and_set_aside() {
    let dir = Dir::new();
    let store = dir.open();
    store
        .save(&recording(b"a", &[event(1, "event", 30)]), Format::Etf)
        .unwrap();
    drop(store);
    let home = dir.path().join(".native/tmp-7");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(home.join("erase-1-2-3"), b"rplerase and no more").unwrap();
    for times in [1, 0] {
        let store = dir.open();
        let (sender, notices) = std::sync::mpsc::channel();
        store.observe(Box::new(move |notice| sender.send(notice).unwrap()));
        let set_aside = notices.try_iter().filter(
            |notice| matches!(notice, Notice::SetAside { file, .. } if file == "erase-1-2-3"),
        );
        assert_eq!(set_aside.count(), times);
        assert_eq!(all(&store), ["a"]);
    }
    assert!(!home.exists());
    assert!(dir.path().join(".native/erase-1-2-3.bad").exists());
}
