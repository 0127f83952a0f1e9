//! Sessions of nodes that are lost with their disks.

use replay_s3::{Rule, Trouble};
use replay_store::Wait;

use super::*;
use crate::key::Name;

const OFTEN: Duration = Duration::from_millis(100);

fn node(world: &World, name: &str) -> Node {
    let dir = tempfile::tempdir().unwrap();
    world.node_in(
        dir,
        name,
        |_| {},
        |it| {
            it.checkpoint = Some(OFTEN);
            it.lost_after = Duration::from_secs(3);
        },
    )
}

/// As a machine is lost: nothing is told, and nothing is left.
fn lose(node: Node) {
    node.link.shared.is_stopping.store(true, Relaxed);
    node.link.shared.bucket.stop();
    node.link.shared.to_poll.give();
    node.link.shared.to_upload.give();
    std::mem::forget(node.store);
    drop(node.link);
}

#[test]
fn what_a_lost_node_was_recording_is_taken_in_by_another() {
    let world = World::new();
    let (a, b) = (node(&world, "a"), node(&world, "b"));
    for id in ["r1", "r2"] {
        let head = recording(id, local_ms());
        a.store.start(id.as_bytes(), &head, 10, Wait::Yes).unwrap();
    }
    eventually("parts are there", || world.objects("/0").len() == 2);
    lose(a);
    eventually("another has them", || b.ids().len() == 2);
    eventually("and puts them there", || {
        world.objects(".etf.gz").len() == 2
    });
    assert!(b.store.list().unwrap().iter().all(|it| it.recovered));
    eventually("the parts are gone", || world.objects("/0").is_empty());
}

#[test]
fn a_node_that_is_new_takes_in_all_of_them() {
    let world = World::new();
    let a = node(&world, "a");
    for number in 0..5 {
        let id = format!("r{number}");
        let head = recording(&id, local_ms());
        a.store.start(id.as_bytes(), &head, 10, Wait::Yes).unwrap();
    }
    eventually("parts are there", || world.objects("/0").len() == 5);
    let shown = Key::Node(a.link.shared.node.clone());
    lose(a);
    world.remove(&shown.to_string());
    let b = node(&world, "b");
    eventually("it has them", || b.ids().len() == 5);
    eventually("and puts them there", || {
        world.objects(".etf.gz").len() == 5 && world.objects("/0").is_empty()
    });
}

#[test]
fn parts_go_when_the_session_is_in_the_bucket() {
    let world = World::new();
    let a = node(&world, "a");
    let head = recording("r", local_ms());
    let running = a.store.start(b"r", &head, 10, Wait::Yes).unwrap();
    eventually("a part is there", || world.objects("/0").len() == 1);
    running.end();
    a.store.drain(LONG);
    a.drain();
    eventually("it is gone", || world.objects("/0").is_empty());
    assert_eq!(world.objects(".etf.gz").len(), 1);

    // One that nobody wants leaves nothing.
    let head = recording("unwanted", local_ms());
    let running = a.store.start(b"unwanted", &head, 10, Wait::Yes).unwrap();
    eventually("a part is there", || world.objects("/0").len() == 1);
    running.discard();
    eventually("it is gone", || world.objects("/0").is_empty());
}

#[test]
fn parts_of_an_earlier_run_go_when_what_they_are_of_is_there() {
    let world = World::new();
    let a = node(&world, "a");
    a.save("x", 1);
    let part = |node: &Node| Key::Part {
        node: node.link.shared.node.clone(),
        stem: Name::new(*b"x").unwrap(),
        number: 0,
    };
    let key = part(&a);
    let dir = a.close();
    world.direct.put(&key, vec![1].into()).unwrap();
    // The node that comes next looks for parts before it has uploaded that.
    for object in world.objects(".etf.gz") {
        world.remove(&object);
    }
    world.proxy.add(Rule {
        method: Some("PUT"),
        target: ".etf",
        ..Rule::always(Trouble::Slow(500))
    });
    let rare = |it: &mut Settings| it.lost_after = LONG * 10;
    let a = world.node_in(dir, "a", |_| {}, rare);
    assert_eq!(part(&a), key);
    eventually("it is gone", || world.objects("/0").is_empty());
    assert_eq!(world.objects(".etf.gz").len(), 1);
}

#[test]
fn of_what_is_erased_no_part_is_left_when_that_is_said() {
    let world = World::new();
    let seldom = |name: &str| {
        let dir = tempfile::tempdir().unwrap();
        let set = |it: &mut Settings| it.checkpoint = Some(Duration::from_secs(2));
        world.node_in(dir, name, |_| {}, set)
    };
    let (a, b) = (seldom("a"), seldom("b"));
    for by in [&a, &b] {
        let head = recording("erased", local_ms() - 1_000);
        let running = a.store.start(b"erased", &head, 10, Wait::Yes).unwrap();
        eventually("a part is there", || world.objects("/0").len() == 1);
        let filter = by_id("erased");
        let erase = || by.store.delete_where(&filter);
        let (_, confirmed) = by.link.erase(&filter, LONG, erase).unwrap();
        assert_eq!((confirmed.nodes.len(), confirmed.waiting.len()), (2, 0));
        assert_eq!(world.objects("/0").len(), 0);
        running.discard();
    }
}

#[test]
fn an_erasure_reaches_sessions_of_those_whose_clocks_are_off() {
    const OFF: i64 = 600_000;
    let world = World::new();
    let skewed = |name: &str, skew_ms| {
        let dir = tempfile::tempdir().unwrap();
        world.node_in(dir, name, |_| {}, |it| it.skew_ms = skew_ms)
    };
    let (behind, ahead) = (skewed("behind", -OFF), skewed("ahead", OFF));
    for (by, other, skew_ms) in [(&behind, &ahead, OFF), (&ahead, &behind, -OFF)] {
        let start = |id: &str, after_ms| {
            let head = recording(id, local_ms() + skew_ms + after_ms);
            let started = other.store.start(id.as_bytes(), &head, 10, Wait::Yes);
            started.unwrap()
        };
        let _before = start("x-before", -1_000);
        // It begins in a while, so that the seconds of servers do not count.
        let after = start("x-after", 60_000);
        let filter = by_id("x-");
        let erase = || by.store.delete_where(&filter);
        let (_, confirmed) = by.link.erase(&filter, LONG, erase).unwrap();
        assert_eq!((confirmed.nodes.len(), confirmed.waiting.len()), (2, 0));
        assert_eq!(other.ids(), ["x-after"]);
        after.discard();
    }
}

#[test]
fn what_was_erased_does_not_come_back_with_a_lost_node() {
    let world = World::new();
    let (a, b) = (node(&world, "a"), node(&world, "b"));
    for id in ["deleted", "erased", "kept"] {
        let head = recording(id, local_ms() - 1_000);
        a.store.start(id.as_bytes(), &head, 10, Wait::Yes).unwrap();
    }
    eventually("parts are there", || world.objects("/0").len() == 3);
    lose(a);
    b.store.delete(b"deleted").unwrap();
    let filter = by_id("erased");
    let short = Duration::from_secs(1);
    // It may be that the lost node is still waited for.
    let _ = b
        .link
        .erase(&filter, short, || b.store.delete_where(&filter));
    b.lists(&["kept"]);
    b.drain();
    eventually("nothing else is left", || {
        world.objects("/0").is_empty() && world.objects(".etf.gz").len() == 1
    });
}

#[test]
fn what_was_erased_does_not_come_back_while_others_are_not_taken_in() {
    let world = World::new();
    let (a, b) = (node(&world, "a"), node(&world, "b"));
    let head = recording("erased", local_ms() - 1_000);
    a.store.start(b"erased", &head, 10, Wait::Yes).unwrap();
    eventually("a part is there", || world.objects("/0").len() == 1);
    // Some are of no use to anybody, and stay.
    world.proxy.add(Rule {
        method: Some("DELETE"),
        target: "useless",
        ..Rule::always(Trouble::Answer(403, "AccessDenied"))
    });
    for number in 0..3 {
        let useless = Key::Part {
            node: a.link.shared.node.clone(),
            stem: Name::new(format!("useless-{number}").into_bytes()).unwrap(),
            number: 0,
        };
        world.direct.put(&useless, vec![1].into()).unwrap();
    }
    lose(a);
    let filter = by_id("erased");
    let short = Duration::from_secs(1);
    let _ = b
        .link
        .erase(&filter, short, || b.store.delete_where(&filter));
    eventually("it is read", || {
        let mut seen = world.proxy.seen().into_iter();
        seen.any(|it| it.method == "GET" && it.target.contains("/erased/"))
    });
    let read_at = b.link.shared.polled.now();
    eventually("all was done after that", || {
        b.link.shared.polled.now() > read_at + 1
    });
    world.proxy.clear();
    eventually("nothing is left", || world.objects("/0").is_empty());
    b.drain();
    assert_eq!(b.ids(), [""; 0]);
    assert_eq!(world.objects(".etf.gz").len(), 0);
}

#[test]
fn what_runs_is_put_there_and_taken_in_while_nothing_is_deleted() {
    let world = World::new();
    let (a, b) = (node(&world, "a"), node(&world, "b"));
    let start = |node: &Node, id: &str| {
        let head = recording(id, local_ms());
        let started = node.store.start(id.as_bytes(), &head, 10, Wait::Yes);
        let part = format!("/{id}/0");
        eventually("a part is there", || world.objects(&part).len() == 1);
        started.unwrap()
    };
    let (_lost, unwanted) = (start(&a, "lost"), start(&b, "unwanted"));
    world.proxy.add(Rule {
        method: Some("DELETE"),
        ..Rule::always(Trouble::Answer(403, "AccessDenied"))
    });
    unwanted.discard();
    eventually("that is refused", || b.link.status().away.is_some());
    let _running = start(&b, "running");
    let shown = Key::Node(a.link.shared.node.clone());
    lose(a);
    world.remove(&shown.to_string());
    eventually("it is taken in", || b.ids().iter().any(|id| id == "lost"));
    assert!(b.link.status().away.is_some());
    world.proxy.clear();
    eventually("what is over leaves nothing", || {
        world.objects("/0").len() == 1
    });
}

#[test]
fn an_erasure_that_fails_for_what_was_taken_in_is_tried_again() {
    let world = World::new();
    let (a, b) = (node(&world, "a"), node(&world, "b"));
    let head = recording("erased", local_ms() - 1_000);
    a.store.start(b"erased", &head, 10, Wait::Yes).unwrap();
    eventually("a part is there", || world.objects("/0").len() == 1);
    lose(a);
    let filter = by_id("erased");
    let short = Duration::from_secs(1);
    let _ = b
        .link
        .erase(&filter, short, || b.store.delete_where(&filter));
    // Nothing is erased where it can't be told what is set aside.
    let set_aside = b.dir.path().join(".native/quarantine");
    std::fs::write(&set_aside, "no directory").unwrap();
    eventually("it is taken in", || b.ids() == ["erased"]);
    let taken_in_at = b.link.shared.polled.now();
    eventually("all was done after that", || {
        b.link.shared.polled.now() > taken_in_at + 1
    });
    std::fs::remove_file(set_aside).unwrap();
    eventually("it is gone", || b.ids().is_empty());
    b.drain();
    eventually("from the bucket, too", || {
        world.objects("/0").is_empty() && world.objects(".etf.gz").is_empty()
    });
}
