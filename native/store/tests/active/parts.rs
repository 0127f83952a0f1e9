//! Recordings in flight, gone on with elsewhere by their parts.

use replay_store::Subject;

use crate::support::*;

#[test]
fn a_running_session_goes_on_in_parts() {
    let dirs = [Dir::new(), Dir::new()];
    let [a, b] = dirs.each_ref().map(|dir| dir.open());
    let running = start(&a, "r");
    append(&running, &named(1, "save")).unwrap();
    let (first, count) = running.part(0).unwrap().unwrap();
    assert_eq!(running.part(count).unwrap(), None);
    running.set_subject(Subject::Integer(7), Wait::Yes).unwrap();
    append(&running, &event(2, "info", 300)).unwrap();
    let (second, count) = running.part(count).unwrap().unwrap();
    assert_eq!(count, 4, "head, two events and the subject");

    assert!(
        !b.tier()
            .take_in(std::slice::from_ref(&first), |_| true)
            .unwrap()
    );
    assert!(
        b.tier()
            .take_in(&[first.clone(), second], |_| false)
            .unwrap()
    );
    b.drain(LONG);
    let entry = b.list().unwrap().remove(0);
    assert!(entry.recovered);
    assert_eq!(entry.subject.as_deref(), Some(&Subject::Integer(7)));
    assert_eq!(b.read(b"r").unwrap().bytes, running.snapshot().unwrap());

    // What is there already is not saved again.
    let saved = b.stats().unwrap().counts.saved;
    b.tier()
        .take_in(std::slice::from_ref(&first), |_| false)
        .unwrap();
    b.drain(LONG);
    assert_eq!(b.read(b"r").unwrap().bytes, running.snapshot().unwrap());
    assert_eq!(b.stats().unwrap().counts.saved, saved);

    running.discard();
    assert!(matches!(running.part(0), Err(Error::NotFound)));
}

#[test]
fn parts_that_are_cut_or_changed_are_refused_or_left_out() {
    let dirs = [Dir::new(), Dir::new()];
    let [a, b] = dirs.each_ref().map(|dir| dir.open());
    let running = start(&a, "r");
    let (head, count) = running.part(0).unwrap().unwrap();
    append(&running, &named(1, "save")).unwrap();
    let (first, then) = running.part(count).unwrap().unwrap();
    append(&running, &named(2, "save")).unwrap();
    let (second, count) = running.part(then).unwrap().unwrap();
    append(&running, &named(3, "save")).unwrap();
    let (next, _) = running.part(count).unwrap().unwrap();
    for at in 0..head.len() {
        let cut = b.tier().take_in(&[head[..at].to_vec()], |_| false);
        assert!(matches!(cut, Err(Error::Damaged { .. })), "cut at {at}");
        let mut changed = head.clone();
        changed[at] ^= 1;
        assert!(
            b.tier().take_in(&[changed], |_| false).is_err(),
            "changed at {at}"
        );
    }
    assert!(b.tier().take_in(&[], |_| false).is_err());
    assert!(
        b.tier()
            .take_in(std::slice::from_ref(&next), |_| false)
            .is_err(),
        "no head"
    );
    assert_eq!(b.usage().used, 0, "nothing of it stays");

    let mut flipped = second.clone();
    *flipped.last_mut().unwrap() ^= 1;
    b.tier()
        .take_in(&[head, first, flipped, next], |_| false)
        .unwrap();
    b.drain(LONG);
    let whole = recording(b"r", &[event(0, "mount", 30), named(1, "save")]);
    let saved = b.read(b"r").unwrap().bytes;
    assert_eq!(saved, whole, "and nothing behind the flaw");
}
