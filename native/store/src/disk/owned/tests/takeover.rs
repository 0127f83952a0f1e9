//! When an owner is gone, and who has what it left.

use super::*;

#[test]
fn who_shows_that_it_lives_is_not_taken_over_where_no_lock_is_seen() {
    let parent = tempfile::tempdir().unwrap();
    let first = owner(&Seat::remote(1, 1), parent.path());
    let others = [Seat::remote(2, 1), Seat::remote(1, 2)].map(|it| it.commons(parent.path()));
    let start = std::time::Instant::now();
    while start.elapsed() < PERIOD * 50 {
        first.check();
        for other in &others {
            assert!(adopt(other).is_empty());
        }
    }
    assert!(!first.is_lost());
}

#[test]
fn who_is_silent_is_taken_over_and_sees_it_when_it_comes_back() {
    let parent = tempfile::tempdir().unwrap();
    let seat = Seat::remote(1, 1);
    let first = owner(&seat, parent.path());
    let other = Seat::remote(2, 1).commons(parent.path());
    assert!(adopt(&other).is_empty());
    seat.stopped.store(true, Ordering::Relaxed);
    let taken = wait_for(&other);
    assert!(taken.path().join("kept").exists() && !first.path().exists());
    seat.stopped.store(false, Ordering::Relaxed);
    first.check();
    assert!(first.is_lost() && !taken.is_lost());
    drop(first);
    taken.check();
    assert!(!taken.is_lost());
    assert_eq!(names(taken.path()), ["kept", LOCK]);
}

#[test]
fn one_who_looks_seldom_or_was_stopped_itself_takes_nobody_over_at_the_first_sight() {
    let parent = tempfile::tempdir().unwrap();
    let seat = Seat::remote(1, 1);
    let _first = owner(&seat, parent.path());
    seat.stopped.store(true, Ordering::Relaxed);
    let other = Seat::remote(2, 1).commons(parent.path());
    assert!(adopt(&other).is_empty());
    thread::sleep(PERIOD * 40);
    assert!(adopt(&other).is_empty());
    assert!(adopt(&other).is_empty());
    assert_eq!(adopt(&other).len(), 1);
}

#[test]
fn of_several_who_find_that_an_owner_is_gone_one_takes_over() {
    for _ in 0..20 {
        let parent = tempfile::tempdir().unwrap();
        drop(owner(&Seat::remote(1, 1), parent.path()));
        let taken: Vec<_> = thread::scope(|scope| {
            let look = |machine| {
                let commons = Seat::remote(machine, 1).commons(parent.path());
                scope.spawn(move || adopt(&commons))
            };
            let all = [2, 3, 4, 5].map(look);
            all.into_iter().flat_map(|it| it.join().unwrap()).collect()
        });
        assert_eq!(taken.len(), 1);
        assert!(taken[0].path().join("kept").exists());
    }
}

#[test]
fn a_process_of_the_same_machine_that_has_ended_is_gone_at_once() {
    let parent = tempfile::tempdir().unwrap();
    let first = owner(&Seat::remote(1, 1), parent.path());
    let seat = Seat::remote(1, 2);
    let other = seat.commons(parent.path());
    assert!(adopt(&other).is_empty());
    seat.gone.store(true, Ordering::Relaxed);
    assert_eq!(adopt(&other).len(), 1);
    first.check();
    assert!(first.is_lost());
}

#[test]
fn on_a_disk_of_this_machine_alone_a_lock_that_can_be_had_tells_all() {
    let parent = tempfile::tempdir().unwrap();
    let seat = Seat::local(1, 1);
    let first = owner(&seat, parent.path());
    // After another start of the machine.
    let other = Seat::local(2, 1).commons(parent.path());
    for _ in 0..100 {
        assert!(adopt(&other).is_empty());
    }
    // A process that was killed says nothing.
    seat.stopped.store(true, Ordering::Relaxed);
    drop(first);
    assert_eq!(adopt(&other).len(), 1);
}

#[test]
fn a_living_process_that_has_let_go_of_the_lock_is_still_waited_for() {
    let parent = tempfile::tempdir().unwrap();
    let seat = Seat::local(1, 1);
    let first = owner(&seat, parent.path());
    seat.stopped.store(true, Ordering::Relaxed);
    drop(first);
    let other = Seat::local(1, 2).commons(parent.path());
    assert!(adopt(&other).is_empty());
    assert!(wait_for(&other).path().join("kept").exists());
}

#[test]
fn a_directory_without_any_owner_is_taken_over_after_a_while() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("a-3");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("kept"), b"x").unwrap();
    let commons = Seat::local(1, 1).commons(parent.path());
    for lock in [None, Some(b"".as_slice()), Some(b"not a record")] {
        if let Some(lock) = lock {
            fs::write(path.join(LOCK), lock).unwrap();
        }
        assert!(adopt(&commons).is_empty());
        let taken = wait_for(&commons);
        assert!(taken.path().join("kept").exists());
        fs::rename(taken.path(), &path).unwrap();
        fs::remove_file(path.join(LOCK)).unwrap();
    }
    let taken = commons.adopt(PREFIX, Nameless::Gone).unwrap();
    assert_eq!(taken[0].path(), path);
}

#[test]
fn the_name_of_what_is_taken_over_may_be_any_that_is_free() {
    let parent = tempfile::tempdir().unwrap();
    let seat = Seat::remote(1, 1);
    let [first, _second] = [(); 2].map(|()| owner(&seat, parent.path()));
    drop(first);
    let taken = adopt(&Seat::remote(2, 1).commons(parent.path()));
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].path().file_name(), Some(OsStr::new("a-2")));
    assert_eq!(names(parent.path()), ["a-1", "a-2"]);
}

#[test]
fn a_takeover_that_was_cut_short_is_completed_by_another() {
    let parent = tempfile::tempdir().unwrap();
    let first = owner(&Seat::local(1, 1), parent.path());
    let path = first.path().to_owned();
    drop(first);
    let between = parent.path().join("a-0.1f");
    fs::rename(path, &between).unwrap();
    let other = Seat::local(1, 2).commons(parent.path());
    assert!(adopt(&other).is_empty());
    let taken = wait_for(&other);
    assert_eq!(names(parent.path()), ["a-1"]);
    assert!(taken.path().join("kept").exists());
}
