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
    let (bucket, dirs) = (
        Arc::default(),
        [(); 3].map(|()| tempfile::tempdir().unwrap()),
    );
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
