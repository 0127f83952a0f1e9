use replay_etf::recording;

use super::row::{decode, encode};
use crate::codec::{Format, Subject};
use crate::disk::Stamp;
use crate::index::Entry;
use crate::index::entry::{Shared, own_id};

fn entry(shared: &Shared) -> Entry {
    Entry {
        file: b"x.etf.gz"[..].into(),
        id: None,
        stem_len: 1,
        view: shared.view(recording::View::Atom("Elixir.Home".into())),
        names: shared.names(vec!["add", "save"]),
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

/// Whoever changes this changes the version in the header.
#[test]
fn rows_are_those_of_version_2() {
    let shared = Shared::new();
    let put = encoded(&entry(&shared));
    let expected = b"\x08x.etf.gz\x00\x00\x0bElixir.Home\x02\x03add\x04save\x01\x01/\x01\xfb\x58\x02\x02\x00\x01\x00\x05\x0c\x07\x01\x00\x03";
    assert_eq!(put, expected);
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
