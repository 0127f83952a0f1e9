//! Whether the file system gives each change a time of its own.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::disk::{FileSystem, temp};

/// Finds out whether changes to a directory get times of their own, by renaming a file in it.
///
/// Three different times within a millisecond can't come from a clock that ticks once in a
/// millisecond or less. Any failure just means no.
pub(crate) fn is_fine_grained(fs: &dyn FileSystem, dir: &Path) -> bool {
    let [here, there] = [(); 2].map(|()| temp::unused_path(dir, temp::PREFIX));
    if fs.write_new(&here, b"", false).is_err() {
        return false;
    }
    // A try is in vain if the scheduler interrupts it, which on a busy machine is not rare.
    let fine = (0..8).any(|_| {
        let start = Instant::now();
        let times = times_of_changes(fs, dir, &here, &there).unwrap_or_default();
        let apart = times.is_sorted_by(|a, b| a < b) && times.len() >= 3;
        apart && start.elapsed() < Duration::from_millis(1)
    });
    for path in [here, there] {
        // If it fails, a later start removes it.
        let _ = fs.remove(&path);
    }
    fine
}

/// The `mtime` before, between and after renaming a file there and back. Unlike creating files,
/// which can take a millisecond, it is always quick.
fn times_of_changes(
    fs: &dyn FileSystem,
    dir: &Path,
    here: &Path,
    there: &Path,
) -> io::Result<Vec<i64>> {
    let time = || fs.metadata(dir).map(|metadata| metadata.stamp.modified_ns);
    let mut times = vec![time()?];
    for (from, to) in [(here, there), (there, here)] {
        fs.rename(from, to)?;
        times.push(time()?);
    }
    Ok(times)
}
