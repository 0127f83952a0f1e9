use std::time::{Duration, SystemTime};

use super::*;

#[test]
fn what_an_earlier_run_uploaded_is_known_again() {
    let (bucket, dir) = (Arc::default(), tempfile::tempdir().unwrap());
    let a = node(dir.path(), &bucket);
    a.save("x", 1);
    a.upload(now_ms() + 50);
    drop(a);
    let a = node(dir.path(), &bucket);
    assert_eq!(a.tier.pending_len(), 1);
    a.learn_bodies();
    assert_eq!((a.tier.pending_len(), a.here()), (0, 1));
    assert_eq!(a.tier.take_orphans(), []);

    // Unless it was saved again since.
    a.save("x", 1_000);
    drop(a);
    let a = node(dir.path(), &bucket);
    a.learn_bodies();
    assert_eq!(a.tier.pending_len(), 1);
    assert_eq!(
        a.tier.take_orphans(),
        [],
        "it is needed until the new one is there"
    );
    a.upload(now_ms() + 10);
    assert_eq!(a.tier.take_orphans().len(), 1);
}

#[test]
fn of_several_objects_of_a_file_the_latest_counts() {
    let (bucket, dirs) = world::<3>();
    let [a, b, c] = dirs.each_ref().map(|dir| node(dir.path(), &bucket));
    a.save("x", 1);
    a.upload(now_ms() + 10);
    b.save("x", 2);
    b.upload(now_ms() + 20);
    for node in [&a, &b, &c] {
        node.learn_bodies();
        assert_eq!(node.tier.objects_len().0, 1);
        assert_eq!(node.store.list().unwrap()[0].connected_at, 2);
        assert_eq!(node.read("x").unwrap(), b.read("x").unwrap());
        assert_eq!(node.tier.take_orphans().len(), 1, "the earlier one");
        assert_eq!(node.tier.pending_len(), 0);
    }
}

#[test]
fn an_object_whose_file_was_saved_again_is_not_taken_for_the_new_one() {
    let (dir, bucket) = (tempfile::tempdir().unwrap(), Arc::default());
    let node = node(dir.path(), &bucket);
    let put_at = now_ms() + 50;
    node.save("a", 1);
    node.upload(put_at);
    let listed = bucket.listed();
    // As long as before, and saved in the same second.
    node.save("a", 2);
    for _ in 0..2 {
        for object in &listed {
            assert!(node.tier.recognize(object));
        }
        assert_eq!(node.tier.pending_len(), 1);
    }
    assert!(
        node.tier.take_orphans().is_empty(),
        "its place is not taken"
    );
    node.upload(put_at + 10);
    assert_eq!(node.tier.take_orphans(), [listed[0].object.clone()]);
    // A listing that was under way meanwhile.
    node.save("a", 3);
    assert!(node.tier.recognize(&listed[0]));
    assert_eq!(node.tier.pending_len(), 1);
}

/// One saves a recording, and the other has a copy of it.
fn saved_and_copied(bucket: &Arc<Bucket>, dirs: &[TempDir; 2]) -> [Node; 2] {
    let [a, b] = dirs.each_ref().map(|dir| node(dir.path(), bucket));
    a.save("x", 1);
    a.upload(now_ms() + 30);
    b.learn_bodies();
    b.read("x").unwrap();
    assert_eq!((a.here(), b.here()), (1, 1));
    [a, b]
}

/// Somebody else saves what is in the bucket anew, and deletes what was there.
fn replaced_elsewhere(bucket: &Arc<Bucket>, id: &str, at: i64) {
    let dir = tempfile::tempdir().unwrap();
    let node = node(dir.path(), bucket);
    std::thread::sleep(Duration::from_millis(30));
    node.learn_bodies();
    node.save(id, at);
    std::thread::sleep(Duration::from_millis(30));
    node.upload(now_ms());
    for orphan in node.tier.take_orphans() {
        assert!(bucket.objects.lock().remove(&orphan).is_some());
    }
    assert_eq!(bucket.listed().len(), 1);
}

#[test]
fn what_was_replaced_elsewhere_meanwhile_is_not_taken_for_what_is_here() {
    // As long as before, and longer.
    for later in [2, 1_000_000] {
        let (bucket, dirs) = world::<2>();
        drop(saved_and_copied(&bucket, &dirs));
        replaced_elsewhere(&bucket, "x", later);
        for dir in &dirs {
            let node = node(dir.path(), &bucket);
            node.learn_bodies();
            assert_eq!(node.store.list().unwrap()[0].connected_at, later);
            assert_eq!((node.tier.pending_len(), node.here()), (0, 0));
            assert_eq!(node.tier.take_orphans(), []);
            node.read("x").unwrap();
            assert_eq!(node.here(), 1);
        }
    }
}

#[test]
fn a_copy_is_known_again() {
    let (bucket, dirs) = world::<2>();
    let [_a, b] = saved_and_copied(&bucket, &dirs);
    // Another engine of the same directory has it there, too.
    let beside = node(dirs[1].path(), &bucket);
    beside.learn_bodies();
    assert_eq!((beside.tier.pending_len(), beside.here()), (0, 1));
    drop((b, beside));
    let b = node(dirs[1].path(), &bucket);
    b.learn_bodies();
    assert_eq!((b.tier.pending_len(), b.here()), (0, 1));
    let gets = bucket.gets.load(SeqCst);
    b.read("x").unwrap();
    assert_eq!(bucket.gets.load(SeqCst), gets);
}

#[test]
fn a_copy_that_another_engine_put_there_is_not_uploaded() {
    let (bucket, dirs) = world::<2>();
    let a = node(dirs[0].path(), &bucket);
    a.save("x", 1);
    a.upload(now_ms() + 30);
    let [b, beside] = [(); 2].map(|()| node(dirs[1].path(), &bucket));
    for node in [&b, &beside] {
        node.learn_bodies();
    }
    beside.read("x").unwrap();
    b.store.list().unwrap();
    assert_eq!((b.tier.pending_len(), b.here()), (0, 1));
    assert_eq!(b.tier.take_orphans(), []);
}

#[test]
fn a_file_that_was_changed_where_it_is_is_looked_at_again() {
    let (bucket, dir) = (Arc::default(), tempfile::tempdir().unwrap());
    let node = node(dir.path(), &bucket);
    node.save("x", 1);
    let before = node.tier.pending(None, 1).remove(0);
    let path = dir.path().join("x.etf.gz");
    let changed = std::fs::File::open(path).unwrap();
    changed
        .set_modified(SystemTime::now() - Duration::from_secs(60))
        .unwrap();
    assert_eq!(node.tier.bytes_of(&before).unwrap(), None);
    node.tier.look_again(&before).unwrap();
    let after = node.tier.pending(None, 2);
    assert_eq!(after.len(), 1);
    assert!(node.tier.bytes_of(&after[0]).unwrap().is_some());
    // And one that is gone.
    std::fs::remove_file(dir.path().join("x.etf.gz")).unwrap();
    node.tier.look_again(&after[0]).unwrap();
    assert_eq!(node.tier.pending_len(), 0);
}

#[test]
fn an_earlier_version_that_is_put_there_again_takes_the_place_of_nothing() {
    let (bucket, dirs) = world::<3>();
    let [a, b, c] = dirs.each_ref().map(|dir| node(dir.path(), &bucket));
    a.save("x", 1);
    a.upload(now_ms());
    let first = bucket.listed().remove(0).object;
    b.learn_bodies();
    b.save("x", 2);
    b.upload(now_ms() + 10);
    for orphan in b.tier.take_orphans() {
        bucket.objects.lock().remove(&orphan).unwrap();
    }
    // Before it hears of the second, the first one finds its own gone.
    a.tier.vanished(&first);
    a.upload(now_ms() + 20);
    for node in [&a, &b, &c] {
        node.learn_bodies();
        assert_eq!(node.store.list().unwrap()[0].connected_at, 2);
        assert_eq!(node.tier.pending_len(), 0);
        let orphans = node.tier.take_orphans();
        assert_eq!(orphans.len(), 1);
        assert_eq!(orphans[0].put.saved_ns, first.put.saved_ns);
    }
}

#[test]
fn what_is_saved_over_something_is_later_whatever_the_clocks_say() {
    let (bucket, dirs) = world::<2>();
    let [a, b] = dirs.each_ref().map(|dir| node(dir.path(), &bucket));
    // Of a node whose clock is an hour ahead.
    a.save("x", 1);
    let path = dirs[0].path().join("x.etf.gz");
    let file = std::fs::File::open(path).unwrap();
    let ahead = SystemTime::now() + Duration::from_secs(3_600);
    file.set_modified(ahead).unwrap();
    a.tier.look_again(&a.tier.pending(None, 1)[0]).unwrap();
    a.upload(now_ms());
    b.learn_bodies();
    for format in [Format::Json, Format::Etf] {
        b.store.save(&recording("x", 2), format).unwrap();
    }
    assert_eq!(b.tier.take_orphans(), [], "not before the other is there");
    b.upload(now_ms() + 10);
    for node in [&a, &b] {
        node.learn_bodies();
        assert_eq!(node.store.list().unwrap()[0].connected_at, 2);
    }
    assert_eq!(b.tier.take_orphans().len(), 1);
}

#[test]
fn of_an_upload_and_what_is_here_by_then_the_later_one_stays() {
    let (bucket, dir) = (Arc::default(), tempfile::tempdir().unwrap());
    let node = node(dir.path(), &bucket);
    let put_of = |entry: &Entry, at| Put {
        saved_ns: entry.stamp.modified_ns,
        at,
    };
    node.save("x", 1);
    let first = node.tier.pending(None, 1).remove(0);
    node.save("x", 2);
    let second = node.tier.pending(None, 1).remove(0);
    assert!(second.stamp.modified_ns > first.stamp.modified_ns);
    assert!(!node.tier.uploaded(&first, put_of(&first, 5)));
    assert!(node.tier.uploaded(&second, put_of(&second, 6)));
    let orphans = node.tier.take_orphans();
    assert_eq!(orphans.len(), 1);
    assert_eq!(orphans[0].put, put_of(&first, 5));

    // By hand somebody puts an earlier one there while another is on its way.
    node.save("y", 1);
    let later = node.tier.pending(None, 1).remove(0);
    let file = std::fs::File::open(dir.path().join("y.etf.gz")).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    node.tier.look_again(&later).unwrap();
    assert!(!node.tier.uploaded(&later, put_of(&later, 7)));
    assert_eq!(node.tier.take_orphans(), []);
}

#[test]
fn what_is_damaged_here_while_it_is_uploaded_is_had_from_there() {
    let (bucket, dir) = (Arc::default(), tempfile::tempdir().unwrap());
    let node = node(dir.path(), &bucket);
    node.save("x", 1);
    let whole = node.read("x").unwrap();
    let entry = node.tier.pending(None, 1).remove(0);
    let bytes = node.tier.bytes_of(&entry).unwrap().unwrap();
    std::fs::write(dir.path().join("x.etf.gz"), b"no recording").unwrap();
    assert!(matches!(node.read("x"), Err(Error::Damaged { .. })));

    let (at, saved_ns) = (now_ms(), entry.stamp.modified_ns);
    let put = Put { at, saved_ns };
    let file = entry.file().into();
    bucket.objects.lock().insert(Object { put, file }, bytes);
    assert!(!node.tier.uploaded(&entry, put));
    assert_eq!(node.tier.take_orphans(), [], "there is no other one");
    assert_eq!(node.tier.pending_len(), 0);

    // When what is damaged is out of the way.
    std::fs::remove_file(dir.path().join("x.etf.gz")).unwrap();
    assert!(matches!(node.read("x"), Err(Error::NotFound)));
    node.learn_bodies();
    assert_eq!(node.read("x").unwrap(), whole);
    assert_eq!((node.here(), node.tier.objects_len()), (1, (1, 0)));
}
