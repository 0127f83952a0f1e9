//! A bucket that is away, slow, refuses, or is damaged.

use replay_s3::{Rule, Trouble};

use super::*;

#[test]
fn a_bucket_that_is_away_changes_nothing_here() {
    let world = World::new();
    let [a, b] = ["a", "b"].map(|name| world.node(name));
    a.save("x", 1);
    a.drain();
    b.lists(&["x"]);
    world.proxy.refuse(true).unwrap();
    for number in 0..10 {
        a.save(&format!("r{number}"), 10 + number);
        assert!(a.store.read(format!("r{number}").as_bytes()).is_ok());
    }
    eventually("it is told", || a.link.status().away.is_some());
    assert_eq!((a.link.status().pending_uploads, a.ids().len()), (10, 11));
    let away = b.store.read(b"x");
    assert!(
        matches!(away, Err(Error::Remote(RemoteFault::Unavailable))),
        "{away:?}"
    );
    b.lists(&["x"]);
    let status = a.link.drain(Duration::from_millis(200));
    assert_eq!(status.pending_uploads, 10);
    world.proxy.refuse(false).unwrap();
    a.drain();
    eventually("it is back", || a.link.status().away.is_none());
    eventually("all are listed", || b.ids().len() == 11);
    assert_eq!(world.objects(".etf.gz").len(), 11, "none twice");
}

#[test]
fn each_refusal_is_told_and_ends() {
    let world = World::new();
    let a = world.node("a");
    a.save("first", 0);
    a.drain();
    let troubles = [
        (Trouble::Answer(403, "AccessDenied"), RemoteFault::Denied),
        (Trouble::Answer(404, "NoSuchBucket"), RemoteFault::NoBucket),
        (Trouble::Answer(429, "SlowDown"), RemoteFault::Throttled),
        (Trouble::Answer(503, "SlowDown"), RemoteFault::Throttled),
        (
            Trouble::Answer(500, "InternalError"),
            RemoteFault::Unavailable,
        ),
        (Trouble::CutSending(300), RemoteFault::Unavailable),
        (Trouble::CutReceiving(10), RemoteFault::Unavailable),
        (Trouble::StallReceiving(10), RemoteFault::Unavailable),
    ];
    for (number, (trouble, fault)) in (1..).zip(troubles) {
        world.proxy.add(Rule::always(trouble));
        let id = format!("r{number}");
        a.save(&id, number);
        let told = || a.link.status().away.map(|(fault, _)| fault);
        eventually(&format!("{trouble:?} is told"), || told() == Some(fault));
        assert_eq!(a.ids().len(), number as usize + 1, "listed all the same");
        world.proxy.clear();
        a.drain();
    }
    // One whose answer was lost may be there twice for a while.
    eventually("each is there once", || world.objects(".etf.gz").len() == 9);
}

#[test]
fn a_start_without_the_bucket_is_no_failure() {
    let world = World::new();
    let a = world.node("a");
    a.save("x", 1);
    a.drain();
    world.proxy.refuse(true).unwrap();
    let b = world.node("b");
    b.save("mine", 2);
    assert_eq!(b.ids(), ["mine"]);
    assert!(b.store.read(b"mine").is_ok());
    let unknown = b.store.read(b"x");
    assert!(
        matches!(unknown, Err(Error::Remote(RemoteFault::Unavailable))),
        "{unknown:?}"
    );
    assert!(!b.link.status().is_complete);
    world.proxy.refuse(false).unwrap();
    b.lists(&["mine", "x"]);
    assert!(b.store.read(b"x").is_ok());
    eventually("all is known", || b.link.status().is_complete);
    assert!(matches!(b.store.read(b"none"), Err(Error::NotFound)));
}

#[test]
fn wrong_credentials_and_a_bucket_that_is_not_there_are_told() {
    let world = World::new();
    for (address, secret, fault) in [
        (&*world.bucket, Some("wrong"), RemoteFault::Denied),
        ("none", None, RemoteFault::NoBucket),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), StoreOptions::default()).unwrap();
        store.save(&recording("x", 1), Format::Etf).unwrap();
        let bucket = world.bucket_as(address, secret);
        let link = Link::open(&store, bucket, Settings::default()).unwrap();
        let told = || link.status().away.map(|(fault, _)| fault);
        eventually(&format!("{fault:?}"), || told() == Some(fault));
        assert_eq!(link.status().pending_uploads, 1);
        assert!(store.read(b"x").is_ok());
    }
}

#[test]
fn a_damaged_object_is_counted_and_hides_no_other() {
    let world = World::new();
    let a = world.node("a");
    for id in ["x", "y"] {
        a.save(id, 1);
    }
    a.drain();
    let object = world.objects("x.etf.gz").remove(0);
    world.write(&object, vec![7; world.read(&object).len()]);
    let b = world.node("b");
    b.lists(&["y"]);
    eventually("it is counted", || b.link.status().unreadable == 1);
    eventually("all is known", || b.link.status().is_complete);
    assert!(b.store.read(b"y").is_ok());
}

#[test]
fn an_object_that_was_cut_off_is_uploaded_again() {
    let world = World::new();
    let a = world.node("a");
    a.save("x", 1);
    a.drain();
    let object = world.objects("x.etf.gz").remove(0);
    let whole = world.read(&object);
    world.write(&object, whole[..20].to_vec());
    eventually("a whole one takes its place", || {
        let objects = world.objects("x.etf.gz");
        objects.len() == 1 && world.read(&objects[0]) == whole
    });
}

#[test]
fn what_vanishes_without_a_word_is_found_by_the_walk() {
    let world = World::new();
    let walking = |name: &str| {
        let dir = tempfile::tempdir().unwrap();
        let often = |it: &mut Settings| it.walk = Duration::from_millis(100);
        world.node_in(dir, name, |_| {}, often)
    };
    let (a, b) = (walking("a"), walking("b"));
    for id in ["x", "y"] {
        a.save(id, 1);
    }
    a.drain();
    eventually("both are listed", || b.ids().len() == 2);
    world.remove(&world.objects("y.etf.gz")[0]);
    // Whoever has the file puts it there again, and so it is listed again.
    eventually("it is there again", || world.objects("y.etf.gz").len() == 1);
    let dir = a.close();
    world.remove(&world.objects("x.etf.gz")[0]);
    b.lists(&["y"]);
    assert!(matches!(b.store.read(b"x"), Err(Error::NotFound)));
    drop(dir);
}

#[test]
fn a_page_of_what_others_have_there_is_passed_by_the_walk() {
    let world = World::new();
    let Some((folder, _)) = &world.local else {
        return;
    };
    // Before all of ours, and more than are listed at once.
    let foreign = folder.path().join("bucket").join(&world.prefix).join("1");
    std::fs::create_dir_all(&foreign).unwrap();
    for number in 0..1_100 {
        std::fs::write(foreign.join(number.to_string()), "").unwrap();
    }
    let a = world.node("a");
    for id in ["x", "y"] {
        a.save(id, 1);
    }
    a.drain();
    let walk = |it: &mut Settings| it.walk = Duration::from_millis(10);
    let b = world.node_in(tempfile::tempdir().unwrap(), "b", |_| {}, walk);
    eventually("both are listed", || b.ids().len() == 2);
    let until = Instant::now() + Duration::from_secs(1);
    while Instant::now() < until {
        assert_eq!(b.ids().len(), 2);
    }
    // And it comes to what is behind.
    world.remove(&world.objects("y.etf.gz")[0]);
    drop(a);
    b.lists(&["x"]);
}

#[test]
fn an_upload_that_takes_longer_than_polls_look_back_is_heard_of() {
    let world = World::new();
    let hasty = |name: &str| {
        let dir = tempfile::tempdir().unwrap();
        let brief = |it: &mut Settings| it.overlap = Duration::from_millis(100);
        world.node_in(dir, name, |_| {}, brief)
    };
    let (a, b) = (hasty("a"), hasty("b"));
    a.save("first", 0);
    a.drain();
    b.lists(&["first"]);
    world.proxy.add(Rule {
        method: Some("PUT"),
        ..Rule::once(Trouble::Slow(1_000))
    });
    a.save("slow", 1);
    // Others are past it by then.
    thread::sleep(Duration::from_millis(300));
    b.save("quick", 2);
    b.drain();
    a.drain();
    b.lists(&["quick", "slow", "first"]);
}

#[test]
fn a_slow_bucket_is_waited_for() {
    let world = World::new();
    let a = world.node("a");
    world.proxy.add(Rule::always(Trouble::Slow(4_000)));
    for id in ["x", "y"] {
        a.save(id, 1);
    }
    a.drain();
    assert_eq!(world.objects(".etf.gz").len(), 2);
}

#[test]
fn few_connections_are_had_at_once_however_much_there_is_to_upload() {
    let world = World::new();
    let a = world.node("a");
    world.proxy.add(Rule {
        method: Some("PUT"),
        target: ".etf.gz",
        times: None,
        trouble: Trouble::Slow(4_000),
    });
    for number in 0..100 {
        a.save(&format!("r{number}"), number);
    }
    a.drain();
    assert_eq!(world.objects(".etf.gz").len(), 100);
    // Sixteen that upload, and one each that looks and that tells.
    let most = world.proxy.most_at_once();
    assert!((2..=18).contains(&most), "{most}");
}
