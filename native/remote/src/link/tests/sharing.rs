//! What one node saves, others list and read.

use replay_s3::{Rule, Trouble};

use super::*;

#[test]
fn what_one_node_saves_the_others_list_and_read() {
    let world = World::new();
    let [a, b] = ["a", "b"].map(|name| world.node(name));
    a.save("x", 1);
    b.save("y", 2);
    a.drain();
    b.drain();
    for node in [&a, &b] {
        node.lists(&["y", "x"]);
        for id in ["x", "y"] {
            let read = node.store.read(id.as_bytes()).unwrap();
            assert_eq!(read.bytes, recording(id, if id == "x" { 1 } else { 2 }));
        }
    }
    assert_eq!((a.files(), b.files()), (2, 2), "what was read is kept");
    assert_eq!(world.objects(".etf.gz").len(), 2);
    eventually("all is known", || b.link.status().is_complete);
    let status = b.link.status();
    assert!(status.away.is_none(), "{status:?}");
    assert_eq!(
        (status.objects, status.elsewhere, status.uploaded),
        (2, 0, 1)
    );

    // An object is the file, byte for byte.
    let object = world.read(&world.objects("x.etf.gz")[0]);
    assert_eq!(
        object,
        std::fs::read(a.dir.path().join("x.etf.gz")).unwrap()
    );
}

#[test]
fn a_restart_uploads_what_is_not_there_and_nothing_else() {
    let world = World::new();
    let a = world.node("a");
    a.save("x", 1);
    a.drain();
    let dir = a.close();
    {
        let store = Store::open(dir.path(), StoreOptions::default()).unwrap();
        store.save(&recording("y", 2), Format::Json).unwrap();
    }
    let a = world.node_in(dir, "a", |_| {}, |_| {});
    a.drain();
    eventually("y is uploaded", || world.objects(".json.gz").len() == 1);
    assert_eq!(a.link.status().uploaded, 1);
    assert_eq!(world.objects(".etf.gz").len(), 1);
}

#[test]
fn a_file_that_another_program_saves_is_uploaded() {
    let world = World::new();
    let a = world.node("a");
    a.save("x", 1);
    a.drain();
    let object = world.read(&world.objects("x.etf.gz")[0]);
    std::fs::write(a.dir.path().join("z.etf.gz"), object).unwrap();
    // It is seen when someone asks for a list.
    eventually("it is listed", || {
        a.ids();
        world.objects("z.etf.gz").len() == 1
    });
}

#[test]
fn saved_again_it_takes_the_place_of_what_was_there() {
    let world = World::new();
    let [a, b] = ["a", "b"].map(|name| world.node(name));
    a.save("x", 1);
    a.drain();
    b.lists(&["x"]);
    b.store.read(b"x").unwrap();
    a.save("x", 7);
    a.drain();
    eventually("the new one is listed", || {
        b.store.list().unwrap()[0].connected_at == 7
    });
    assert_eq!(b.store.read(b"x").unwrap().bytes, recording("x", 7));
    a.drain();
    b.drain();
    eventually("one object is left", || world.objects(".etf.gz").len() == 1);

    // Two nodes, one id: what is uploaded last stays.
    b.save("x", 9);
    b.drain();
    eventually("on the other as well", || {
        a.store.list().unwrap()[0].connected_at == 9
    });
    assert_eq!(a.store.read(b"x").unwrap().bytes, recording("x", 9));
    eventually("one object is left", || world.objects(".etf.gz").len() == 1);
}

#[test]
fn rows_are_put_there_while_there_is_more_to_upload() {
    let world = World::new();
    world.proxy.refuse(true).unwrap();
    let node = world.node("a");
    for n in 0..64 {
        node.save(&format!("id-{n}"), n);
    }
    // Several times as slow as what the next rows wait for.
    world.proxy.add(Rule::always(Trouble::Slow(1 << 20)));
    world.proxy.refuse(false).unwrap();
    node.drain();
    eventually("rows are there", || !world.objects(".rows").is_empty());
    let (mut rows, mut recordings) = (world.objects(".rows"), world.objects(".etf.gz"));
    rows.sort();
    recordings.sort();
    // Keys are in the order in which they were put there.
    assert!(rows.first() < recordings.last(), "{rows:?}");
}

#[test]
fn a_new_node_reads_rows_in_place_of_recordings() {
    let world = World::new();
    let a = world.node("a");
    for number in 0..200 {
        a.save(&format!("r{number}"), number);
    }
    a.drain();
    eventually("rows are there", || {
        let (requests, rows) = (
            a.link.status().requests,
            world.objects(".rows").len() as u64,
        );
        // With what the node shows itself by.
        let is_there = requests.puts - requests.failed.min(requests.puts) <= 200 + 1 + rows;
        is_there && a.link.shared.unannounced.lock().len() < 16
    });
    let puts = a.link.status().requests.puts;
    assert!(puts <= 200 + 20 + 3, "at most a tenth more: {puts}");
    let b = world.node("b");
    eventually("all is listed", || {
        b.ids().len() == 200 && b.link.status().is_complete
    });
    assert_eq!(a.ids(), b.ids());
    let gets = b.link.status().requests.gets;
    let (rows, rest) = (world.objects(".rows").len() as u64, 16);
    assert!(gets <= rows + rest, "{gets} for {rows} batches");

    // Without rows it comes to the same, and the next one has rows.
    for rows in world.objects(".rows") {
        world.remove(&rows);
    }
    let c = world.node("c");
    eventually("all is listed", || {
        c.ids().len() == 200 && c.link.status().is_complete
    });
    let requests = c.link.status().requests;
    // On a slow machine some come to nothing, and are asked for again.
    let asked_again = 200..=200 + requests.failed;
    assert!(asked_again.contains(&requests.gets), "{requests:?}");
    let all = |node: &Node| {
        node.store
            .list()
            .unwrap()
            .iter()
            .map(|it| (**it).clone())
            .map(|it| {
                (
                    it.id().to_vec(),
                    it.view,
                    it.names,
                    it.pages,
                    it.url,
                    it.connected_at,
                    it.event_count,
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(all(&b), all(&c));
    assert_eq!(all(&a), all(&c));
    assert_eq!(world.objects(".rows").len(), 1);
}

#[test]
fn rows_of_many_are_put_there_in_batches() {
    let world = World::new();
    let a = world.node("a");
    // More than are in one.
    for number in 0..300 {
        a.save(&format!("r{number}"), number);
    }
    a.drain();
    drop(a.close());
    for rows in world.objects(".rows") {
        world.remove(&rows);
    }
    let listed = |name: &str| {
        let node = world.node(name);
        eventually("all is listed", || {
            node.ids().len() == 300 && node.link.status().is_complete
        });
        node.link.status().requests
    };
    let requests = listed("b");
    assert!(requests.gets >= 300, "{requests:?}");
    assert_eq!(world.objects(".rows").len(), 2);
    let requests = listed("c");
    assert!(requests.gets <= 2 + 16, "{requests:?}");
}

#[test]
fn copies_are_kept_up_to_a_number_of_bytes() {
    let world = World::new();
    let a = world.node("a");
    for number in 0..20 {
        a.save(&format!("r{number}"), number);
    }
    a.drain();
    let size = std::fs::metadata(a.dir.path().join("r0.etf.gz"))
        .unwrap()
        .len();
    let dir = a.close();
    let limit = size * 8;
    let a = world.node_in(dir, "a", |_| {}, |it| it.local_max_bytes = Some(limit));
    eventually("few are left", || a.files() <= 8);
    assert_eq!(a.ids().len(), 20);
    assert!(a.files() >= 4, "no more are given up than must be");
    for number in 0..20 {
        let id = format!("r{number}");
        assert_eq!(
            a.store.read(id.as_bytes()).unwrap().bytes,
            recording(&id, number)
        );
    }
    a.store.read(b"r0").unwrap();
    a.store.read(b"r1").unwrap();
    eventually("again", || a.files() <= 8);
    for last in ["r0.etf.gz", "r1.etf.gz"] {
        assert!(a.dir.path().join(last).exists(), "{last} was used last");
    }
    // What is not uploaded stays.
    world.proxy.refuse(true).unwrap();
    for number in 20..60 {
        a.save(&format!("r{number}"), number);
    }
    thread::sleep(Duration::from_millis(300));
    assert!(a.files() >= 40);
    assert_eq!(a.ids().len(), 60);
}

#[test]
fn clocks_that_are_minutes_off_hide_nothing() {
    let world = World::new();
    let skewed = |name: &str, skew_ms| {
        let dir = tempfile::tempdir().unwrap();
        world.node_in(dir, name, |_| {}, |it| it.skew_ms = skew_ms)
    };
    let (a, b, c) = (skewed("a", -600_000), skewed("b", 600_000), world.node("c"));
    for round in 0..3 {
        for (node, id) in [(&b, "ahead"), (&a, "behind"), (&c, "right")] {
            node.save(&format!("{id}{round}"), round);
            node.drain();
        }
        for node in [&a, &b, &c] {
            eventually("all are listed", || {
                node.ids().len() == 3 * (round as usize + 1)
            });
        }
    }
    // What is deleted by one that is behind was put there by one that is ahead.
    a.store.delete(b"ahead0").unwrap();
    for node in [&b, &c] {
        eventually("it is gone", || !node.ids().contains(&"ahead0".into()));
    }
}

#[test]
fn two_engines_of_a_directory_upload_once() {
    let world = World::new();
    let a = world.node("a");
    eventually("it has the right to upload", || a.link.shared.has_right());
    let store = Store::open(a.dir.path(), StoreOptions::default()).unwrap();
    let settings = Settings {
        node: "b".into(),
        poll: Duration::from_millis(50),
        ..Settings::default()
    };
    let link = Link::open(&store, world.bucket(), settings).unwrap();
    for number in 0..20 {
        let id = format!("r{number}");
        store.save(&recording(&id, number), Format::Etf).unwrap();
    }
    eventually("the first uploads it", || {
        a.ids();
        a.link.status().uploaded == 20
    });
    eventually("the second knows", || link.status().pending_uploads == 0);
    assert_eq!(link.status().uploaded, 0);
    assert_eq!(world.objects(".etf.gz").len(), 20);
    // It takes over.
    let dir = a.close();
    store.save(&recording("later", 20), Format::Etf).unwrap();
    eventually("the second uploads", || link.status().uploaded == 1);
    drop((link, store, dir));
}
