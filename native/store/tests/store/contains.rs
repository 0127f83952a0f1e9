//! Searching what is in finished recordings.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use replay_etf::Needle;
use replay_store::{Compression, Erased, Filter, Format, Search, Sort, Store};

use crate::hooked::{Call, hooked};
use crate::support::{Dir, Recording, gzip, ids, options};
use crate::verify::age;

fn containing(text: &str) -> Filter {
    Filter {
        contains: Needle::text(text.as_bytes()),
        ..Filter::default()
    }
}

/// The events of such a recording have a name of twenty of the mark.
fn marked(id: &str, mark: u8) -> Recording {
    Recording::new(id).mark(mark)
}

fn finish(store: &Store, search: &mut Search) -> usize {
    let mut turns = 0;
    while !search.is_done() {
        let before = search.progress();
        let after = store.search_on(search);
        assert!(after.checked > before.checked && after.checked <= after.total);
        assert_eq!((after, after.total), (search.progress(), before.total));
        turns += 1;
    }
    turns
}

fn found(search: &Search) -> Vec<String> {
    let page = search.page(Sort::Newest, usize::MAX, None).unwrap();
    assert_eq!(page.total, page.items.len());
    sorted(page.items.iter().map(|item| item.id()))
}

fn sorted<'a>(ids: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
    let mut ids: Vec<_> = ids
        .map(|id| String::from_utf8_lossy(id).into_owned())
        .collect();
    ids.sort();
    ids
}

fn erased(erased: &Erased) -> Vec<String> {
    sorted(erased.ids.iter().map(|id| &**id))
}

/// What could not be searched, each as its file and the reason.
fn left_out(store: &Store, search: &Search) -> Vec<String> {
    let not_searched = store.not_searched(search).unwrap();
    let texts = not_searched
        .iter()
        .map(|it| format!("{}: {}", it.file, it.reason));
    texts.collect()
}

/// Recordings `a-0`, `b-1`, `c-2`, `a-3` … whose events have the name of the letter, in files of
/// all kinds.
fn fill(dir: &Dir) {
    let stores = [
        dir.open_with(Compression::Gzip(6)),
        dir.open_with(Compression::Zstd(1)),
    ];
    for n in 0..60 {
        let mark = b"abc"[n % 3];
        let id = format!("{}-{n}", char::from(mark));
        let etf = marked(&id, mark).at(n as i64).events(n as u16).etf();
        match n % 5 {
            0 => dir.write(format!("{id}.etf"), &etf),
            n => {
                let format = [Format::Etf, Format::Json][n % 2];
                stores[n / 3].save(&etf, format).unwrap();
            }
        }
    }
}

#[test]
fn it_finds_what_a_look_at_each_recording_finds() {
    let dir = Dir::new();
    fill(&dir);
    let store = dir.open();
    for filter in [
        containing("aaaa"),
        Filter {
            from: Some(20),
            ..containing("bbbb")
        },
        Filter {
            event: Some(vec![b"cccccccccccccccccccc"[..].into()]),
            ..containing("ccc")
        },
        Filter {
            id: Some(b"b"[..].into()),
            ..containing("aaaa")
        },
        containing("localhost"),
        containing("HomeLive"),
        containing("nowhere"),
    ] {
        let needle = filter.contains.clone().unwrap();
        let rest = Filter {
            contains: None,
            ..filter.clone()
        };
        let candidates = store.query(&rest, Sort::Newest, usize::MAX, None).unwrap();
        let contains = |id: &[u8]| {
            let content = store.read(id).unwrap();
            let limits = replay_etf::Limits::default();
            match content.format {
                Format::Etf => replay_etf::recording::contains(&content.bytes, &needle, &limits),
                Format::Json => replay_etf::json::contains(&content.bytes, &needle, &limits),
            }
        };
        let matching = candidates.items.iter().map(|item| item.id());
        let expected = sorted(matching.filter(|id| contains(id).unwrap()));
        let mut search = store.search(&filter).unwrap();
        assert_eq!(search.progress().total, candidates.total);
        finish(&store, &mut search);
        assert_eq!(found(&search), expected, "{filter:?}");
        assert_eq!(search.progress().found, expected.len());
        assert_eq!(left_out(&store, &search), [""; 0]);
        let days = search
            .facets()
            .days
            .iter()
            .map(|(_, count)| count)
            .sum::<usize>();
        assert_eq!(days, expected.len());
        assert_eq!(store.facets(&filter).unwrap(), search.facets());
    }
}

#[test]
fn pages_of_a_search_are_those_of_a_query() {
    let dir = Dir::new();
    fill(&dir);
    let store = dir.open();
    let filter = containing("aaaa");
    let mut search = store.search(&filter).unwrap();
    finish(&store, &mut search);
    for sort in [Sort::Newest, Sort::Oldest, Sort::MostEvents, Sort::Largest] {
        let all = search.page(sort, usize::MAX, None).unwrap();
        let (mut ids, mut cursor) = (Vec::new(), None);
        loop {
            let page = store.query(&filter, sort, 3, cursor.as_ref()).unwrap();
            assert_eq!(page.total, all.total);
            ids.extend(page.items.iter().map(|item| item.id().to_vec()));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let all = all.items.iter().map(|item| item.id());
        assert!(all.eq(ids.iter().map(|id| &**id)), "{sort:?}");
    }
    let of_other = search.page(Sort::Newest, 1, None).unwrap().next;
    assert!(search.page(Sort::Oldest, 1, of_other.as_ref()).is_err());
}

#[test]
fn what_changes_between_counts_as_it_is_read() {
    let dir = Dir::new();
    let store = dir.open();
    for id in ["stays", "goes", "loses", "gains", "moves"] {
        let mark = if id == "gains" { b'n' } else { b'y' };
        store.save(&marked(id, mark).etf(), Format::Etf).unwrap();
    }
    let of_view = Filter {
        view: Some(vec!["MyAppWeb.HomeLive".into()]),
        ..containing("yyyy")
    };
    let mut searches = [&containing("yyyy"), &of_view].map(|filter| store.search(filter).unwrap());
    store.delete(b"goes").unwrap();
    store
        .save(&marked("loses", b'n').etf(), Format::Etf)
        .unwrap();
    store
        .save(&marked("gains", b'y').etf(), Format::Json)
        .unwrap();
    let moved = marked("moves", b'y').view("Elixir.Other");
    store.save(&moved.etf(), Format::Json).unwrap();
    store
        .save(&marked("late", b'y').etf(), Format::Etf)
        .unwrap();
    for search in &mut searches {
        finish(&store, search);
        assert_eq!(left_out(&store, search), [""; 0]);
    }
    assert_eq!(found(&searches[0]), ["gains", "moves", "stays"]);
    assert_eq!(found(&searches[1]), ["gains", "stays"]);
}

#[test]
fn what_is_damaged_or_out_of_the_way_is_named_and_stops_nothing() {
    let dir = Dir::new();
    let store = dir.open();
    for id in ["one", "two", "torn"] {
        store.save(&marked(id, b'y').etf(), Format::Etf).unwrap();
    }
    store
        .save(&marked("other", b'n').etf(), Format::Etf)
        .unwrap();
    dir.write("moved.etf.gz", b"no recording");
    age(&dir, "moved.etf.gz");
    assert_eq!(store.repair(&[b"moved.etf.gz"]).quarantined.len(), 1);
    dir.write("empty.json", b"");
    dir.write("cut.etf.gz", &gzip(&marked("cut", b'y').etf())[..60]);
    let mut search = store.search(&containing("yyyy")).unwrap();
    // After the index has seen it.
    let mut content = fs::read(dir.file("torn.etf.gz")).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 0x10;
    dir.write("torn.etf.gz", &content);
    finish(&store, &mut search);
    assert_eq!(found(&search), ["one", "two"]);
    let named = left_out(&store, &search);
    let files: Vec<_> = named.iter().filter_map(|it| it.split(':').next()).collect();
    let expected = [
        ".native/quarantine/moved.etf.gz",
        "cut.etf.gz",
        "empty.json",
        "torn.etf.gz",
    ];
    assert_eq!(files, expected, "{named:?}");
    let by_content = store.delete_where(&containing("yyyy")).unwrap();
    assert_eq!(erased(&by_content), ["one", "two"]);
    let by_id = Filter {
        id: Some(b"other"[..].into()),
        ..Filter::default()
    };
    for (result, erased_ids) in [
        (by_content, vec!["one", "two"]),
        (store.delete_where(&by_id).unwrap(), vec!["other"]),
        (store.delete_where(&by_id).unwrap(), vec![]),
    ] {
        assert_eq!(erased(&result), erased_ids);
        let files: Vec<_> = result.not_searched.iter().map(|it| &*it.file).collect();
        assert_eq!(files, expected);
    }
    assert_eq!(ids(&store), [""; 0]);
}

/// A store with 40 recordings, and a file system with a word to say before a file is read.
fn reading(hook: impl Fn(&Path) -> std::io::Result<()> + Send + Sync + 'static) -> (Dir, Store) {
    let dir = Dir::new();
    let store = dir.open();
    for n in 0..40 {
        let recording = marked(&format!("r{n:02}"), b'y').at(n);
        store.save(&recording.etf(), Format::Etf).unwrap();
    }
    drop(store);
    let fs = hooked(move |call| match call {
        Call::Read(path) if path.extension().is_some_and(|it| it == "gz") => hook(path),
        _ => Ok(()),
    });
    let store = Store::open_on(fs, &dir.path(), options()).unwrap();
    (dir, store)
}

#[test]
fn a_file_that_can_not_be_read_now_or_that_nobody_can_is_named() {
    let (_dir, store) = reading(|path| {
        assert!(!path.ends_with("r07.etf.gz"), "as the test wants it");
        match path.ends_with("r11.etf.gz") {
            true => Err(std::io::Error::from_raw_os_error(libc::EMFILE)),
            false => Ok(()),
        }
    });
    let result = store.delete_where(&containing("yyyy")).unwrap();
    assert_eq!(result.ids.len(), 38);
    let named: Vec<_> = result
        .not_searched
        .iter()
        .map(|it| format!("{}: {}", it.file, it.reason))
        .collect();
    let expected = [
        "r07.etf.gz: the reader failed",
        "r11.etf.gz: cannot be read: emfile",
    ];
    assert_eq!(named, expected);
    assert_eq!(ids(&store), ["r11", "r07"]);
}

#[test]
fn a_turn_is_short_however_long_the_search_is() {
    let slow = Arc::new(AtomicBool::new(false));
    let is_slow = Arc::clone(&slow);
    let (_dir, store) = reading(move |_| {
        if is_slow.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    });
    slow.store(true, Ordering::Relaxed);
    let mut search = store.search(&containing("yyyy")).unwrap();
    assert!(finish(&store, &mut search) >= 4);
    assert_eq!(found(&search).len(), 40);
}

#[test]
fn what_was_there_is_found_while_others_save_and_delete() {
    let dir = Dir::new();
    let store = dir.open();
    for n in 0..300 {
        let recording = marked(&format!("r{n:03}"), b'y').events(40);
        store.save(&recording.etf(), Format::Etf).unwrap();
    }
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for worker in 0..2 {
            let (store, over) = (&store, &over);
            scope.spawn(move || {
                for n in 0.. {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    // Some of them again, as they are, and new ones that come and go.
                    let again = marked(&format!("r{:03}", n % 300), b'y').events(40);
                    let format = [Format::Etf, Format::Json][n % 2];
                    store.save(&again.etf(), format).unwrap();
                    let id = format!("new-{worker}-{}", n % 7);
                    store.save(&marked(&id, b'n').etf(), Format::Etf).unwrap();
                    store.delete(id.as_bytes()).unwrap();
                }
            });
        }
        for _ in 0..5 {
            let mut search = store.search(&containing("yyyy")).unwrap();
            finish(&store, &mut search);
            assert_eq!(found(&search).len(), 300, "{:?}", left_out(&store, &search));
        }
        over.store(true, Ordering::Relaxed);
    });
    assert_eq!(
        store.delete_where(&containing("yyyy")).unwrap().ids.len(),
        300
    );
}
