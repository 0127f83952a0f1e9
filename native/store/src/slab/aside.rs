use std::io;
use std::path::Path;

use super::PREFIX;
use super::segment::{EXTENSION, SET_ASIDE};
use crate::disk::FileSystem;

/// The segments of all engines that were set aside because they can't be read, each as its
/// directory and its name.
pub(crate) fn set_aside_in(fs: &dyn FileSystem, native_dir: &Path) -> io::Result<Vec<String>> {
    let directories = match fs.directories(native_dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        directories => directories?,
    };
    let suffix = format!(".{EXTENSION}.{SET_ASIDE}");
    let mut found = Vec::new();
    for directory in directories {
        let directory = directory.to_string_lossy();
        if !directory.starts_with(PREFIX) {
            continue;
        }
        let files = match fs.names(&native_dir.join(&*directory)) {
            // Its recordings are saved meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            files => files?,
        };
        let names = files.iter().map(|file| file.name.to_string_lossy());
        let set_aside = names.filter(|name| name.ends_with(&suffix));
        found.extend(set_aside.map(|name| format!("{directory}/{name}")));
    }
    Ok(found)
}
