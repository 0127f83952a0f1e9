//! Files that are made outside the directory of the recordings.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Writes a file that nobody else can read. What was there before stays until it is complete.
pub fn into_file<R>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let part = part(path);
    let mut file = BufWriter::new(create(&part).map_err(Failure::at("write", path))?);
    let written = write(&mut file).map_err(|failure| match failure {
        // Not that of the process, whose reader may go.
        Failure::Output(source) => Failure::at("write", path)(source),
        failure => failure,
    });
    let placed = written.and_then(|result| {
        let complete = file.into_inner().map_err(io::IntoInnerError::into_error);
        complete
            .and_then(|file| file.sync_data())
            .and_then(|()| fs::rename(&part, path))
            .map_err(Failure::at("write", path))?;
        Ok(result)
    });
    if placed.is_err() {
        let _ = fs::remove_file(&part);
    }
    placed
}

/// A new file, also where one was left that did not get to its place.
fn create(part: &Path) -> io::Result<File> {
    match fs::remove_file(part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(part)
}

fn part(path: &Path) -> PathBuf {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    part.into()
}
