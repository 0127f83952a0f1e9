use super::*;

#[test]
fn a_deletion_is_noted_first_and_leaves_orphans() {
    let (bucket, dir) = (Arc::<Bucket>::default(), tempfile::tempdir().unwrap());
    let a = node(dir.path(), &bucket);
    for (id, at) in [("x", 1), ("y", 2), ("z", 3), ("gone", 4)] {
        a.save(id, at);
    }
    a.upload(100);
    let copies = a.tier.copies();
    let gone = copies.iter().find(|it| it.id() == b"gone").unwrap();
    a.tier.give_up(gone).unwrap();

    bucket.is_away.store(true, SeqCst);
    assert!(matches!(a.store.delete(b"x"), Err(Error::Io { .. })));
    assert_eq!(a.ids().len(), 4, "nothing is deleted that is not noted");
    bucket.is_away.store(false, SeqCst);

    a.store.delete(b"x").unwrap();
    a.store.delete(b"gone").unwrap();
    let filter = Filter {
        id: Some((*b"y").into()),
        ..Filter::default()
    };
    a.store.delete_where(&filter).unwrap();
    assert_eq!(
        *bucket.deleted.lock(),
        [&b"x"[..], b"gone", b"y"].map(Box::from)
    );
    assert_eq!(a.ids(), ["z"]);
    assert_eq!(a.tier.take_orphans().len(), 3);
    assert_eq!(a.tier.take_orphans(), []);
    a.store.clear().unwrap();
    assert_eq!(a.tier.take_orphans().len(), 1);
    assert_eq!(a.tier.objects_len(), (0, 0));
}

#[test]
fn what_another_deleted_goes_here() {
    let (bucket, dir) = (Arc::<Bucket>::default(), tempfile::tempdir().unwrap());
    let a = node(dir.path(), &bucket);
    a.save("old", 1);
    a.upload(now_ms() - 5_000);
    a.save("waiting", 2);
    let head = recording("running", now_ms() - 1);
    a.store.start(b"running", &head, 10, Wait::Yes).unwrap();
    let ids = ["old", "waiting", "running", "unknown"].map(|id| Box::from(id.as_bytes()));

    // Before any of it was there.
    let before = a.tier.delete_gone(&ids, now_ms() - 10_000, 0).unwrap();
    assert_eq!(before, Gone::default());
    let gone = a.tier.delete_gone(&ids, now_ms() + 1_000, 0).unwrap();
    assert_eq!(
        gone,
        Gone {
            deleted: 3,
            later: Vec::new()
        }
    );
    assert_eq!(a.ids(), Vec::<String>::new());
    assert_eq!((a.here(), a.store.actives().len()), (0, 0));
    assert_eq!(a.tier.take_orphans(), [], "the other deletes them");

    // Saved before it was deleted, uploaded behind it.
    a.save("late", 3);
    a.upload(now_ms() + 60_000);
    let late = [Box::from(&b"late"[..])];
    let gone = a.tier.delete_gone(&late, now_ms() + 1_000, 0).unwrap();
    assert_eq!(
        gone,
        Gone {
            deleted: 1,
            later: late.into()
        }
    );
    assert_eq!(a.tier.take_orphans().len(), 1);
}

#[test]
fn a_copy_of_what_was_put_behind_a_deletion_stays() {
    let (bucket, dirs) = world::<2>();
    let [a, b] = dirs.each_ref().map(|dir| node(dir.path(), &bucket));
    a.save("x", 1);
    let until = now_ms() + 1_000;
    a.upload(until + 1);
    b.learn_bodies();
    b.read("x").unwrap();
    let ids = [Box::from(&b"x"[..])];
    // Nobody else deletes it: whoever uploaded it knows why.
    let gone = b.tier.delete_gone(&ids, until, 0).unwrap();
    assert_eq!((gone, b.here()), (Gone::default(), 1));
    let gone = b.tier.delete_gone(&ids, until + 1, 0).unwrap();
    assert_eq!((gone.deleted, b.here()), (1, 0));
}
