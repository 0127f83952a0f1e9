//! What is in a bucket is listed, page by page, from a key on, by day.

use replay_remote::{Bucket, Cursor, Day, FaultKind, Key, Listed, Page, Tag};
use replay_s3::{Quirks, Rule, Trouble};

use crate::support::{START, Site, bytes, is, name, open, recording, rows, time};

const DAY_MS: u64 = 86_400_000;

/// All pages from a cursor on.
fn pages(bucket: &Bucket, cursor: Cursor) -> Vec<Page> {
    let mut pages = Vec::new();
    let mut next = Some(cursor);
    while let Some(cursor) = next.take() {
        let page = bucket.list(&cursor).unwrap();
        next = page.next.clone();
        pages.push(page);
    }
    pages
}

fn keys(pages: &[Page]) -> Vec<Key> {
    let objects = pages.iter().flat_map(|it| &it.objects);
    objects.map(|it| it.key.clone().unwrap()).collect()
}

fn put_all(bucket: &Bucket, keys: impl IntoIterator<Item = Key>) {
    let objects = keys.into_iter().map(|key| (key, bytes(1)));
    bucket.put_many(objects, 8, |_, result| result.unwrap());
}

#[test]
fn a_long_listing_is_one_request_for_each_thousand() {
    for tokens in [true, false] {
        let site = Site::with(Quirks {
            tokens,
            ..Quirks::default()
        });
        let bucket = site.direct();
        put_all(&bucket, (0..2500).map(rows));
        let pages = pages(&bucket, Cursor::start());
        let sizes: Vec<_> = pages.iter().map(|it| it.objects.len()).collect();
        assert_eq!(sizes, [1000, 1000, 500]);
        assert_eq!(bucket.requests().lists, 3);
        assert_eq!(keys(&pages), (0..2500).map(rows).collect::<Vec<_>>());
    }
}

#[test]
fn a_listing_begins_behind_a_key_and_shows_what_came_since() {
    let site = Site::new();
    let bucket = site.bucket();
    put_all(&bucket, (0..10).map(rows).chain([Key::Lease]));
    let first = bucket.list(&Cursor::after(rows(6).to_string())).unwrap();
    assert_eq!(keys(&[first]), [rows(7), rows(8), rows(9)]);
    put_all(&bucket, [recording(10, b"a.etf.gz")]);
    let second = bucket.list(&Cursor::after(rows(9).to_string())).unwrap();
    assert_eq!(keys(&[second]), [recording(10, b"a.etf.gz")]);
    // The overlap: everything from a time on, whatever it is.
    let third = bucket.list(&Cursor::from_time(time(START + 9))).unwrap();
    assert_eq!(keys(&[third]), [rows(9), recording(10, b"a.etf.gz")]);
    assert_eq!(bucket.requests().lists, 3);
}

#[test]
fn a_listing_tells_sizes_and_times() {
    let site = Site::new();
    let bucket = site.bucket();
    bucket.put(&rows(0), bytes(7)).unwrap();
    let modified = bucket.head(&rows(0)).unwrap().modified_ms;
    let page = bucket.list(&Cursor::start()).unwrap();
    let [it] = page.objects.as_slice() else {
        panic!("{page:?}")
    };
    assert_eq!(it.size, 7);
    // A HEAD tells it by the second.
    assert_eq!(it.modified_ms / 1000, modified / 1000);
}

#[test]
fn folders_are_listed_for_themselves() {
    let site = Site::new();
    let bucket = site.bucket();
    let nodes = [Key::Node(name(b"a@h")), Key::Node(name(b"b@h"))];
    let parts = |node: &[u8]| Key::Part {
        node: name(node),
        stem: name(b"s"),
        number: 1,
    };
    let all = [parts(b"a@h"), parts(b"a@host"), Key::Lease, rows(0)];
    put_all(&bucket, nodes.clone().into_iter().chain(all));
    let list = |folder: &str| keys(&pages(&bucket, Cursor::folder(folder)));
    assert_eq!(list(Key::nodes()), nodes);
    assert_eq!(list(&Key::running(Some(&name(b"a@h")))), [parts(b"a@h")]);
    assert_eq!(list(&Key::running(None)).len(), 2);
    assert_eq!(list(&Key::confirmed(Some(Tag(1)))), []);
}

#[test]
fn days_are_found_and_listed_side_by_side() {
    let site = Site::new();
    let bucket = site.bucket();
    let on = |day: u64, count: u64| (0..count).map(move |it| rows(day * DAY_MS + it));
    assert_eq!(bucket.days(), Ok(vec![]));
    put_all(
        &bucket,
        on(0, 3).chain(on(1, 2)).chain(on(40, 1)).chain(on(400, 4)),
    );
    put_all(&bucket, [Key::Lease]);
    let days = bucket.days().unwrap();
    let text: Vec<_> = days.iter().map(Day::to_string).collect();
    assert_eq!(
        text,
        ["2026/09/21", "2026/09/22", "2026/10/31", "2027/10/26"]
    );
    // The years, two years' months, three months' days.
    assert_eq!(bucket.requests().lists, 1 + (1 + 2 + 3));
    let mut found = [0; 4];
    bucket.list_many(days.iter().map(|it| Cursor::day(*it)), 3, |day, page| {
        found[day] += page.unwrap().objects.len();
    });
    assert_eq!(found, [3, 2, 1, 4]);
}

#[test]
fn many_days_are_found_where_pages_are_small() {
    for tokens in [true, false] {
        let site = Site::with(Quirks {
            tokens,
            page: 3,
            ..Quirks::default()
        });
        let bucket = site.direct();
        put_all(&bucket, (0..70).map(|it| rows(it * 5 * DAY_MS)));
        let days = bucket.days().unwrap();
        let expected: Vec<_> = (0..70)
            .map(|it| time(START + it * 5 * DAY_MS).day())
            .collect();
        assert_eq!(days, expected);
        let mut found = Vec::new();
        bucket.list_many([Cursor::start()], 1, |_, page| {
            found.extend(keys(&[page.unwrap()]));
        });
        assert_eq!(found.len(), 70);
    }
}

#[test]
fn what_others_put_there_is_shown_and_in_nobodys_way() {
    let site = Site::local();
    let bucket = site.bucket();
    put_all(&bucket, [rows(0), rows(1)]);
    // Keys that the layer between does not take, or would read as others.
    let root = site.folder();
    for path in [
        "x%0ay",
        "2026/09/21/%/a",
        "a%20b",
        "2026/%2e%2e/c",
        "%3cb>&amp;",
    ] {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, b"?").unwrap();
    }
    let objects: Vec<Listed> = pages(&bucket, Cursor::start())
        .into_iter()
        .flat_map(|it| it.objects)
        .collect();
    let ours: Vec<_> = objects.iter().filter_map(|it| it.key.clone()).collect();
    assert_eq!(ours, [rows(0), rows(1)]);
    let mut others: Vec<_> = objects.iter().filter(|it| it.key.is_none()).collect();
    others.sort_by(|a, b| a.text.cmp(&b.text));
    let texts: Vec<_> = others.iter().map(|it| it.text.as_str()).collect();
    let expected = ["2026/../c", "2026/09/21//a", "<b>&amp;", "a b", "x\ny"];
    assert_eq!(texts, expected);
    assert_eq!(bucket.days().unwrap().len(), 1);
    bucket.delete_text("a b").unwrap();
    is(bucket.delete_text("2026/../c"), FaultKind::Invalid);
    let left: usize = pages(&bucket, Cursor::start())
        .iter()
        .map(|it| it.objects.len())
        .sum();
    assert_eq!(left, 6);
}

#[test]
fn prefixes_keep_buckets_apart() {
    let site = Site::new();
    let (all, one, other) = (
        open(&site.place(""), &site.options()),
        open(&site.place("/one"), &site.options()),
        open(&site.place("/one-more"), &site.options()),
    );
    for bucket in [&all, &one, &other] {
        put_all(bucket, [rows(0)]);
    }
    for bucket in [&one, &other] {
        assert_eq!(keys(&pages(bucket, Cursor::start())), [rows(0)]);
    }
    let page = all.list(&Cursor::start()).unwrap();
    let ours: Vec<_> = page.objects.iter().map(|it| it.key.is_some()).collect();
    assert_eq!(ours, [true, false, false]);
}

#[test]
fn a_fault_ends_the_listing_that_it_is_of() {
    let site = Site::new();
    let bucket = site.bucket();
    put_all(&bucket, [rows(0)]);
    site.proxy.add(Rule::once(Trouble::Answer(503, "SlowDown")));
    let mut results = Vec::new();
    let cursors = [Cursor::start(), Cursor::start()];
    bucket.list_many(cursors, 1, |at, page| results.push((at, page.is_ok())));
    results.sort_unstable();
    assert_eq!(results, [(0, false), (1, true)]);
}

#[test]
fn an_answer_that_is_no_listing_is_none() {
    let site = Site::new();
    let bucket = site.bucket();
    site.proxy.add(Rule::once(Trouble::Instead(
        "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>",
    )));
    is(bucket.list(&Cursor::start()), FaultKind::Invalid);
}

/// A page of a listing, which goes on.
fn page(objects: &[&str], folders: &[&str], token: &str) -> Trouble {
    let object = |key: &&str| {
        let time = "2026-09-21T14:13:20Z";
        format!(
            "<Contents><Key>{key}</Key><LastModified>{time}</LastModified><Size>1</Size></Contents>"
        )
    };
    let folder = |it: &&str| format!("<CommonPrefixes><Prefix>{it}</Prefix></CommonPrefixes>");
    let body = format!(
        "<ListBucketResult><IsTruncated>true</IsTruncated>\
         <NextContinuationToken>{token}</NextContinuationToken>{}{}</ListBucketResult>",
        objects.iter().map(object).collect::<String>(),
        folders.iter().map(folder).collect::<String>(),
    );
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    Trouble::Instead((head + &body).leak())
}

#[test]
fn what_is_too_long_for_a_request_stops_no_listing() {
    let site = Site::local();
    let bucket = site.bucket();
    put_all(&bucket, [rows(0), rows(1)]);
    let long = format!("some/prefix/1{}", "x".repeat(70_000));
    let short = "some/prefix/1";
    site.proxy.add(Rule::once(page(&[short, &*long], &[], "")));
    let found = pages(&bucket, Cursor::start());
    let counts: Vec<_> = found.iter().map(|it| it.objects.len()).collect();
    assert_eq!(counts, [2, 2]);
    let folders = [&*format!("{short}/"), &*format!("{long}/")];
    site.proxy.add(Rule::once(page(&[], &folders, "")));
    assert_eq!(bucket.days().unwrap().len(), 1);

    let asked = bucket.requests().lists;
    for cursor in [
        Cursor::after("x".repeat(70_000)),
        Cursor::folder("x".repeat(70_000)),
    ] {
        is(bucket.list(&cursor), FaultKind::Invalid);
    }
    assert_eq!(bucket.requests().lists, asked);
    site.proxy.add(Rule::once(page(&[short], &[], &long)));
    is(bucket.list(&Cursor::start()), FaultKind::Invalid);
}

#[test]
fn a_folder_that_is_not_told_as_it_is_hides_no_day() {
    let site = Site::local();
    let bucket = site.bucket();
    put_all(&bucket, [rows(0)]);
    let strange = "some/prefix/2\u{fffd}/";
    site.proxy
        .add(Rule::once(page(&[], &["some/prefix/1/", strange], "")));
    assert_eq!(bucket.days().unwrap().len(), 1);
}
