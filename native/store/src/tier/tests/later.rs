use std::thread;
use std::time::{Duration, SystemTime};

use super::*;

/// Puts a recording into the bucket as another node would that saved it at a time.
fn put(bucket: &Bucket, file: &str, saved_ns: i64, at: i64, content: i64) -> Object {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Options::default()).unwrap();
    let format = if file.contains("json") {
        Format::Json
    } else {
        Format::Etf
    };
    store.save(&recording("x", content), format).unwrap();
    let entry = store.list().unwrap().remove(0);
    let bytes = std::fs::read(dir.path().join(entry.file_name().as_ref())).unwrap();
    let object = Object {
        put: Put { saved_ns, at },
        file: file.as_bytes().into(),
    };
    bucket.objects.lock().insert(object.clone(), bytes);
    object
}

fn body(bucket: &Bucket, object: &Object) -> Vec<u8> {
    bucket.objects.lock()[object].clone()
}

#[test]
fn what_is_saved_while_something_earlier_is_learnt_stays() {
    let (bucket, dir) = (Arc::<Bucket>::default(), tempfile::tempdir().unwrap());
    let node = node(dir.path(), &bucket);
    for round in 0..50 {
        node.save("x", 1);
        let first = node.tier.pending(None, 1)[0].stamp.modified_ns;
        let between = put(&bucket, "x.etf.gz", first + 1, now_ms(), 2);
        let bytes = body(&bucket, &between);
        thread::scope(|scope| {
            scope.spawn(|| node.tier.learn_body(&between, bytes).unwrap());
            scope.spawn(|| node.save("x", 3));
        });
        let listed = node.store.list().unwrap();
        assert_eq!((listed.len(), listed[0].connected_at), (1, 3), "{round}");
        assert_eq!(node.tier.pending_len(), 1);
        node.store.delete(b"x").unwrap();
        node.tier.take_orphans();
    }
}

#[test]
fn an_orphan_waits_for_what_takes_its_place_and_for_nothing_else() {
    let (bucket, dir) = (Arc::<Bucket>::default(), tempfile::tempdir().unwrap());
    let node = node(dir.path(), &bucket);
    node.save("x", 1);
    node.save("y", 1);
    node.upload(now_ms());
    // Two times, and in a file of another name.
    node.save("x", 2);
    node.save("x", 3);
    node.store.save(&recording("x", 4), Format::Json).unwrap();
    node.store.delete(b"y").unwrap();
    let orphans = node.tier.take_orphans();
    assert_eq!(orphans.len(), 1, "what is deleted waits for nobody");
    assert_eq!(&*orphans[0].file, b"y.etf.gz");
    node.upload(now_ms() + 10);
    let orphans = node.tier.take_orphans();
    assert_eq!(orphans.len(), 1);
    assert_eq!(&*orphans[0].file, b"x.etf.gz");
}

#[test]
fn what_only_the_bucket_has_under_another_name_is_replaced_and_deleted_too() {
    let (bucket, dir) = (Arc::<Bucket>::default(), tempfile::tempdir().unwrap());
    let node = node(dir.path(), &bucket);
    for (file, is_saved) in [("x.json", true), ("x.json", false), ("other.json", false)] {
        let there = put(&bucket, file, 5, now_ms(), 1);
        node.tier.learn_body(&there, body(&bucket, &there)).unwrap();
        assert_eq!(node.ids(), ["x"]);
        if is_saved {
            node.save("x", 2);
            node.upload(now_ms());
            assert_eq!(node.tier.take_orphans(), [there]);
            node.store.delete(b"x").unwrap();
            node.tier.take_orphans();
        } else {
            node.store.delete(b"x").unwrap();
            assert_eq!(node.tier.take_orphans(), [there]);
        }
        assert_eq!(node.tier.objects_len(), (0, 0));
    }
}

#[test]
fn what_was_here_before_a_deletion_goes_though_its_time_is_ahead() {
    let (bucket, dir) = (Arc::<Bucket>::default(), tempfile::tempdir().unwrap());
    let node = node(dir.path(), &bucket);
    node.save("x", 1);
    let file = std::fs::File::open(dir.path().join("x.etf.gz")).unwrap();
    let ahead = SystemTime::now() + Duration::from_secs(3_600);
    file.set_modified(ahead).unwrap();
    node.tier
        .look_again(&node.tier.pending(None, 1)[0])
        .unwrap();
    let ids = [Box::from(&b"x"[..])];
    let before = node.tier.delete_gone(&ids, now_ms() - 1_000, 0).unwrap();
    assert_eq!(before.deleted, 0);
    let gone = node.tier.delete_gone(&ids, now_ms() + 10, 0).unwrap();
    assert_eq!((gone.deleted, node.here()), (1, 0));
}

#[test]
fn what_another_engine_has_just_saved_is_not_replaced_by_a_copy() {
    let (bucket, dirs) = world::<2>();
    let a = node(dirs[0].path(), &bucket);
    a.save("x", 1);
    a.upload(now_ms());
    let b = node(dirs[1].path(), &bucket);
    b.learn_bodies();
    // While it is read, before anybody looks at the directory.
    bucket.on_get.lock().replace({
        let path = dirs[1].path().to_owned();
        Box::new(move || {
            let beside = Store::open(&path, Options::default()).unwrap();
            beside.save(&recording("x", 2), Format::Etf).unwrap();
        })
    });
    b.read("x").unwrap();
    assert_eq!(b.store.list().unwrap()[0].connected_at, 2);
    assert_eq!(b.tier.pending_len(), 1);
}

#[test]
fn what_was_deleted_while_it_was_learnt_is_forgotten() {
    let (bucket, dir) = (Arc::<Bucket>::default(), tempfile::tempdir().unwrap());
    let node = node(dir.path(), &bucket);
    let there = put(&bucket, "x.etf.gz", 5, now_ms(), 1);
    node.tier.learn_body(&there, body(&bucket, &there)).unwrap();
    node.read("x").unwrap();
    node.tier.forget(&there).unwrap();
    assert_eq!((node.ids().len(), node.here()), (0, 0));
    assert_eq!(node.tier.take_orphans(), std::slice::from_ref(&there));
    node.tier.forget(&there).unwrap();
    assert_eq!(node.tier.take_orphans(), []);
}
