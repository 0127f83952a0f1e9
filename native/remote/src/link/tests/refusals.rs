//! A bucket that takes some things and refuses others.

use replay_s3::{Rule, Trouble};

use super::*;

fn refuse(world: &World, method: &'static str, target: &'static str, status: u16) {
    world.proxy.add(Rule {
        method: Some(method),
        target,
        ..Rule::always(Trouble::Answer(status, ""))
    });
}

fn told(node: &Node) -> Option<RemoteFault> {
    node.link.status().away.map(|(fault, _)| fault)
}

/// Requests since this was asked the last time.
fn asked(world: &World, method: &str, target: &str) -> usize {
    let seen = world.proxy.seen().into_iter();
    seen.filter(|it| it.method == method && it.target.contains(target))
        .count()
}

#[test]
fn what_is_not_taken_is_in_nobodys_way() {
    for (status, fault) in [
        (413, RemoteFault::TooLarge),
        (409, RemoteFault::Invalid),
        (400, RemoteFault::Invalid),
    ] {
        let world = World::new();
        let a = world.node("a");
        a.save("first", 0);
        a.drain();
        refuse(&world, "PUT", "refused", status);
        world.proxy.seen();
        // More than are uploaded at once.
        let ids: Vec<_> = (0..20).map(|number| format!("refused-{number}")).collect();
        ids.iter().for_each(|id| a.save(id, 1));
        a.save("good", 2);
        eventually("the other one is there", || {
            a.link.status().pending_uploads == ids.len()
        });
        assert_eq!(told(&a), Some(fault));
        for number in 0..10 {
            a.save(&format!("good-{number}"), 3);
            thread::sleep(Duration::from_millis(50));
        }
        eventually("others are there", || {
            a.link.status().pending_uploads == ids.len()
        });
        assert_eq!(asked(&world, "PUT", "refused"), ids.len(), "once each");
        assert_eq!(told(&a), Some(fault));

        // Something else under its name is tried at once, and what is gone is none to wait for.
        world.proxy.clear();
        a.save(&ids[0], 4);
        eventually("it is taken", || {
            a.link.status().pending_uploads == ids.len() - 1
        });
        assert_eq!(told(&a), Some(fault));
        let rest = ids[1..].iter();
        rest.for_each(|id| a.store.delete(id.as_bytes()).unwrap());
        a.drain();
        eventually("all is well", || told(&a).is_none());
    }
}

#[test]
fn what_can_be_read_is_read_while_nothing_is_taken() {
    let world = World::new();
    let [a, b] = ["a", "b"].map(|name| world.node(name));
    a.save("x", 1);
    a.drain();
    b.lists(&["x"]);
    refuse(&world, "PUT", "", 507);
    a.save("y", 2);
    eventually("it is told", || told(&a) == Some(RemoteFault::Unavailable));
    world.proxy.seen();
    let until = Instant::now() + Duration::from_secs(2);
    while Instant::now() < until {
        assert_eq!(told(&a), Some(RemoteFault::Unavailable), "and not over");
        thread::sleep(Duration::from_millis(5));
    }
    let seen = world.proxy.seen();
    let of = |method: &str| seen.iter().filter(|it| it.method == method).count();
    // Two nodes, and pauses that double: fewer than one for each poll.
    assert!(of("PUT") < of("GET"), "{} and {}", of("PUT"), of("GET"));
    assert!(b.store.read(b"x").is_ok());
    world.proxy.clear();
    a.drain();
    eventually("it is over", || told(&a).is_none());
    eventually("for both", || b.ids().len() == 2);
}

#[test]
fn what_can_be_put_there_is_put_there_while_nothing_is_deleted() {
    let world = World::new();
    let a = world.node("a");
    a.save("x", 1);
    a.drain();
    refuse(&world, "DELETE", "", 403);
    a.store.delete(b"x").unwrap();
    eventually("it is told", || told(&a) == Some(RemoteFault::Denied));
    for number in 0..5 {
        a.save(&format!("r{number}"), number);
        eventually("it is uploaded", || a.link.status().pending_uploads == 0);
        assert_eq!(told(&a), Some(RemoteFault::Denied), "and not over");
    }
    assert!(a.link.status().pending_deletes > 0);
    assert_eq!(world.objects("x.etf.gz").len(), 1);
    world.proxy.clear();
    a.drain();
    eventually("it is over", || told(&a).is_none());
    assert_eq!(world.objects("x.etf.gz").len(), 0);
}

#[test]
fn an_address_where_no_bucket_is_is_told() {
    let world = World::new();
    for method in ["PUT", "GET"] {
        refuse(&world, method, "", 404);
        let a = world.node("a");
        eventually("it is told", || told(&a).is_some());
        world.proxy.clear();
        eventually("it is there after all", || a.link.status().is_complete);
        eventually("and that is told", || told(&a).is_none());
    }
}
