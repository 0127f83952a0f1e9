//! Saves that are not synced.

use std::fs;
use std::time::SystemTime;

use replay_store::{Compression, Filter};

use super::*;
use crate::hooked::hooked;
use crate::support::is_missing;
use crate::verify::{age, all};

/// What was synced, in order: files by their content, directories by their names.
type Synced = Arc<Mutex<Vec<String>>>;

fn open(dir: &Dir) -> (Store, Synced) {
    let synced = Synced::default();
    let noted = Arc::clone(&synced);
    let fs = hooked(move |call| {
        let what = match call {
            Call::WriteNew {
                content,
                sync: true,
                ..
            } if content.starts_with(b"rplerase") => "a note".to_owned(),
            Call::WriteNew { sync: true, .. } => "a file".to_owned(),
            Call::SyncDir(path) => path.file_name().unwrap().to_string_lossy().into_owned(),
            Call::Remove(path) if is_recording(path) => "removed".to_owned(),
            _ => return Ok(()),
        };
        noted.lock().push(what);
        Ok(())
    });
    let options = Options {
        durability: Durability::Relaxed,
        ..options()
    };
    let store = Store::open_on(fs, &dir.path(), options).unwrap();
    store.save(&Recording::new("x").etf(), Format::Etf).unwrap();
    take(&synced);
    (store, synced)
}

fn take(synced: &Synced) -> Vec<String> {
    std::mem::take(&mut *synced.lock())
}

fn save(store: &Store, id: &str, format: Format) {
    store.save(&Recording::new(id).etf(), format).unwrap();
}

#[test]
fn a_relaxed_save_syncs_nothing() {
    let dir = Dir::new();
    let (store, synced) = open(&dir);
    save(&store, "a", Format::Etf);
    save(&store, "b", Format::Json);
    assert_eq!(take(&synced), [""; 0]);
    assert_eq!(store.stats().unwrap().durability, Durability::Relaxed);
    assert_eq!(dir.open().list().unwrap(), store.list().unwrap());
}

#[test]
fn what_it_replaces_goes_only_after_the_new_one_is_durable() {
    let dir = Dir::new();
    let (store, synced) = open(&dir);
    save(&store, "x", Format::Etf);
    assert_eq!(take(&synced), ["a file"]);
    save(&store, "x", Format::Json);
    assert_eq!(take(&synced), ["a file", "recordings", "removed"]);
}

#[test]
fn what_is_deleted_or_changed_is_so_for_good() {
    let dir = Dir::new();
    let (store, synced) = open(&dir);
    for id in ["a", "b", "c"] {
        save(&store, id, Format::Etf);
    }
    store.delete(b"a").unwrap();
    assert_eq!(take(&synced), ["removed", "recordings"]);
    let of_b = Filter {
        id: Some(b"b"[..].into()),
        ..Filter::default()
    };
    assert_eq!(store.delete_where(&of_b).unwrap().ids.len(), 1);
    let erased = take(&synced);
    let steps = ["a note", "tmp-0", ".native", "removed", "recordings"];
    assert_eq!(erased[..5], steps, "{erased:?}");
    assert_eq!(erased[5..], [".native", "tmp-0"], "the index, and the note");
    let read = store.read_version(b"c", |_, _| ()).unwrap();
    let masked = Recording::new("c").mark(b'm').etf();
    assert!(store.rewrite(b"c", &masked, &read.unwrap().0).unwrap());
    assert_eq!(take(&synced), ["a file", "recordings"]);
    store.clear().unwrap();
    assert_eq!(take(&synced), ["removed", "removed", "recordings"]);
}

/// What a power cut may leave of a file that was not synced, of its length and content before.
fn remains(content: &[u8]) -> Vec<Vec<u8>> {
    let half = content.len() / 2;
    let cut = content[..half].to_vec();
    let hole = [&cut, &vec![0; content.len() - half][..]].concat();
    vec![Vec::new(), cut, hole, vec![0; content.len()]]
}

#[test]
fn what_a_power_cut_left_of_a_file_is_damage_and_can_be_repaired() {
    for (compression, suffix) in [(Compression::Gzip(6), "gz"), (Compression::Zstd(1), "zst")] {
        for format in [Format::Etf, Format::Json] {
            let dir = Dir::new();
            let store = dir.open_with(compression);
            save(&store, "a", format);
            save(&store, "b", format);
            drop(store);
            let kind = if format == Format::Etf { "etf" } else { "json" };
            let name = format!("a.{kind}.{suffix}");
            let content = fs::read(dir.file(&name)).unwrap();
            let modified = fs::metadata(dir.file(&name)).unwrap().modified().unwrap();
            for remains in remains(&content) {
                recover_from(&dir, &name, &remains, modified);
                let store = dir.open_with(compression);
                save(&store, "a", format);
                assert_eq!(ids(&store).len(), 2);
            }
        }
    }
}

/// The index on the disk knows the file as it was, and as far as its length goes it is that still.
fn recover_from(dir: &Dir, name: &str, remains: &[u8], modified: SystemTime) {
    fs::write(dir.file(name), remains).unwrap();
    let file = fs::File::options().write(true).open(dir.file(name));
    file.unwrap().set_modified(modified).unwrap();
    let store = dir.open();
    let error = store.read(b"a").unwrap_err();
    let is_told = matches!(&error, Error::Damaged { file, .. } if file == name);
    assert!(is_told, "{} bytes of {name}: {error:?}", remains.len());
    assert_eq!(ids(&store), ["b"]);
    assert_eq!(store.take_damage().len(), 1);
    age(dir, name);
    let (checked, damaged, _) = all(&store, |files| store.verify(files));
    assert_eq!((checked, damaged.len()), (2, 1));
    let (_, damaged, quarantined) = all(&store, |files| store.repair(files));
    assert_eq!((damaged.len(), quarantined.len()), (0, 1));
    assert_eq!(ids(&store), ["b"]);
    assert!(is_missing(&store, "a"));
    assert!(store.read(b"b").is_ok());
}
