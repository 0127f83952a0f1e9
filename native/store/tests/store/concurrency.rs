use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use replay_store::{Error, Format, Store};

use crate::support::{Dir, Recording};

const ROUNDS: i64 = 60;

/// What a new store finds is what this one has in memory.
fn assert_true_to_disk(dir: &Dir, store: &Store) {
    assert_eq!(store.list().unwrap(), dir.open().list().unwrap());
    assert_eq!(store.take_damage(), []);
    assert_eq!(dir.temp_files(), [""; 0]);
}

#[test]
fn many_threads_save_read_list_and_delete_at_once() {
    let dir = Dir::new();
    let store = dir.open();
    thread::scope(|scope| {
        for worker in 0..4u8 {
            let store = &store;
            scope.spawn(move || {
                for n in 0..ROUNDS {
                    let id = format!("{worker}-{}", n % 7);
                    let recording = Recording::new(&id).at(n).mark(worker);
                    let format = if n % 3 == 0 {
                        Format::Json
                    } else {
                        Format::Etf
                    };
                    store.save(&recording.etf(), format).unwrap();
                    let contents = store.read(id.as_bytes()).unwrap();
                    assert_eq!(contents.format, format);
                    let listed = store.list().unwrap();
                    assert!(
                        listed
                            .iter()
                            .any(|e| e.id() == id.as_bytes() && e.connected_at == n)
                    );
                    if n % 5 == 0 {
                        store.delete(id.as_bytes()).unwrap();
                        assert!(matches!(store.read(id.as_bytes()), Err(Error::NotFound)));
                    }
                }
            });
        }
    });
    assert_true_to_disk(&dir, &store);
}

#[test]
fn saves_of_one_id_leave_one_of_them_whole() {
    let dir = Dir::new();
    let store = dir.open();
    for round in 0..ROUNDS {
        thread::scope(|scope| {
            for (n, format) in [(0, Format::Etf), (1, Format::Json), (2, Format::Etf)] {
                let store = &store;
                let recording = Recording::new("x").at(round * 10 + n);
                scope.spawn(move || store.save(&recording.etf(), format).unwrap());
            }
        });
        assert_eq!(dir.names().len(), 1, "{:?}", dir.names());
        assert_true_to_disk(&dir, &store);
        store.read(b"x").unwrap();
    }
}

#[test]
fn a_recording_being_replaced_is_always_readable() {
    let dir = Dir::new();
    let store = dir.open();
    store.save(&Recording::new("x").etf(), Format::Etf).unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let (ours, theirs) = (&store, &dir.open());
        let done = &done;
        for _ in 0..2 {
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    ours.read(b"x").unwrap();
                    assert_eq!(ours.list().unwrap().len(), 1);
                }
            });
        }
        for n in 0..ROUNDS * 5 {
            let writer = if n % 2 == 0 { ours } else { theirs };
            writer
                .save(&Recording::new("x").at(n).etf(), Format::Etf)
                .unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_true_to_disk(&dir, &store);
}

#[test]
fn two_stores_on_one_directory_agree_in_the_end() {
    let dir = Dir::new();
    let stores = [dir.open(), dir.open()];
    thread::scope(|scope| {
        for (store, worker) in stores.iter().zip(0..) {
            scope.spawn(move || {
                for n in 0..ROUNDS {
                    let id = format!("{}", n % 5);
                    if (n + worker) % 4 == 0 {
                        store.delete(id.as_bytes()).unwrap();
                    } else {
                        store
                            .save(&Recording::new(&id).at(n).etf(), Format::Etf)
                            .unwrap();
                    }
                    store.list().unwrap();
                }
            });
        }
    });
    // A change that fell between two calls of the other store shows within a second.
    thread::sleep(std::time::Duration::from_millis(1100));
    for store in &stores {
        assert_true_to_disk(&dir, store);
    }
}

#[test]
fn clearing_while_others_save_keeps_index_and_disk_in_step() {
    let dir = Dir::new();
    let store = dir.open();
    thread::scope(|scope| {
        for worker in 0..2 {
            let store = &store;
            scope.spawn(move || {
                for n in 0..ROUNDS {
                    let recording = Recording::new(format!("{worker}-{n}")).at(n);
                    store.save(&recording.etf(), Format::Etf).unwrap();
                }
            });
        }
        for _ in 0..10 {
            store.clear().unwrap();
        }
    });
    assert_true_to_disk(&dir, &store);
}
