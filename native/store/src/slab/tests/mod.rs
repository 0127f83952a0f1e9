//! The slab as a whole; each file is about one hazard.
#![allow(unsafe_code, reason = "an encoder's part is to write where it is told")]

mod crash;
mod damaged;
#[cfg(target_endian = "little")]
mod earlier;
mod faults;
mod forgery;
mod full_disk;
#[path = "../../../tests/support/hooked.rs"]
mod hooked;
mod model;
mod sharing;
mod small;
mod wiping;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;
use crate::disk::step::cause;
use crate::disk::{
    FileName, FileSystem, Mapping, Metadata, OsFileSystem, Process, Stamp, Watch, map,
};

/// Small segments, so that everything that can happen does.
fn settings() -> Settings {
    Settings {
        segment_bytes: 64 << 10,
        max_frame: 1 << 20,
        idle: Duration::from_secs(3600),
        rest: Duration::from_secs(3600),
        threads: 2,
    }
}

fn commons(parent: &Path) -> Arc<Commons> {
    commons_on(Arc::new(OsFileSystem), parent)
}

fn commons_on(fs: Arc<dyn FileSystem>, parent: &Path) -> Arc<Commons> {
    Commons::new(fs, parent, Duration::from_secs(1))
}

fn open(parent: &Path) -> (Slab, Found) {
    open_on(Arc::new(OsFileSystem), parent)
}

fn open_on(fs: Arc<dyn FileSystem>, parent: &Path) -> (Slab, Found) {
    let commons = commons_on(fs, parent);
    Slab::open(&commons, adopt_all(&commons), settings()).unwrap()
}

fn adopt_all(commons: &Arc<Commons>) -> Vec<Arc<Directory>> {
    adopt(commons, &mut |_, _| {}).unwrap()
}

/// Appends as a caller does who knows the size.
fn push(chain: &Chain, payload: &[u8], wait: Wait) -> Result<(), AppendError> {
    let mut append = chain.append(wait)?;
    write(&mut append, 0, payload)?;
    append.commit(Kind::Event, payload.len())
}

/// Writes behind the `used` bytes, as an encoder does.
fn write(append: &mut Append<'_>, used: usize, bytes: &[u8]) -> Result<(), AppendError> {
    let (mut to, mut room) = append.space();
    if room < used + bytes.len() {
        (to, room) = append.grow(used, bytes.len())?;
    }
    assert!(room >= used + bytes.len());
    // SAFETY: there is room.
    unsafe {
        to.add(used)
            .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len())
    };
    Ok(())
}

/// Head and events of a recording.
fn contents(chain: &Chain) -> (Vec<u8>, Vec<Vec<u8>>) {
    read(&chain.frames().unwrap().unwrap())
}

fn read(frames: &Frames) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut frames = frames.iter();
    let (kind, head) = frames.next().unwrap();
    assert_eq!(kind, Kind::Head);
    let head = head.pieces().concat();
    let events = frames.map(|(kind, payload)| {
        assert_eq!(kind, Kind::Event);
        payload.pieces().concat()
    });
    (head, events.collect())
}

/// All recordings found, by their heads.
fn all(found: &Found) -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
    let mut all: Vec<_> = found.chains.iter().map(contents).collect();
    all.sort();
    all
}

/// What a crash at this moment would leave behind.
fn crash(slab: &Slab, parent: &Path) -> tempfile::TempDir {
    let _still = slab.space.hold_files();
    let copy = tempfile::tempdir().unwrap();
    for slab in fs::read_dir(parent).unwrap() {
        let slab = slab.unwrap();
        let to = copy.path().join(slab.file_name());
        fs::create_dir(&to).unwrap();
        for file in fs::read_dir(slab.path()).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
    copy
}

fn segments(parent: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for slab in fs::read_dir(parent).unwrap() {
        files.extend(
            segment::list(&OsFileSystem, &slab.unwrap().path())
                .unwrap()
                .0,
        );
    }
    files.sort();
    files
}
