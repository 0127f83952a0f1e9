//! Filters that ask for pages, where the index knows all of them and where it does not.

use replay_store::{Error, Filter, Format, PathPart, Sort, Store, UrlPart};

use crate::hooked::{Call, hooked, os_error};
use crate::reads::Reads;
use crate::support::{Dir, Recording, gzip, options};

fn url(part: &str) -> Filter {
    Filter {
        url: Some(UrlPart::new(part.as_bytes())),
        ..Filter::default()
    }
}

fn path(path: &str) -> Filter {
    Filter {
        path: Some(PathPart::Exact(path.as_bytes().into())),
        ..Filter::default()
    }
}

fn below(prefix: &str) -> Filter {
    Filter {
        path: Some(PathPart::Prefix(prefix.as_bytes().into())),
        ..Filter::default()
    }
}

fn found(store: &Store, filter: &Filter) -> Vec<String> {
    let page = store.query(filter, Sort::Oldest, 100, None).unwrap();
    assert_eq!(page.total, page.items.len());
    let ids = page.items.iter().map(|item| item.id().to_vec());
    ids.map(|id| String::from_utf8(id).unwrap()).collect()
}

/// A session as recorders write it, on these paths.
fn session(id: &str, paths: &[String]) -> Recording {
    let recording = Recording::new(id)
        .url("https://shop.test")
        .at(id.len() as i64);
    recording.pages(paths.iter().map(|path| format!("https://shop.test{path}")))
}

fn paths(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| (*path).into()).collect()
}

/// More pages than the index holds.
fn many(last: &str) -> Vec<String> {
    let many = (0..100).map(|n| format!("/list?page={n}"));
    many.chain([last.into()]).collect()
}

/// Sessions on some pages, and, with longer ids, on too many.
fn saved(store: &Store) {
    for (id, paths, format) in [
        (
            "a",
            paths(&["/", "/orders?page=2", "/orders/7"]),
            Format::Etf,
        ),
        ("bb", paths(&["/orders/71"]), Format::Json),
        ("ccc", many("/orders/7?tab=2"), Format::Etf),
        ("dddd", many("/pay"), Format::Json),
    ] {
        store.save(&session(id, &paths).etf(), format).unwrap();
    }
}

#[test]
fn recordings_are_found_by_the_pages_that_they_were_on() {
    let dir = Dir::new();
    let store = dir.open();
    saved(&store);
    for (filter, expected) in [
        (url("orders"), &["a", "bb", "ccc"][..]),
        (url("shop.test/orders/7"), &["a", "bb", "ccc"]),
        (url("https://shop.test/pay"), &["dddd"]),
        (url("t/orders?"), &["a"]),
        (url("shop.test"), &["a", "bb", "ccc", "dddd"]),
        (url("page=99"), &["ccc", "dddd"]),
        (url("nowhere"), &[]),
        (path("/orders/7"), &["a", "ccc"]),
        (path("/orders/7?tab=2"), &["ccc"]),
        (path("/orders"), &["a"]),
        (path("/orders?page=2"), &["a"]),
        (path("orders"), &[]),
        (below("/orders/"), &["a", "bb", "ccc"]),
        (below("/list?page=99"), &["ccc", "dddd"]),
        (below("/p"), &["dddd"]),
    ] {
        assert_eq!(found(&store, &filter), expected, "{filter:?}");
        let counted = store.facets(&filter).unwrap().views;
        let count = counted.first().map_or(0, |(_, count)| *count);
        assert_eq!(count, expected.len(), "{filter:?}");
    }
}

#[test]
fn only_those_that_nothing_else_decides_are_read() {
    let dir = Dir::new();
    saved(&dir.open());
    let reads = Reads::default();
    let store = reads.open(&dir);
    let late = Filter {
        from: Some(4),
        ..url("nowhere")
    };
    for (filter, expected) in [
        (path("/"), 2),
        (path("/list"), 0),
        (url("shop.test"), 0),
        (url("shop.test/nowhere"), 2),
        (late, 1),
        (Filter::default(), 0),
    ] {
        let before = reads.count();
        store.query(&filter, Sort::Newest, 1, None).unwrap();
        assert_eq!(reads.count() - before, expected, "{filter:?}");
    }
}

#[test]
fn what_matches_is_erased_and_nothing_else() {
    for filter in [
        path("/orders/7"),
        url("/orders/7?tab"),
        below("/pay"),
        url("orders/"),
    ] {
        let dir = Dir::new();
        let store = dir.open();
        saved(&store);
        let mut expected = found(&store, &filter);
        let others: Vec<_> = found(&store, &Filter::default());
        let others = others.into_iter().filter(|id| !expected.contains(id));
        let others: Vec<_> = others.collect();
        let erased = store.delete_where(&filter).unwrap().ids;
        let mut erased: Vec<_> = erased
            .iter()
            .map(|id| String::from_utf8_lossy(id))
            .collect();
        erased.sort();
        expected.sort();
        assert_eq!(erased, expected);
        assert_eq!(found(&store, &Filter::default()), others);
        assert!(!expected.is_empty() && !others.is_empty());
    }
    let nothing = Dir::new().open().delete_where(&below("/"));
    assert!(matches!(nothing, Err(Error::NoFilters)));
}

#[test]
fn one_that_became_another_or_nothing_is_taken_as_it_is() {
    let dir = Dir::new();
    saved(&dir.open());
    let store = dir.open();
    assert_eq!(found(&store, &path("/pay")), ["dddd"]);
    // Overwritten in place, which the directory does not show.
    let file = "ccc.etf.gz";
    let other = session("ccc", &many("/pay")).events(9).etf();
    dir.write(file, &gzip(&other));
    assert_eq!(found(&store, &path("/pay")), ["ccc", "dddd"]);
    dir.write(file, b"damaged");
    assert_eq!(found(&store, &path("/pay")), ["dddd"]);
    assert_eq!(store.take_damage()[0].file, file);
    std::fs::remove_file(dir.file("dddd.json.gz")).unwrap();
    assert_eq!(found(&store, &path("/pay")), [""; 0]);
}

#[test]
fn one_that_can_not_be_read_is_named_and_stops_nothing() {
    let dir = Dir::new();
    saved(&dir.open());
    let fs = hooked(|call| match call {
        Call::Read(path) if path.ends_with("ccc.etf.gz") => os_error(libc::EIO),
        _ => Ok(()),
    });
    let store = Store::open_on(fs, &dir.path(), options()).unwrap();
    for (filter, needed) in [
        (path("/pay"), true),
        (path("/list"), false),
        (url("shop.test"), false),
        (Filter::default(), false),
    ] {
        assert_eq!(store.needs_search(&filter).unwrap(), needed, "{filter:?}");
    }
    let mut search = store.search(&path("/pay")).unwrap();
    assert_eq!(search.progress().total, 2, "the others are known");
    while !search.is_done() {
        store.search_on(&mut search);
    }
    let unread = store.not_searched(&search).unwrap();
    assert_eq!(unread.len(), 1);
    assert_eq!(unread[0].file, "ccc.etf.gz");
    assert_eq!(found(&store, &path("/pay")), ["dddd"]);
    let erased = store.delete_where(&path("/pay")).unwrap();
    assert_eq!(erased.ids, [b"dddd"[..].into()]);
    assert_eq!(erased.not_searched, unread);
    // It is not asked where that is not needed.
    assert_eq!(found(&store, &path("/list")), ["ccc"]);
    assert_eq!(store.delete_where(&path("/list")).unwrap().not_searched, []);
}

#[test]
fn many_that_are_undecided_are_read_by_several_threads() {
    let dir = Dir::new();
    let store = dir.open();
    for n in 0..150 {
        let last = ["/even", "/odd"][n % 2];
        let recording = session(&format!("{n:03}"), &many(last));
        store.save(&recording.etf(), Format::Etf).unwrap();
    }
    let page = store
        .query(&path("/odd"), Sort::Newest, 1000, None)
        .unwrap();
    assert_eq!(page.total, 75);
    let is_odd = |id: &[u8]| id[2] % 2 == 1;
    assert!(page.items.iter().all(|item| is_odd(item.id())));
}

#[test]
fn pages_are_listed_in_the_order_in_which_they_were_visited() {
    let dir = Dir::new();
    let store = dir.open();
    saved(&store);
    let other = "https://pay.test/card";
    let mut recording = session("e", &paths(&["/b", "/a?x=1", "/b"]));
    recording.pages.push(other.into());
    store.save(&recording.etf(), Format::Etf).unwrap();
    let page = store.query(&url(other), Sort::Newest, 9, None).unwrap();
    let pages = page.items[0].pages();
    assert!(pages.iter().eq([&b"/b"[..], b"/a?x=1", other.as_bytes()]));
    assert!(pages.is_complete());
    let page = store.query(&path("/pay"), Sort::Newest, 9, None).unwrap();
    let pages = page.items[0].pages();
    assert_eq!((pages.iter().count(), pages.is_complete()), (64, false));
}
