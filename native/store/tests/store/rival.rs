//! Two engines replace one recording, one right behind the other.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use replay_store::{Format, Options, Store};

use crate::hooked::{Call, hooked};
use crate::support::{Dir, Recording};

#[test]
fn what_another_put_in_the_place_of_ours_at_once_is_seen() {
    let (dir, elsewhere) = (Dir::new(), Dir::new());
    let later = Recording::new("x").at(2);
    elsewhere.open().save(&later.etf(), Format::Etf).unwrap();
    let [theirs, ours] = [&elsewhere, &dir].map(|it| it.path().join("x.etf.gz"));
    let (place, is_placed) = (dir.path(), AtomicBool::new(false));
    let fs = hooked(move |call| {
        match call {
            Call::Rename(_, to) if to == ours => is_placed.store(true, Relaxed),
            // Before it is heard what was told.
            Call::Metadata(path) if path == place && is_placed.swap(false, Relaxed) => {
                fs::rename(&theirs, &ours)?;
            }
            _ => {}
        }
        Ok(())
    });
    let store = Store::open_on(fs, &dir.path(), Options::default()).unwrap();
    store.list().unwrap();
    let earlier = Recording::new("x").at(1);
    store.save(&earlier.etf(), Format::Etf).unwrap();
    let listed = store.list().unwrap();
    let times: Vec<_> = listed.iter().map(|it| it.connected_at).collect();
    assert_eq!(times, [2]);
}
