//! What is beyond the limits goes, from the bucket too.

use replay_store::Retention;

use super::*;

/// A node that keeps five recordings.
fn limited(world: &World, name: &str) -> Node {
    let limit = |it: &mut StoreOptions| {
        it.retention = Retention {
            max_recordings: Some(5),
            ..Retention::default()
        };
    };
    world.node_in(tempfile::tempdir().unwrap(), name, limit, |_| {})
}

#[test]
fn two_who_keep_limits_at_once_do_no_harm() {
    let world = World::new();
    let nodes = ["a", "b"].map(|name| limited(&world, name));
    for node in &nodes {
        eventually("it has asked", || node.link.status().is_complete);
    }
    // As if the lease had run out for one who does not know it yet.
    for node in &nodes {
        node.link.shared.is_retaining.store(true, Relaxed);
    }
    for number in 0..40 {
        nodes[number % 2].save(&format!("r{number:02}"), number as i64);
    }
    let left = ["r39", "r38", "r37", "r36", "r35"];
    nodes.iter().for_each(|node| node.lists(&left));
    nodes.iter().for_each(Node::drain);
    eventually("in the bucket too", || world.objects(".etf.gz").len() == 5);
    nodes.iter().for_each(|node| node.lists(&left));
}

#[test]
fn limits_are_kept_for_all_by_one() {
    let world = World::new();
    let (a, b) = (limited(&world, "a"), limited(&world, "b"));
    for number in 0..20 {
        let node = if number % 2 == 0 { &a } else { &b };
        node.save(&format!("r{number:02}"), number);
    }
    let left = ["r19", "r18", "r17", "r16", "r15"];
    for node in [&a, &b] {
        node.lists(&left);
    }
    eventually("in the bucket too", || world.objects(".etf.gz").len() == 5);
    let has_one = || {
        let retaining = [&a, &b].map(|node| node.link.status().is_retaining);
        retaining.iter().filter(|it| **it).count() == 1
    };
    // A server that lets two write a new object at once may give it to both, until one of them
    // renews it.
    let at_once = has_one();
    assert!(at_once || world.is_elsewhere());
    eventually("one has the lease", has_one);
}
