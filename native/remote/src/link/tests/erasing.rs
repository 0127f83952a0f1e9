//! Erasures by a filter, whatever else is in the way.

use replay_s3::{Rule, Trouble};
use replay_store::Wait;

use super::*;
use crate::gone::Gone;

fn erase(node: &Node, id: &str) -> Result<Confirmed, Error> {
    let filter = by_id(id);
    let erase = || node.store.delete_where(&filter);
    node.link.erase(&filter, LONG, erase).map(|(_, it)| it)
}

/// A second engine of a node's directory, by this name.
fn beside(world: &World, node: &Node, name: &str) -> (Link, Store) {
    let store = Store::open(node.dir.path(), StoreOptions::default()).unwrap();
    let settings = Settings {
        node: name.into(),
        poll: Duration::from_millis(50),
        ..Settings::default()
    };
    let link = Link::open(&store, world.bucket(), settings).unwrap();
    (link, store)
}

fn called(link: &Link) -> String {
    String::from_utf8_lossy(link.shared.node.as_bytes()).into_owned()
}

/// The erasures that have their filter still.
fn filters(world: &World) -> Vec<Tag> {
    let has_filter = |key: &str| {
        let gone = Gone::decode(&world.read(key));
        gone.is_ok_and(|it| it.filter.is_some())
    };
    let gone = world.objects(".gone").into_iter();
    let gone = gone.filter(|key| has_filter(key));
    let tags = gone.filter_map(|key| match Key::parse(&key)? {
        Key::Gone { tag, .. } => Some(tag),
        _ => None,
    });
    tags.collect()
}

fn shown(world: &World) -> Vec<String> {
    let mut nodes = world.objects("");
    nodes.retain(|it| it.starts_with(Key::nodes()));
    nodes
}

/// Erases where no other node can confirm. How far that gets in so short a time is the server's concern.
fn erase_unconfirmed(world: &World, node: &Node, id: &str) {
    let filter = by_id(id);
    let soon = Duration::from_millis(500);
    let erase = || node.store.delete_where(&filter);
    let erased = node.link.erase(&filter, soon, erase);
    assert!(erased.map_or(true, |(_, it)| !it.waiting.is_empty()));
    eventually("it is told", || filters(world).len() == 1);
    node.drain();
}

/// Refuses what is asked so of keys like this one.
fn refuse(world: &World, method: &'static str, target: &'static str, status: u16) {
    world.proxy.add(Rule {
        method: Some(method),
        target,
        ..Rule::always(Trouble::Answer(status, "No"))
    });
}

#[test]
fn one_without_the_right_erases_as_well() {
    let world = World::new();
    let (a, c) = (world.node("a"), world.node("c"));
    for name in ["a", "b"] {
        let (link, store) = beside(&world, &a, name);
        assert!(a.link.shared.has_right() && !link.shared.has_right());
        a.save("x", 1);
        a.drain();
        c.lists(&["x"]);
        eventually("all are shown", || shown(&world).len() == 3);
        eventually("it is known", || link.status().is_complete);
        let filter = by_id("x");
        let erased = link.erase(&filter, LONG, || store.delete_where(&filter));
        let mut confirmed = erased.unwrap().1;
        confirmed.nodes.sort_unstable();
        let mut all = [&link, &a.link, &c.link].map(called).to_vec();
        all.sort_unstable();
        assert_eq!((confirmed.nodes, confirmed.waiting), (all, vec![]));
        assert_eq!(
            (world.objects(".etf.gz").len(), filters(&world).len()),
            (0, 0)
        );
    }
}

#[test]
fn engines_of_one_name_are_two_that_are_there() {
    let world = World::new();
    let (a, c) = (world.node("a"), world.node("c"));
    let (link, store) = beside(&world, &a, "a");
    assert_ne!(called(&a.link), called(&link));
    eventually("all are shown", || shown(&world).len() == 3);
    assert_eq!(erase(&c, "x").unwrap().nodes.len(), 3);
    drop((link, store));
    assert_eq!(shown(&world).len(), 2, "the other one is there still");
    assert_eq!(erase(&c, "x").unwrap().nodes.len(), 2);
}

#[test]
fn what_an_engine_left_another_of_its_directory_answers_for() {
    let world = World::new();
    let brief = |it: &mut Settings| it.lost_after = Duration::from_secs(3);
    let new = |name| world.node_in(tempfile::tempdir().unwrap(), name, |_| {}, brief);
    let (a, c) = (new("a"), new("c"));
    let (link, store) = beside(&world, &a, "a");
    eventually("all are shown", || shown(&world).len() == 3);
    // As if it had been killed.
    std::mem::forget(store);
    link.shared.is_stopping.store(true, Relaxed);
    link.shared.bucket.stop();
    let name = called(&link);
    thread::sleep(Duration::from_millis(3_500));
    assert_eq!(erase(&c, "x").unwrap().waiting, [name], "it lives");
    assert_eq!(shown(&world).len(), 3);
    drop(link);
    eventually("it is forgotten", || shown(&world).len() == 2);
    assert_eq!(erase(&c, "x").unwrap().waiting, [""; 0]);
}

#[test]
fn what_an_engine_left_is_looked_at_when_another_has_it() {
    let world = World::new();
    let (a, c) = (world.node("a"), world.node("c"));
    let other = Store::open(a.dir.path(), StoreOptions::default()).unwrap();
    let head = recording("x", local_ms() - 1_000);
    other.start(b"x", &head, 10, Wait::Yes).unwrap();
    eventually("both are shown", || shown(&world).len() == 2);
    assert_eq!(erase(&c, "x").unwrap().waiting, [""; 0]);
    // Its session is another's from now on.
    drop(other);
    let tier = &a.link.shared.tier;
    eventually("it is recovered", || tier.recovered() == 1);
    let is_gone = || tier.running().is_empty() && tier.pending_len() == 0 && a.ids().is_empty();
    eventually("it is gone", is_gone);
    a.drain();
    assert_eq!((a.ids().len(), world.objects(".etf.gz").len()), (0, 0));
}

#[test]
fn who_can_not_confirm_learns_what_is_new() {
    let world = World::new();
    let (a, b) = (world.node("a"), world.node("b"));
    a.save("x", 1);
    a.drain();
    b.lists(&["x"]);
    refuse(&world, "PUT", "confirmed", 403);
    erase_unconfirmed(&world, &a, "x");
    // Of b nothing is taken now, and so a is to put it there.
    a.save("y", 2);
    eventually("it is uploaded", || a.link.status().pending_uploads == 0);
    b.lists(&["y"]);
    let confirmed = Key::confirmed(Some(filters(&world)[0]));
    world.proxy.clear();
    // What says so is taken away with the filter.
    eventually("it confirms", || {
        let mut objects = world.objects("").into_iter();
        objects.any(|it| it.starts_with(&confirmed)) || filters(&world).is_empty()
    });
}

#[test]
fn a_filter_of_a_later_version_is_not_confirmed() {
    let world = World::new();
    let (a, b) = (world.node("a"), world.node("b"));
    let clock = &a.link.shared.clock;
    eventually("the time is known", || clock.is_known());
    let gone = Gone {
        effective: clock.next(),
        origin: a.link.shared.node.clone(),
        ids: Vec::new(),
        filter: Some(b"of a later version".to_vec()),
    };
    let (time, tag) = (clock.next(), random_tag());
    let key = Key::Gone { time, tag };
    world.direct.put(&key, gone.encode().unwrap()).unwrap();
    for number in 0..3 {
        let id = format!("r{number}");
        a.save(&id, number);
        eventually("it is listed", || b.ids().contains(&id));
    }
    let polled = b.link.shared.polled.now();
    eventually("it has been read", || {
        b.link.shared.polled.now() > polled + 2
    });
    assert_eq!(filters(&world), [tag]);
    let mut objects = world.objects("").into_iter();
    assert!(!objects.any(|it| it.contains("confirmed")));
}

#[test]
fn a_filter_is_taken_away_when_the_last_one_has_confirmed() {
    let world = World::new();
    let brief = |it: &mut Settings| it.lost_after = Duration::from_secs(2);
    let new = |name| world.node_in(tempfile::tempdir().unwrap(), name, |_| {}, brief);
    let (a, b) = (new("a"), new("b"));
    eventually("both are shown", || shown(&world).len() == 2);
    refuse(&world, "PUT", "confirmed", 403);
    erase_unconfirmed(&world, &a, "x");
    // Whoever asked for it may be gone by then.
    let dir = a.close();
    world.proxy.clear();
    let a = world.node_in(dir, "a", |_| {}, brief);
    eventually("it is taken away", || filters(&world).is_empty());
    eventually("and what was confirmed", || {
        !world.objects("").iter().any(|it| it.contains("confirmed"))
    });
    drop((a, b));
}

#[test]
fn a_filter_of_a_node_that_is_no_more_is_taken_away_by_another() {
    let world = World::new();
    let brief = |it: &mut Settings| it.lost_after = Duration::from_secs(2);
    let new = |name| world.node_in(tempfile::tempdir().unwrap(), name, |_| {}, brief);
    let [a, b, c] = ["a", "b", "c"].map(new);
    eventually("all are shown", || shown(&world).len() == 3);
    refuse(&world, "PUT", "confirmed", 403);
    erase_unconfirmed(&world, &a, "x");
    drop(a.close());
    assert_eq!((shown(&world).len(), filters(&world).len()), (2, 1));
    world.proxy.clear();
    eventually("it is taken away", || filters(&world).is_empty());
    drop((b, c));
}

#[test]
fn what_is_refused_keeps_no_erasure_waiting() {
    let world = World::new();
    let a = world.node("a");
    a.save("x", 1);
    a.save("y", 2);
    a.drain();
    refuse(&world, "PUT", "x.etf", 413);
    a.save("x", 3);
    eventually("it is refused", || a.link.status().away.is_some());
    assert!(
        a.link.status().pending_deletes > 0,
        "the earlier one waits for it"
    );
    assert_eq!(erase(&a, "y").unwrap().waiting, [""; 0]);
    assert_eq!(filters(&world), []);
}

#[test]
fn what_is_deleted_is_not_remembered_for_ever() {
    let world = World::new();
    let dir = tempfile::tempdir().unwrap();
    let a = world.node_in(
        dir,
        "a",
        |_| {},
        |it| it.overlap = Duration::from_millis(100),
    );
    for number in 0..50 {
        let id = format!("r{number}");
        a.save(&id, number);
        a.store.delete(id.as_bytes()).unwrap();
    }
    a.drain();
    let shared = &a.link.shared;
    eventually("notes are forgotten", || shared.noted.left().is_empty());
    eventually("tombstones are forgotten", || {
        // What is new later has another time.
        a.save("x", 100);
        a.store.delete(b"x").unwrap();
        a.drain();
        shared.own_tombstones.lock().len() < 10
    });
}
