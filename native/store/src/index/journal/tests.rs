use replay_etf::recording;

use super::row::{self, VERSION, encode};
use crate::codec::{Format, Subject};
use crate::disk::Stamp;
use crate::index::entry::{Shared, own_id};
use crate::index::pages::Extent;
use crate::index::{Entry, Pages};

fn entry(shared: &Shared) -> Entry {
    Entry {
        file: b"x.etf.gz"[..].into(),
        id: None,
        stem_len: 1,
        view: shared.view(recording::View::Atom("Elixir.Home".into())),
        names: shared.names(vec!["add", "save"]),
        pages: shared.pages(Pages::new(&["/", "/a?b"], Extent::Cut)),
        url: Some(b"/"[..].into()),
        subject: Some(shared.subject(Subject::Integer(-2))),
        connected_at: -1,
        duration_ms: 300,
        stamp: Stamp {
            len: 5,
            modified_ns: 6,
            inode: 7,
        },
        event_count: 2,
        format: Format::Etf,
        recovered: true,
        truncated: false,
    }
}

fn encoded(entry: &Entry) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(entry, &mut bytes);
    bytes
}

fn decode(bytes: &[u8], shared: &Shared) -> Option<Entry> {
    decode_of(VERSION, bytes, shared)
}

fn decode_of(version: u32, bytes: &[u8], shared: &Shared) -> Option<Entry> {
    let row = row::read(bytes, version)?;
    row::entries(vec![row], shared).next()
}

/// What version 1 wrote of [`entry`], which had no pages.
const OF_VERSION_1: &[u8] = b"\x08x.etf.gz\x00\x00\x0bElixir.Home\x02\x03add\x04save\x01\x01/\x01\xfb\x58\x02\x02\x00\x01\x00\x05\x0c\x07";

/// What version 2 wrote behind it: a subject.
const OF_VERSION_2: &[u8] = b"\x01\x00\x03";

/// Whoever changes this changes the version.
#[test]
fn rows_are_those_of_version_3() {
    let shared = Shared::new();
    let put = encoded(&entry(&shared));
    assert_eq!(
        put,
        [OF_VERSION_1, OF_VERSION_2, b"\x01\x09\x01\0/\x04\0/a?b"].concat()
    );
    let complete = Entry {
        pages: shared.pages(Pages::new(&["/"], Extent::Whole)),
        ..entry(&shared)
    };
    assert_eq!(
        encoded(&complete),
        [OF_VERSION_1, OF_VERSION_2, b"\x00\x03\x01\0/"].concat()
    );
}

#[test]
fn a_row_of_version_2_is_read_and_has_its_subject() {
    let shared = Shared::new();
    let row = [OF_VERSION_1, OF_VERSION_2].concat();
    let read = decode_of(2, &row, &shared).unwrap();
    assert_eq!(read.subject, entry(&shared).subject);
    assert!(read.pages.is_unknown());
    assert!(decode_of(1, &row, &shared).is_none() && decode(&row, &shared).is_none());
}

#[test]
fn a_row_of_version_1_is_read_and_its_pages_are_unknown() {
    let shared = Shared::new();
    assert!(!shared.is_incomplete());
    let read = decode_of(1, OF_VERSION_1, &shared).unwrap();
    assert!(read.pages.is_unknown() && shared.is_incomplete());
    assert!(read.agrees(&entry(&shared)) && read != entry(&shared));
    // Once written down in this version it is still so.
    let bytes = encoded(&read);
    assert_eq!(decode(&bytes, &shared), Some(read));
    assert!(!shared.is_incomplete());
    for version in [0, VERSION, VERSION + 1] {
        assert!(decode_of(version, OF_VERSION_1, &shared).is_none());
    }
    assert!(decode_of(1, &bytes, &shared).is_none());
}

#[test]
fn a_row_comes_back() {
    let shared = Shared::new();
    let entry = Entry {
        id: own_id(b"x.etf.gz", b"\xff"),
        view: shared.view(recording::View::None),
        url: None,
        subject: Subject::text(b"ada").map(|ada| shared.subject(ada)),
        format: Format::Json,
        ..entry(&shared)
    };
    let bytes = encoded(&entry);
    assert_eq!(decode(&bytes, &shared).as_ref(), Some(&entry));
    let trailing = [&bytes[..], b"x"].concat();
    assert!(decode(&trailing, &shared).is_none());
}

#[test]
fn a_row_can_not_name_a_file_elsewhere() {
    let shared = Shared::new();
    for file in [&b"../x.etf.gz"[..], b"x", b".native", b"a\0.etf"] {
        let entry = Entry {
            file: file.into(),
            ..entry(&shared)
        };
        let bytes = encoded(&entry);
        assert!(decode(&bytes, &shared).is_none(), "{file:?}");
    }
}
