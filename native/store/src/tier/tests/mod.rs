mod again;
mod deleting;
mod later;
mod rows;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use parking_lot::Mutex;
use replay_etf::Needle;
use tempfile::TempDir;

use super::*;
use crate::codec::Format;
use crate::disk::clock::now_ms;
use crate::files::Contents;
use crate::options::Options;
use crate::query::{Filter, Sort};
use crate::remote::RemoteFault;
use crate::slab::Wait;

/// A bucket in memory.
#[derive(Default)]
struct Bucket {
    objects: Mutex<HashMap<Object, Vec<u8>>>,
    deleted: Mutex<Vec<Box<[u8]>>>,
    gets: AtomicUsize,
    woken: AtomicUsize,
    is_away: AtomicBool,
    is_unknown: AtomicBool,
    /// Done while an object is read, once.
    on_get: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Remote for Bucket {
    fn get(&self, object: &Object, _max_bytes: u64, into: &mut Vec<u8>) -> Result<(), RemoteFault> {
        self.gets.fetch_add(1, SeqCst);
        if let Some(work) = self.on_get.lock().take() {
            work();
        }
        if self.is_away.load(SeqCst) {
            return Err(RemoteFault::Unavailable);
        }
        let objects = self.objects.lock();
        into.clone_from(objects.get(object).ok_or(RemoteFault::NotFound)?);
        Ok(())
    }

    fn used(&self, _file: &[u8]) {}

    fn wake(&self) {
        self.woken.fetch_add(1, SeqCst);
    }

    fn delete(&self, ids: &[Box<[u8]>]) -> io::Result<()> {
        if self.is_away.load(SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.deleted.lock().extend_from_slice(ids);
        Ok(())
    }

    fn deleted(&self, ids: &[Box<[u8]>]) {
        assert!(ids.iter().all(|id| self.deleted.lock().contains(id)));
    }

    fn is_retaining(&self) -> bool {
        true
    }

    fn wait_known(&self) -> Result<(), RemoteFault> {
        match self.is_unknown.load(SeqCst) {
            true => Err(RemoteFault::Unavailable),
            false => Ok(()),
        }
    }
}

impl Bucket {
    fn listed(&self) -> Vec<Listed> {
        let objects = self.objects.lock();
        let listed = objects.iter().map(|(object, bytes)| Listed {
            object: object.clone(),
            len: bytes.len() as u64,
        });
        listed.collect()
    }
}

struct Node {
    store: Store,
    tier: Tier,
    bucket: Arc<Bucket>,
}

/// A bucket, and so many directories.
fn world<const N: usize>() -> (Arc<Bucket>, [TempDir; N]) {
    (
        Arc::default(),
        [(); N].map(|()| tempfile::tempdir().unwrap()),
    )
}

fn node(path: &Path, bucket: &Arc<Bucket>) -> Node {
    let store = Store::open(path, Options::default()).unwrap();
    let tier = store.tier();
    tier.attach(Arc::clone(bucket) as _);
    Node {
        store,
        tier,
        bucket: Arc::clone(bucket),
    }
}

/// A recording with one event of a user.
fn recording(id: &str, at: i64) -> Vec<u8> {
    let text = format!(
        r#"{{"id":"{id}","connected_at":{at},"view":"Elixir.V","events":[{{"offset":1,"type":"event","payload":{{"name":"n","params":{{}}}}}}]}}"#
    );
    let mut etf = Vec::new();
    let limits = replay_etf::Limits::default();
    replay_etf::json::decode(text.as_bytes(), &limits, &|_| true, &mut etf).unwrap();
    etf
}

impl Node {
    fn save(&self, id: &str, at: i64) {
        self.store.save(&recording(id, at), Format::Etf).unwrap();
    }

    /// Uploads all there is, at a time of its own each.
    fn upload(&self, mut at: i64) {
        for entry in self.tier.pending(None, usize::MAX) {
            let bytes = self.tier.bytes_of(&entry).unwrap().unwrap();
            let file = entry.file().into();
            let saved_ns = entry.stamp.modified_ns;
            let put = Put { at, saved_ns };
            let object = Object { put, file };
            self.bucket.objects.lock().insert(object, bytes);
            assert!(self.tier.uploaded(&entry, put));
            at += 1;
        }
        assert_eq!(self.tier.pending_len(), 0);
    }

    fn learn_bodies(&self) {
        for Listed { object, .. } in self.bucket.listed() {
            let bytes = self.bucket.objects.lock()[&object].clone();
            self.tier.learn_body(&object, bytes).unwrap();
        }
    }

    fn ids(&self) -> Vec<String> {
        let page = self
            .store
            .query(&Filter::default(), Sort::Newest, 100, None);
        let items = page.unwrap().items;
        let ids = items
            .iter()
            .map(|it| String::from_utf8_lossy(it.id()).into_owned());
        ids.collect()
    }

    fn read(&self, id: &str) -> Result<Contents, Error> {
        self.store.read(id.as_bytes())
    }

    fn here(&self) -> usize {
        let names = std::fs::read_dir(self.store.path()).unwrap();
        names
            .filter(|it| it.as_ref().unwrap().file_name() != ".native")
            .count()
    }
}

#[test]
fn what_one_saves_another_lists_and_reads() {
    let (bucket, dirs) = world::<2>();
    let [a, b] = dirs.each_ref().map(|dir| node(dir.path(), &bucket));
    a.save("x", 1);
    a.save("y", 2);
    assert_eq!(a.tier.pending_len(), 2);
    assert_eq!(bucket.woken.load(SeqCst), 2);
    a.upload(now_ms() + 50);
    assert_eq!(a.tier.objects_len(), (2, 0));

    let listed = bucket.listed();
    let objects: Vec<_> = listed.iter().map(|it| it.object.clone()).collect();
    let (rows, count) = a.tier.rows(&objects, 1 << 20);
    assert_eq!(count, 2);
    let len_of = |object: &Object| {
        let listed = listed.iter().find(|it| it.object == *object);
        listed.map(|it| it.len)
    };
    assert_eq!(b.tier.learn(&rows, len_of).unwrap().len(), 2);
    assert_eq!(b.ids(), ["y", "x"]);
    assert_eq!((b.here(), b.tier.objects_len()), (0, (2, 2)));
    assert_eq!(b.read("x").unwrap(), a.read("x").unwrap());
    assert_eq!((b.here(), b.tier.objects_len()), (1, (2, 1)), "it is kept");
    b.read("x").unwrap();
    assert_eq!(bucket.gets.load(SeqCst), 1);
    assert_eq!(b.tier.pending_len(), 0, "it need not be uploaded");

    // What is given up is there still.
    let copies = b.tier.copies();
    assert!(b.tier.give_up(&copies[0]).unwrap());
    assert!(!b.tier.give_up(&copies[0]).unwrap());
    assert_eq!((b.here(), b.ids()), (0, vec!["y".into(), "x".into()]));
    assert_eq!(b.read("x").unwrap(), a.read("x").unwrap());

    // Neither is written down here as if it were a file, nor lost by a look at the directory.
    b.store.rebuild_index().unwrap();
    assert_eq!(b.ids(), ["y", "x"]);
}

#[test]
fn what_is_to_be_uploaded_is_gone_through_once() {
    let (bucket, dirs) = world::<1>();
    let a = node(dirs[0].path(), &bucket);
    for number in 0..7 {
        a.save(&format!("r{number}"), number);
    }
    let files = |some: &[Arc<Entry>]| -> Vec<Vec<u8>> {
        some.iter().map(|entry| entry.file().to_vec()).collect()
    };
    let all = a.tier.pending(None, usize::MAX);
    let (mut found, mut last) = (Vec::new(), None);
    loop {
        let some = a.tier.pending(last.as_deref(), 3);
        let Some(entry) = some.last() else { break };
        assert!(some.len() <= 3);
        found.extend(files(&some));
        last = Some(Arc::clone(entry));
        // Where one was it goes on, though that is gone.
        a.store.delete(entry.id()).unwrap();
    }
    assert_eq!(found, files(&all));
    assert_eq!(a.tier.pending_len(), 4);
}

#[test]
fn a_bucket_that_is_away_is_told_of() {
    let (bucket, dirs) = world::<2>();
    let [a, b] = dirs.each_ref().map(|dir| node(dir.path(), &bucket));
    a.save("x", 1);
    a.upload(5);
    b.learn_bodies();
    b.save("mine", 9);
    bucket.is_away.store(true, SeqCst);
    let away = |result| matches!(result, Err(Error::Remote(RemoteFault::Unavailable)));
    assert!(away(b.read("x")));
    assert!(b.read("mine").is_ok());
    assert!(matches!(b.read("none"), Err(Error::NotFound)));
    bucket.is_unknown.store(true, SeqCst);
    assert!(away(b.read("none")), "it may be there");
    assert!(b.read("mine").is_ok());
    assert_eq!(b.ids(), ["mine", "x"]);

    // What is gone from there is not listed any more.
    bucket.is_away.store(false, SeqCst);
    bucket.is_unknown.store(false, SeqCst);
    bucket.objects.lock().clear();
    assert!(matches!(b.read("x"), Err(Error::NotFound)));
    assert_eq!(b.ids(), ["mine"]);
    let known = a.tier.objects();
    a.tier.vanished(&known[0].object);
    assert_eq!((a.ids(), a.tier.pending_len()), (vec!["x".into()], 1));
}

#[test]
fn a_search_says_that_the_bucket_is_in_the_way() {
    let (bucket, dirs) = world::<2>();
    let [a, b] = dirs.each_ref().map(|dir| node(dir.path(), &bucket));
    a.save("x", 1);
    a.upload(5);
    b.learn_bodies();
    b.save("mine", 9);
    bucket.is_away.store(true, SeqCst);
    let filter = Filter {
        contains: Needle::text(b"n"),
        ..Filter::default()
    };
    let mut search = b.store.search(&filter).unwrap();
    while !search.is_done() {
        b.store.search_on(&mut search);
    }
    assert_eq!(search.progress().found, 1);
    let not_searched = b.store.not_searched(&search).unwrap();
    let [of_x] = not_searched.as_slice() else {
        panic!("{not_searched:?}");
    };
    assert_eq!(of_x.file, "x.etf.gz");
    let why = RemoteFault::Unavailable;
    assert_eq!(of_x.reason, format!("cannot be read: {why}"));
}

#[test]
fn notes_stay_until_they_are_removed() {
    let (bucket, dir) = (Arc::default(), tempfile::tempdir().unwrap());
    let a = node(dir.path(), &bucket);
    assert_eq!(a.tier.notes().unwrap().len(), 0);
    let name = a.tier.write_note(b"what", |_| {}).unwrap();
    drop(a);
    let a = node(dir.path(), &bucket);
    assert_eq!(a.tier.notes().unwrap(), std::slice::from_ref(&name));
    assert_eq!(a.tier.read_note(&name).unwrap(), Some(b"what".to_vec()));
    a.tier.remove_note(&name).unwrap();
    a.tier.remove_note(&name).unwrap();
    assert_eq!(a.tier.read_note(&name).unwrap(), None);
    assert!(a.tier.read_note(b"note-../../x").is_err());
    let bad = a.tier.write_note(b"bad", |_| {}).unwrap();
    a.tier.set_note_aside(&bad).unwrap();
    // Whoever wrote one was killed a long time ago, or may be at it.
    let notes = dir.path().join(".native/remote");
    for (name, hours) in [("tmp-old", 2), ("tmp-new", 0)] {
        let file = std::fs::File::create(notes.join(name)).unwrap();
        let ago = std::time::Duration::from_secs(hours * 3600);
        file.set_modified(std::time::SystemTime::now() - ago)
            .unwrap();
    }
    a.tier.identity().unwrap();
    assert!(!notes.join("tmp-old").exists() && notes.join("tmp-new").exists());
    assert_eq!(a.tier.notes().unwrap().len(), 0);

    let lock = a.tier.try_lock().unwrap();
    assert!(lock.is_some() && a.tier.try_lock().unwrap().is_none());
    drop(lock);
    assert!(a.tier.try_lock().unwrap().is_some());
}
