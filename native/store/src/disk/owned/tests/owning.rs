//! Who owns a directory, and who sees that it does no more.

use super::*;

#[test]
fn a_directory_has_one_owner_at_a_time() {
    let parent = tempfile::tempdir().unwrap();
    let commons = Seat::local(1, 1).commons(parent.path());
    let first = commons.create(PREFIX).unwrap();
    let second = commons.create(PREFIX).unwrap();
    assert_ne!(first.path(), second.path());
    assert!(adopt(&commons).is_empty());
}

#[test]
fn what_is_left_in_a_directory_keeps_it_for_the_next_owner() {
    let parent = tempfile::tempdir().unwrap();
    let commons = Seat::local(1, 1).commons(parent.path());
    let first = commons.create(PREFIX).unwrap();
    let path = first.path().to_owned();
    fs::write(path.join("kept"), b"x").unwrap();
    drop(first);
    let adopted = adopt(&commons);
    let paths: Vec<_> = adopted.iter().map(|it| it.path()).collect();
    assert_eq!(paths, [&*path]);
    fs::remove_file(path.join("kept")).unwrap();
    drop(adopted);
    assert!(!path.exists());
}

#[test]
fn names_of_others_are_left_alone() {
    let parent = tempfile::tempdir().unwrap();
    for name in ["a-", "a-x", "other", "b-0"] {
        fs::create_dir(parent.path().join(name)).unwrap();
    }
    fs::write(parent.path().join("a-7"), b"a file").unwrap();
    let adopt = |parent: &Path| {
        let commons = Seat::local(1, 1).commons(parent);
        commons.adopt(PREFIX, Nameless::Gone).unwrap()
    };
    assert!(adopt(parent.path()).is_empty());
    assert!(adopt(&parent.path().join("missing")).is_empty());
}

#[test]
fn where_there_are_no_locks_it_works_without() {
    for number in [
        libc::ENOLCK,
        libc::EBADF,
        libc::ENOTSUP,
        libc::EINVAL,
        libc::ENOSYS,
    ] {
        let without = |machine| {
            let seat = Seat::remote(machine, 1);
            seat.lock.as_ref().unwrap().store(number, Ordering::Relaxed);
            seat
        };
        let parent = tempfile::tempdir().unwrap();
        let seat = without(1);
        let first = owner(&seat, parent.path());
        // Another engine of the same process, and another machine.
        assert!(adopt(&seat.commons(parent.path())).is_empty());
        let other = without(2).commons(parent.path());
        assert!(adopt(&other).is_empty());
        drop(first);
        assert_eq!(adopt(&other).len(), 1);
    }
}

#[test]
fn a_lock_that_fails_is_an_error_that_leaves_nothing_behind() {
    let parent = tempfile::tempdir().unwrap();
    let seat = Seat::remote(1, 1);
    let lock = seat.lock.as_ref().unwrap();
    lock.store(libc::EIO, Ordering::Relaxed);
    let commons = seat.commons(parent.path());
    for _ in 0..3 {
        let refused = commons.create(PREFIX).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(libc::EIO));
    }
    assert_eq!(names(parent.path()), [""; 0]);
    lock.store(0, Ordering::Relaxed);
    seat.stopped.store(true, Ordering::Relaxed);
    // Nor does one who can't say who it is, where the lock does not do.
    commons.create(PREFIX).unwrap_err();
    assert_eq!(names(parent.path()), [""; 0]);
}

#[test]
fn a_lock_that_was_removed_is_made_again_before_anybody_takes_over() {
    for seat in [Seat::local(1, 1), Seat::remote(1, 1)] {
        let parent = tempfile::tempdir().unwrap();
        let first = owner(&seat, parent.path());
        let other = Seat::local(2, 1).commons(parent.path());
        fs::remove_file(first.path().join(LOCK)).unwrap();
        assert!(adopt(&other).is_empty());
        first.check();
        assert!(!first.is_lost());
        assert_eq!(names(first.path()), ["kept", LOCK]);
        if seat.local {
            (0..100).for_each(|_| assert!(adopt(&other).is_empty()));
        }
    }
}

#[test]
fn nobody_takes_over_while_a_lock_that_was_removed_is_made_again() {
    for other in [Seat::local(2, 1), Seat::local(1, 1)] {
        let parent = tempfile::tempdir().unwrap();
        let seat = Seat::local(1, 1);
        let first = owner(&seat, parent.path());
        let other = other.commons(parent.path());
        let (looked, taken) = mpsc::channel();
        let look = move || looked.send(adopt(&other).len()).unwrap();
        *seat.before_lock.lock() = Some(Box::new(look));
        fs::remove_file(first.path().join(LOCK)).unwrap();
        assert_eq!(taken.recv().unwrap(), 0);
        first.check();
        assert!(!first.is_lost());
    }
}

#[test]
fn an_owner_sees_that_its_directory_was_removed_and_leaves_the_next_one_alone() {
    let parent = tempfile::tempdir().unwrap();
    let commons = Seat::local(1, 1).commons(parent.path());
    let first = owner(&Seat::local(1, 1), parent.path());
    fs::remove_dir_all(first.path()).unwrap();
    let second = commons.create(PREFIX).unwrap();
    assert_eq!(first.path(), second.path());
    // Found without being asked for.
    while !first.is_lost() {
        thread::yield_now();
    }
    drop(first);
    second.check();
    assert!(!second.is_lost() && second.path().join(LOCK).exists());
}

#[test]
fn what_is_around_it_is_made_again_if_it_was_removed() {
    let parent = tempfile::tempdir().unwrap();
    let home = parent.path().join("x/y");
    let commons = Seat::local(1, 1).commons(&home);
    assert!(commons.create(PREFIX).unwrap().path().exists());
    assert!(home.exists());
}
