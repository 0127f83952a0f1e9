//! Directories to work in, in memory where there is a file system for it.

use std::path::Path;

pub(crate) fn directory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    match tempfile::tempdir_in(memory) {
        Ok(directory) => directory,
        Err(_) => tempfile::tempdir().expect("a directory to work in"),
    }
}
