//! Files that can't be read.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::*;
use crate::hooked::hooked;

#[test]
fn an_unreadable_file_is_damage_until_it_can_be_read() {
    let dir = Dir::new();
    dir.write("x.etf", &Recording::new("x").etf());
    let fs = Arc::new(Faulty::default());
    fs.fail(Call::Read, libc::EACCES);
    let store = Store::open_on(hooked_by(&fs), &dir.path(), options()).unwrap();
    assert!(store.list().unwrap().is_empty());
    assert_eq!(store.read(b"x").unwrap_err().posix(), Some("eacces"));
    let mut damage = store.take_damage();
    damage.retain(|damage| !damage.file.starts_with(".native/"));
    assert_eq!(damage.len(), 1);
    assert_eq!(damage[0].reason, "cannot be read: permission denied");
    fs.recover();
    assert_eq!(ids(&store), ["x"]);
    store.read(b"x").unwrap();
    assert_eq!(store.take_damage(), []);
}

#[test]
fn a_panic_over_one_file_is_damage_of_that_file() {
    let dir = Dir::new();
    for n in 0..200 {
        dir.write(format!("{n}.etf"), &Recording::new(n.to_string()).etf());
    }
    dir.write("panic.etf", &Recording::new("panic").etf());
    let (_, store) = open(&dir);
    assert_eq!(store.list().unwrap().len(), 200);
    let damage = store.take_damage();
    assert_eq!(damage.len(), 1);
    assert_eq!(
        (&*damage[0].file, &*damage[0].reason),
        ("panic.etf", "the reader failed")
    );
}

#[test]
fn one_reads_what_is_new_and_the_others_are_told_at_once() {
    let dir = Dir::new();
    let is_held = Arc::new(AtomicBool::new(false));
    let held = Arc::clone(&is_held);
    let fs = hooked(move |call| {
        while matches!(call, hooked::Call::Read(_)) && held.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        Ok(())
    });
    let store = Store::open_on(fs, &dir.path(), options()).unwrap();
    for id in ["x", "y"] {
        dir.write(format!("{id}.etf"), &Recording::new(id).etf());
    }
    is_held.store(true, Ordering::Release);
    let settled = std::thread::scope(|scope| {
        let settle = || store.settle(Duration::from_millis(1));
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(settle)).collect();
        while threads.iter().filter(|it| it.is_finished()).count() < 3 {
            std::thread::yield_now();
        }
        is_held.store(false, Ordering::Release);
        let settled = threads.into_iter().map(|it| it.join().unwrap());
        settled.filter(|settled| *settled).count()
    });
    assert_eq!(settled, 1);
    assert!(store.settle(Duration::ZERO));
    assert_eq!(ids(&store), ["x", "y"]);
}
