//! What is deleted is deleted everywhere.

use replay_s3::{Rule, Trouble};
use replay_store::{Subject, Wait};

use super::*;
use crate::gone::Gone;
use crate::key::{Name, Time};

#[test]
fn what_one_deletes_is_gone_on_all() {
    let world = World::new();
    let [a, b] = ["a", "b"].map(|name| world.node(name));
    for id in ["x", "y", "z"] {
        a.save(id, 1);
    }
    a.drain();
    eventually("all are listed", || b.ids().len() == 3);
    b.store.read(b"x").unwrap();
    a.store.delete(b"x").unwrap();
    b.store.delete(b"y").unwrap();
    a.drain();
    b.drain();
    for node in [&a, &b] {
        node.lists(&["z"]);
        assert!(matches!(node.store.read(b"x"), Err(Error::NotFound)));
        assert!(matches!(node.store.read(b"y"), Err(Error::NotFound)));
    }
    eventually("it is gone from the bucket", || {
        world.objects(".etf.gz").len() == 1
    });
    assert_eq!((a.files(), b.files()), (1, 0));
    let c = world.node("c");
    c.lists(&["z"]);

    // Saved again, it is there again.
    a.save("x", 5);
    a.drain();
    for node in [&a, &b, &c] {
        node.lists(&["x", "z"]);
    }
}

/// Whoever has a copy of what vanishes without a word puts it there again.
#[test]
fn a_tombstone_is_there_before_what_it_is_about_is_deleted() {
    let world = World::new();
    let a = world.node("a");
    let ids: Vec<_> = (0..40).map(|n| format!("x-{n}")).collect();
    ids.iter().for_each(|id| a.save(id, 1));
    a.drain();
    world.proxy.seen();
    // So that each is deleted while it is told of others.
    world.proxy.add(Rule {
        method: Some("PUT"),
        ..Rule::always(Trouble::Slow(20_000))
    });
    for id in &ids {
        a.store.delete(id.as_bytes()).unwrap();
        thread::sleep(Duration::from_millis(5));
    }
    a.drain();
    let (mut told, mut deleted) = (0, 0);
    for seen in world.proxy.seen() {
        told += usize::from(seen.method == "PUT" && seen.target.contains(".gone"));
        deleted += usize::from(seen.method == "DELETE" && seen.target.contains("x-"));
        assert!(deleted <= told, "{deleted} are deleted, {told} are told");
    }
    assert_eq!(deleted, ids.len());
}

#[test]
fn what_was_deleted_while_a_node_was_down_does_not_come_back() {
    let world = World::new();
    let [a, b] = ["a", "b"].map(|name| world.node(name));
    for id in ["x", "y"] {
        a.save(id, 1);
    }
    a.drain();
    eventually("both are listed", || b.ids().len() == 2);
    let dir = a.close();
    b.store.delete(b"x").unwrap();
    b.drain();
    let a = world.node_in(dir, "a", |_| {}, |_| {});
    a.lists(&["y"]);
    a.drain();
    assert_eq!(a.link.status().uploaded, 0);
    assert_eq!(world.objects("x.etf.gz").len(), 0);
}

#[test]
fn a_deletion_outlives_an_outage_and_a_restart() {
    let world = World::new();
    let [a, b] = ["a", "b"].map(|name| world.node(name));
    for id in ["x", "y", "z"] {
        a.save(id, 1);
    }
    a.drain();
    eventually("all are listed", || b.ids().len() == 3);
    world.proxy.refuse(true).unwrap();
    a.store.delete(b"x").unwrap();
    assert!(a.link.status().pending_deletes > 0);
    let dir = a.close();
    world.proxy.refuse(false).unwrap();
    assert_eq!(world.objects("x.etf.gz").len(), 1);
    let a = world.node_in(dir, "a", |_| {}, |_| {});
    eventually("all is known", || a.link.status().is_complete);
    a.drain();
    assert!(world.objects("x.etf.gz").is_empty(), "it is gone");
    for node in [&a, &b] {
        eventually("it is not listed", || node.ids().len() == 2);
    }
}

#[test]
fn what_is_saved_again_after_a_deletion_outlives_a_restart() {
    let world = World::new();
    let a = world.node("a");
    for id in ["x", "y"] {
        // Of another size, as most are.
        let first = recording(id, 1);
        a.store.save(&first, Format::Json).unwrap();
    }
    a.drain();
    for (id, at) in [("x", 5), ("y", 6)] {
        if id == "y" {
            world.proxy.refuse(true).unwrap();
        }
        thread::sleep(Duration::from_millis(10));
        let before = std::time::SystemTime::now();
        thread::sleep(Duration::from_millis(10));
        a.store.delete(id.as_bytes()).unwrap();
        a.save(id, at);
        // As saved in the same moment: the system's clock for files has not gone on.
        let file = std::fs::File::open(a.dir.path().join(format!("{id}.etf.gz"))).unwrap();
        file.set_modified(before).unwrap();
        if id == "x" {
            a.drain();
        }
    }
    let dir = a.close();
    world.proxy.refuse(false).unwrap();
    let a = world.node_in(dir, "a", |_| {}, |_| {});
    eventually("all is known", || a.link.status().is_complete);
    a.drain();
    a.lists(&["y", "x"]);
    let b = world.node("b");
    b.lists(&["y", "x"]);
}

#[test]
fn an_erasure_is_carried_out_by_all_and_says_by_whom() {
    let world = World::new();
    let [a, b] = ["a", "b"].map(|name| world.node(name));
    for id in ["x1", "x2", "y"] {
        a.save(id, 1);
    }
    a.drain();
    eventually("all are listed", || b.ids().len() == 3);
    // What is being recorded elsewhere, and what is not yet in the bucket.
    let head = recording("x3", local_ms() - 1_000);
    b.store.start(b"x3", &head, 10, Wait::Yes).unwrap();
    let filter = by_id("x");
    let (erased, confirmed) = a
        .link
        .erase(&filter, LONG, || a.store.delete_where(&filter))
        .unwrap();
    let mut ids: Vec<_> = erased.ids.iter().map(|id| id.to_vec()).collect();
    ids.sort();
    assert_eq!(ids, [b"x1", b"x2"]);
    let named = |name: &str| confirmed.nodes.iter().any(|node| node.starts_with(name));
    assert!(
        named("a-") && named("b-") && confirmed.waiting.is_empty(),
        "{confirmed:?}"
    );
    assert_eq!(b.store.actives().len(), 0);
    for node in [&a, &b] {
        node.lists(&["y"]);
    }
    assert_eq!(world.objects(".etf.gz").len(), 1, "the bucket is clean");

    // A session that begins later is another one.
    b.save("x4", local_ms() + 10_000);
    b.drain();
    a.lists(&["x4", "y"]);
}

#[test]
fn no_rows_are_left_of_what_is_erased() {
    let world = World::new();
    let [a, b] = ["a", "b"].map(|name| world.node(name));
    for number in 0..40 {
        a.save(&format!("r{number}"), number);
    }
    a.drain();
    eventually("rows are there", || !world.objects(".rows").is_empty());
    eventually("all are listed", || b.ids().len() == 40);
    let names_r1 = |rows: &[u8]| {
        let named = b.store.tier().named_in(rows);
        named.iter().any(|object| object.file.starts_with(b"r1"))
    };
    let keys = world.objects(".rows").into_iter();
    let mut all = keys.map(|key| (key.clone(), world.read(&key)));
    let before = all.find(|(_, rows)| names_r1(rows)).unwrap();
    let filter = by_id("r1");
    b.link
        .erase(&filter, LONG, || b.store.delete_where(&filter))
        .unwrap();
    let named = || -> Vec<_> {
        let rows = world.objects(".rows").into_iter();
        let named = rows.flat_map(|key| b.store.tier().named_in(&world.read(&key)));
        let files = named.map(|object| object.file.into_vec());
        files.map(|file| String::from_utf8(file).unwrap()).collect()
    };
    let is_erased = |file: &String| file.starts_with("r1");
    assert!(!named().iter().any(is_erased), "{:?}", named());
    assert!(named().iter().any(|file| file.starts_with("r2")));

    // Nor of what another told just then, before it heard of it and was killed.
    world.write(&before.0, before.1);
    assert!(named().iter().any(is_erased));
    let _a = world.node_in(a.close(), "a", |_| {}, |_| {});
    eventually("they are gone, too", || !named().iter().any(is_erased));
}

#[test]
fn rows_that_nobody_can_read_go_when_something_is_erased() {
    let world = World::new();
    let a = world.node("a");
    ["x", "y"].iter().for_each(|id| a.save(id, 1));
    a.drain();
    let put = |number, bytes: Vec<u8>| {
        let time = Time::from_ms(local_ms() as u64).unwrap();
        let tag = Tag(number);
        world.direct.put(&Key::Rows { time, tag }, bytes.into())
    };
    // One is larger than any is, and one is none.
    put(1, vec![0; 17 << 20]).unwrap();
    put(2, b"junk".to_vec()).unwrap();
    // That it is refused says nothing about what is read.
    world.proxy.add(Rule {
        method: Some("GET"),
        target: ".rows",
        ..Rule::always(Trouble::Answer(403, "AccessDenied"))
    });
    let filter = by_id("x");
    let erased = a
        .link
        .erase(&filter, LONG, || a.store.delete_where(&filter));
    assert!(erased.is_err(), "{erased:?}");
    assert_eq!(world.objects(".rows").len(), 2);
    world.proxy.clear();
    a.drain();
    assert_eq!(world.objects(".rows"), [""; 0]);
    a.lists(&["y"]);
}

#[test]
fn an_erasure_while_the_bucket_is_away_is_done_here_and_then_there() {
    let world = World::new();
    let [a, b] = ["a", "b"].map(|name| world.node(name));
    a.save("x", 1);
    a.drain();
    b.lists(&["x"]);
    world.proxy.refuse(true).unwrap();
    let filter = by_id("x");
    let short = Duration::from_secs(1);
    let erased = a
        .link
        .erase(&filter, short, || a.store.delete_where(&filter));
    assert!(
        matches!(erased, Err(Error::Remote(RemoteFault::Unavailable))),
        "{erased:?}"
    );
    assert_eq!((a.ids().len(), a.files()), (0, 0));
    world.proxy.refuse(false).unwrap();
    a.drain();
    eventually("it is gone there", || b.ids().is_empty());
    assert_eq!(world.objects(".etf.gz").len(), 0);
}

#[test]
fn an_erasure_by_a_subject_or_by_content_reaches_all() {
    let world = World::new();
    let [a, b] = ["a", "b"].map(|name| world.node(name));
    let subject = Subject::Integer(42);
    for id in ["mine", "other"] {
        let subject = (id == "mine").then(|| subject.clone());
        a.store
            .save_for(&recording(id, 1), Format::Etf, subject)
            .unwrap();
    }
    b.save("third", 2);
    a.drain();
    b.drain();
    for node in [&a, &b] {
        eventually("all are listed", || node.ids().len() == 3);
    }
    let by_subject = Filter {
        subject: Some([subject].into()),
        ..Filter::default()
    };
    let erased = b
        .link
        .erase(&by_subject, LONG, || b.store.delete_where(&by_subject));
    assert_eq!(erased.unwrap().0.ids.len(), 1);
    let by_content = Filter {
        contains: replay_store::Needle::text(b"s-third"),
        ..Filter::default()
    };
    let erased = a
        .link
        .erase(&by_content, LONG, || a.store.delete_where(&by_content));
    assert_eq!(erased.unwrap().0.ids.len(), 1, "it is read from the bucket");
    for node in [&a, &b] {
        node.lists(&["other"]);
    }
    assert_eq!(world.objects(".etf.gz").len(), 1);
}

#[test]
fn what_an_earlier_run_was_deleting_is_not_uploaded_by_the_next() {
    let world = World::new();
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), StoreOptions::default()).unwrap();
    let ids = ["x", "y"].iter();
    ids.for_each(|id| store.save(&recording(id, 1), Format::Etf).unwrap());
    // Killed when it was noted and not yet done.
    let gone = Gone {
        effective: Time::from_ms(local_ms() as u64).unwrap(),
        origin: Name::new(*b"earlier").unwrap(),
        ids: vec![b"x".to_vec()],
        filter: None,
    };
    let note = gone.encode().unwrap();
    store.tier().write_note(&note, |_| {}).unwrap();
    drop(store);
    // It is told of late.
    world.proxy.add(Rule {
        method: Some("PUT"),
        target: ".gone",
        ..Rule::always(Trouble::Slow(1_000))
    });
    let a = world.node_in(dir, "a", |_| {}, |_| {});
    a.lists(&["y"]);
    a.drain();
    let mut seen = world.proxy.seen().into_iter();
    assert!(!seen.any(|it| it.method == "PUT" && it.target.contains("x.etf")));
    assert_eq!(world.objects(".etf.gz").len(), 1);
}
