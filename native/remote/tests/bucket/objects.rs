//! Objects are written, read, looked at and removed on a server.

use bytes::Bytes;
use replay_remote::{FaultKind, Key, Options, Sse, Tag};
use replay_s3::{Conditions, Quirks};

use crate::support::{Site, bytes, is, name, open, recording, rows};

#[test]
fn an_object_comes_back_as_it_was_written() {
    let site = Site::new();
    let bucket = site.bucket();
    for size in [0, 1, 65_535, 65_536, 3_000_000] {
        let key = recording(size as u64, b"a.etf.gz");
        bucket.put(&key, bytes(size)).unwrap();
        assert_eq!(bucket.get(&key, size as u64), Ok(bytes(size)));
        assert_eq!(bucket.head(&key).unwrap().size, size as u64);
    }
    let key = recording(0, b"a.etf.gz");
    bucket.put(&key, bytes(5)).unwrap();
    let object = bucket.read(&key, 5).unwrap();
    assert_eq!((object.bytes, object.meta.size), (bytes(5), 5));
    assert_eq!(bucket.head(&key).unwrap(), object.meta);
}

#[test]
fn what_is_larger_than_wanted_is_not_read() {
    let site = Site::new();
    let bucket = site.bucket();
    let key = recording(0, b"a.etf.gz");
    bucket.put(&key, bytes(2_000_000)).unwrap();
    is(bucket.get(&key, 1_999_999), FaultKind::TooLarge);
    assert_eq!(bucket.requests().received_bytes, 0);
}

#[test]
fn an_object_that_is_removed_is_gone_and_removing_nothing_is_no_fault() {
    let site = Site::new();
    let bucket = site.bucket();
    let key = rows(0);
    bucket.delete(&key).unwrap();
    bucket.put(&key, bytes(1)).unwrap();
    bucket.delete(&key).unwrap();
    is(bucket.get(&key, 1), FaultKind::NotFound);
    is(bucket.head(&key), FaultKind::NotFound);
}

#[test]
fn every_file_name_comes_back_and_is_the_same_for_other_programs() {
    let site = Site::local();
    let bucket = site.bucket();
    let names: [&[u8]; 12] = [
        b"4x1F5sfmxsxIadPy39mHkw.etf.gz",
        b"-OS-2vvj4mjtgEzRfYa7-A.json.zst",
        b"~=2e=2e=2fetc.etf.gz",
        b"a b+c%20&d?e#f.etf",
        b"..etf",
        b"...json",
        "é\u{65e5}.etf.gz".as_bytes(),
        b"\x01\n\xff\xfe\\:*\"<>|.etf",
        b"!21.etf",
        b"x.rows.etf",
        &[b'z'; 255],
        &[0xff; 255],
    ];
    for (at, file) in names.iter().enumerate() {
        let key = recording(at as u64, file);
        bucket.put(&key, bytes(at)).unwrap();
        assert_eq!(bucket.get(&key, 100), Ok(bytes(at)));
    }
    let mut listed = Vec::new();
    bucket.list_many([replay_remote::Cursor::start()], 1, |_, page| {
        listed.extend(page.unwrap().objects);
    });
    let expected: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(at, file)| Some(recording(at as u64, file)))
        .collect();
    let keys: Vec<_> = listed.iter().map(|it| it.key.clone()).collect();
    assert_eq!(keys, expected);
    // What the server has, which writes each slash as a directory and nothing otherwise.
    for it in listed {
        let path = site.folder().join(&it.text);
        assert_eq!(
            std::fs::metadata(path).unwrap().len(),
            it.size,
            "{}",
            it.text
        );
    }
}

#[test]
fn a_key_that_is_longer_than_servers_take_is_refused_at_once() {
    let site = Site::new();
    let bucket = site.bucket();
    let key = Key::Part {
        node: name(&[0xff; 255]),
        stem: name(&[0xff; 255]),
        number: 1,
    };
    is(bucket.put(&key, bytes(1)), FaultKind::TooLarge);
    assert_eq!(bucket.requests().puts, 0);
}

#[test]
fn one_of_two_who_make_an_object_has_made_it() {
    for conditions in [Conditions::Kept, Conditions::Refused] {
        let quirks = Quirks {
            conditions,
            ..Quirks::default()
        };
        let bucket = Site::with(quirks);
        let bucket = bucket.bucket();
        bucket.put_new(&Key::Lease, bytes(1)).unwrap();
        is(bucket.put_new(&Key::Lease, bytes(2)), FaultKind::Exists);
        assert_eq!(bucket.get(&Key::Lease, 9), Ok(bytes(1)));
    }
}

#[test]
fn a_version_is_replaced_once() {
    for conditions in [Conditions::Kept, Conditions::Refused] {
        let quirks = Quirks {
            conditions,
            ..Quirks::default()
        };
        let site = Site::with(quirks);
        let bucket = site.bucket();
        bucket.put(&Key::Lease, bytes(1)).unwrap();
        let first = bucket.head(&Key::Lease).unwrap().e_tag.unwrap();
        bucket.put_over(&Key::Lease, &first, bytes(2)).unwrap();
        is(
            bucket.put_over(&Key::Lease, &first, bytes(3)),
            FaultKind::Exists,
        );
        assert_eq!(bucket.get(&Key::Lease, 9), Ok(bytes(2)));
        bucket.delete(&Key::Lease).unwrap();
        is(
            bucket.put_over(&Key::Lease, &first, bytes(3)),
            FaultKind::Exists,
        );
        is(bucket.get(&Key::Lease, 9), FaultKind::NotFound);
    }
}

#[test]
fn the_server_is_asked_to_encrypt_what_it_stores() {
    let site = Site::new();
    let header = "x-amz-server-side-encryption";
    let key_header = "x-amz-server-side-encryption-aws-kms-key-id";
    for (sse, kind, key) in [
        (Sse::Default, None, None),
        (Sse::Aes256, Some("AES256"), None),
        (Sse::Kms("arn:k".to_owned()), Some("aws:kms"), Some("arn:k")),
    ] {
        let options = Options {
            sse,
            ..site.options()
        };
        let bucket = open("s3://replays", &options);
        bucket.put(&rows(0), bytes(1)).unwrap();
        bucket.get(&rows(0), 1).unwrap();
        let seen = site.proxy.seen();
        assert_eq!(seen[0].header(header), kind);
        assert_eq!(seen[0].header(key_header), key);
        assert_eq!(seen[1].header(header), None);
    }
}

#[test]
fn requests_name_the_library_and_no_secret() {
    let site = Site::new();
    let bucket = site.bucket();
    bucket.put(&rows(0), bytes(1)).unwrap();
    let seen = site.proxy.seen();
    let agent = seen[0].header("user-agent").unwrap();
    assert!(agent.starts_with("phoenix_replay_native/"), "{agent}");
    assert!(!format!("{seen:?} {bucket:?}").contains(crate::support::SECRET));
}

#[test]
fn requests_are_counted_by_what_they_are() {
    let site = Site::new();
    let bucket = site.bucket();
    bucket.put(&rows(0), bytes(10)).unwrap();
    bucket.put(&rows(1), bytes(10)).unwrap();
    bucket.get(&rows(0), 10).unwrap();
    bucket.head(&rows(0)).unwrap();
    bucket.list(&replay_remote::Cursor::start()).unwrap();
    bucket.delete(&rows(0)).unwrap();
    is(bucket.get(&rows(0), 10), FaultKind::NotFound);
    let requests = bucket.requests();
    assert_eq!((requests.puts, requests.gets, requests.heads), (2, 2, 1));
    assert_eq!(
        (requests.lists, requests.deletes, requests.failed),
        (1, 1, 1)
    );
    assert_eq!(requests.sent_bytes, 20);
    assert_eq!(site.proxy.seen().len(), 7);
}

#[test]
fn many_objects_go_both_ways_at_once() {
    let site = Site::new();
    let bucket = site.direct();
    let keys = || (0..100).map(rows);
    let mut left = 100;
    let all: Vec<_> = keys()
        .enumerate()
        .map(|(at, key)| (key, bytes(at)))
        .collect();
    bucket.put_many(all.clone(), 8, |_, result| {
        result.unwrap();
        left -= 1;
    });
    assert_eq!(left, 0);
    let mut read: Vec<(Key, Bytes)> = Vec::new();
    bucket.get_many(keys().map(|key| (key, 100)), 8, |key, result| {
        read.push((key, result.unwrap()));
    });
    read.sort();
    assert_eq!(read, all);
    bucket.delete_many(keys(), 8, |_, result| result.unwrap());
    bucket.get_many(keys().map(|key| (key, 100)), 8, |_, result| {
        is(result, FaultKind::NotFound);
    });
    let confirmed = Key::Confirmed {
        tag: Tag(1),
        node: name(b"n"),
    };
    bucket.put_many([(confirmed.clone(), bytes(1))], 0, |key, result| {
        assert_eq!((key, result), (confirmed.clone(), Ok(())));
    });
}

#[test]
fn a_key_without_a_letter_is_not_the_bucket() {
    let site = Site::local();
    for place in ["s3://replays", &site.place("")] {
        let bucket = open(place, &site.options());
        is(bucket.delete_text(""), FaultKind::Invalid);
        assert_eq!(bucket.requests().deletes, 0);
    }
}
