use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use replay_store::Store;

use crate::hooked::{Call, hooked};
use crate::support::{Dir, options};

/// Counts how many recordings are read.
#[derive(Clone, Default)]
pub struct Reads(Arc<AtomicUsize>);

impl Reads {
    /// Opens a directory, and counts from there.
    pub fn open(&self, dir: &Dir) -> Store {
        let counted = self.clone();
        let fs = hooked(move |call| {
            match call {
                Call::Read(path) if !path.parent().unwrap().ends_with(".native") => {
                    counted.0.fetch_add(1, Ordering::Relaxed);
                }
                _ => {}
            }
            Ok(())
        });
        Store::open_on(fs, &dir.path(), options()).unwrap()
    }

    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}
