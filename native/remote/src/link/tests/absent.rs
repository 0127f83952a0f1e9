//! Erasures by a filter, and nodes that are not there to hear of them.

use replay_s3::{Rule, Trouble};

use super::*;

/// A node that counts as lost soon.
fn brief(world: &World, dir: TempDir, name: &str) -> Node {
    let set = |it: &mut Settings| it.lost_after = Duration::from_secs(1);
    world.node_in(dir, name, |_| {}, set)
}

fn new(world: &World, name: &str) -> Node {
    brief(world, tempfile::tempdir().unwrap(), name)
}

fn called(node: &Node) -> String {
    String::from_utf8_lossy(node.link.shared.node.as_bytes()).into_owned()
}

/// The names of the nodes that have not confirmed.
fn erase(node: &Node, id: &str, timeout: Duration) -> Vec<String> {
    let filter = by_id(id);
    let erase = || node.store.delete_where(&filter);
    node.link.erase(&filter, timeout, erase).unwrap().1.waiting
}

/// Which nodes show that they are there, as the bucket has it.
fn shown(world: &World) -> usize {
    let nodes = world.objects("").into_iter();
    nodes.filter(|it| it.starts_with(Key::nodes())).count()
}

#[test]
fn an_erasure_names_who_has_not_confirmed() {
    let world = World::new();
    let [a, b] = ["a", "b"].map(|name| world.node(name));
    a.save("x", 1);
    a.drain();
    b.lists(&["x"]);
    let node = called(&b);
    // As if it had been killed: it does not say that it goes.
    let dir = b.dir;
    std::mem::forget(b.store);
    b.link.shared.is_stopping.store(true, Relaxed);
    b.link.shared.bucket.stop();
    assert_eq!(erase(&a, "x", Duration::from_secs(2)), [node]);
    assert_eq!(world.objects(".etf.gz").len(), 0);
    drop(dir);
}

#[test]
fn who_went_with_something_of_its_own_is_named_and_hears_of_it_later() {
    let world = World::new();
    let (a, b) = (new(&world, "a"), new(&world, "b"));
    eventually("both are shown", || shown(&world) == 2);
    // It is not in the bucket when it goes.
    world.proxy.add(Rule {
        method: Some("PUT"),
        target: "erased",
        ..Rule::always(Trouble::Answer(413, ""))
    });
    b.save("erased", 1);
    let name = called(&b);
    let dir = b.close();
    thread::sleep(Duration::from_millis(1_500));
    assert_eq!(erase(&a, "erased", LONG), [name], "without waiting for it");

    world.proxy.clear();
    let b = brief(&world, dir, "b");
    eventually("it is gone there, too", || b.ids().is_empty());
    b.drain();
    assert_eq!((world.objects(".etf.gz").len(), a.ids().len()), (0, 0));
    eventually("it is not named any more", || {
        erase(&a, "erased", LONG).is_empty()
    });
}

#[test]
fn who_went_with_nothing_of_its_own_is_not_named() {
    let world = World::new();
    let (a, b) = (new(&world, "a"), new(&world, "b"));
    b.save("x", 1);
    b.drain();
    a.lists(&["x"]);
    drop(b.close());
    assert_eq!(erase(&a, "x", LONG), [""; 0]);
    assert_eq!(shown(&world), 1);
}

#[test]
fn who_is_silent_for_a_month_is_forgotten() {
    let world = World::new();
    let Some((folder, _)) = &world.local else {
        return;
    };
    let a = new(&world, "a");
    let path = |name: &str| {
        let nodes = folder.path().join("bucket").join(&world.prefix);
        nodes.join(Key::nodes()).join(name)
    };
    for (name, days) in [("lost", 29), ("forgotten", 31)] {
        world.write(&format!("{}{name}", Key::nodes()), vec![1]);
        let file = std::fs::File::options().write(true).open(path(name));
        let age = Duration::from_secs(days * 24 * 3_600);
        let then = std::time::SystemTime::now() - age;
        file.unwrap().set_modified(then).unwrap();
    }
    assert_eq!(erase(&a, "x", LONG), ["lost"]);
    assert!(path("lost").exists() && !path("forgotten").exists());
}
