//! Recordings that the pure-Elixir backend wrote, and small ones that have one of everything.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

/// The files of the fixtures, as they are on the disk.
pub(crate) fn files() -> Vec<(PathBuf, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test/fixtures");
    let mut directories = vec![root];
    let mut files = Vec::new();
    while let Some(directory) = directories.pop() {
        for file in std::fs::read_dir(directory).expect("the fixtures") {
            let path = file.expect("a file").path();
            let name = path.to_string_lossy();
            if path.is_dir() {
                directories.push(path);
            } else if name.contains(".etf") || name.contains(".json.") {
                let bytes = std::fs::read(&path).expect("a fixture");
                files.push((path, bytes));
            }
        }
    }
    files.sort();
    assert!(!files.is_empty(), "there are fixtures");
    files
}

/// Their content in one of the formats, the smaller ones: what is large is slow to change.
fn contents(is_json: bool) -> Vec<Vec<u8>> {
    let files = files().into_iter().filter_map(|(path, bytes)| {
        let json = path.to_string_lossy().contains(".json");
        (json == is_json).then(|| {
            let mut content = Vec::new();
            match MultiGzDecoder::new(&*bytes).read_to_end(&mut content) {
                Ok(_) => content,
                Err(_) => bytes,
            }
        })
    });
    let mut contents: Vec<_> = files.collect();
    contents.sort_by_key(Vec::len);
    contents.truncate(4);
    contents
}

pub(crate) fn texts() -> Vec<Vec<u8>> {
    contents(true)
}

pub(crate) fn recordings() -> Vec<Vec<u8>> {
    contents(false)
}

fn sized(tag: u8, bytes: &[u8]) -> Vec<u8> {
    [&[tag], &(bytes.len() as u32).to_be_bytes()[..], bytes].concat()
}

pub(crate) fn binary(bytes: &[u8]) -> Vec<u8> {
    sized(b'm', bytes)
}

pub(crate) fn atom(name: &str) -> Vec<u8> {
    [&[b'w', name.len() as u8], name.as_bytes()].concat()
}

pub(crate) fn map(pairs: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut map = [&b"t"[..], &(pairs.len() as u32).to_be_bytes()].concat();
    for (key, value) in pairs {
        map.extend(key);
        map.extend(value);
    }
    map
}

pub(crate) fn list(elements: &[Vec<u8>]) -> Vec<u8> {
    match elements {
        [] => b"j".to_vec(),
        _ => {
            let length = (elements.len() as u32).to_be_bytes();
            [&b"l"[..], &length, &elements.concat(), b"j"].concat()
        }
    }
}

pub(crate) fn event(offset: u8, kind: &str, payload: &[u8]) -> Vec<u8> {
    [&b"h\x03a"[..], &[offset], &atom(kind), payload].concat()
}

/// A recording with these events, a version byte before it.
pub(crate) fn recording(events: &[Vec<u8>]) -> Vec<u8> {
    let fields = [
        (atom("id"), binary(b"x")),
        (atom("view"), atom("Elixir.My.Live")),
        (atom("url"), binary(b"https://shop.test")),
        (atom("params"), map(&[])),
        (
            atom("session"),
            map(&[(binary(b"user"), b"a\x07".to_vec())]),
        ),
        (
            atom("connected_at"),
            b"n\x06\0\x01\x02\x03\x04\x05\x01".to_vec(),
        ),
        (atom("events"), list(events)),
    ];
    [&b"\x83"[..], &map(&fields)].concat()
}

/// One term of each kind, without a version byte.
pub(crate) fn terms() -> Vec<Vec<u8>> {
    let closure = {
        let body = [
            &[0][..],
            &[7; 16],
            &[0, 0, 0, 1, 0, 0, 0, 1],
            b"w\x01ma\x01a\x02Xw\x0dnonode@nohost\0\0\0\x01\0\0\0\0\0\0\0\0a\x05",
        ]
        .concat();
        [&b"p"[..], &(body.len() as u32 + 4).to_be_bytes(), &body].concat()
    };
    let pair = (atom("a"), b"a\x01".to_vec());
    let date = map(&[
        (atom("__struct__"), atom("Elixir.Date")),
        (atom("calendar"), atom("Elixir.Calendar.ISO")),
        (atom("year"), b"b\0\0\x07\xea".to_vec()),
        (atom("month"), b"a\x0b".to_vec()),
        (atom("day"), b"a\x17".to_vec()),
    ]);
    let named = [
        (atom("name"), binary(b"save")),
        (atom("params"), map(&[(binary(b"key"), binary(b"value"))])),
    ];
    let page = [
        (atom("params"), map(&[])),
        (atom("url"), binary(b"https://shop.test/a?b=c")),
    ];
    vec![
        b"a\x07".to_vec(),
        b"b\xff\xff\xff\xfe".to_vec(),
        b"n\x09\x01\x01\x02\x03\x04\x05\x06\x07\x08\x09".to_vec(),
        b"o\0\0\0\x03\0\x01\x02\x03".to_vec(),
        b"F\x3f\xf8\0\0\0\0\0\0".to_vec(),
        b"c1.50000000000000000000e+00\0\0\0\0\0".to_vec(),
        atom("ok"),
        b"d\0\x01\xe9".to_vec(),
        b"v\0\x02ok".to_vec(),
        b"s\x01a".to_vec(),
        binary("text é \u{1f600}".as_bytes()),
        binary(b"\xff\xfe"),
        b"M\0\0\0\x02\x03ab".to_vec(),
        b"j".to_vec(),
        b"k\0\x03abc".to_vec(),
        list(&[atom("a"), list(&[b"a\x01".to_vec()])]),
        b"l\0\0\0\x01a\x01a\x02".to_vec(),
        b"h\x02a\x01a\x02".to_vec(),
        b"i\0\0\0\x01j".to_vec(),
        map(&[
            pair.clone(),
            (b"F\x3f\xf0\0\0\0\0\0\0".to_vec(), map(&[pair])),
        ]),
        b"Xw\x01n\0\0\0\x01\0\0\0\0\0\0\0\x01".to_vec(),
        b"gw\x01n\0\0\0\x01\0\0\0\0\x01".to_vec(),
        b"xw\x01n\0\0\0\0\0\0\0\x01\0\0\0\x01".to_vec(),
        b"Yw\x01n\0\0\0\x01\0\0\0\x01".to_vec(),
        b"fw\x01n\0\0\0\x01\x01".to_vec(),
        b"Z\0\x02w\x01n\0\0\0\x01\0\0\0\x01\0\0\0\x02".to_vec(),
        b"r\0\x01w\x01n\x01\0\0\0\x01".to_vec(),
        b"ew\x01n\0\0\0\x01\x01".to_vec(),
        b"qw\x06Stringw\x06lengtha\x01".to_vec(),
        closure,
        date,
        map(&named),
        map(&page),
    ]
}

/// Small recordings, with a version byte: of each kind of term, and of each kind of event.
pub(crate) fn small() -> Vec<Vec<u8>> {
    let kinds = ["mount", "event", "handle_params", "info", "assigns", "new"];
    let events = terms().into_iter().zip(kinds.iter().cycle());
    let mut all: Vec<_> = events.map(|(term, kind)| event(9, kind, &term)).collect();
    let mut small: Vec<_> = all
        .iter()
        .map(|it| recording(std::slice::from_ref(it)))
        .collect();
    all.extend(all.clone());
    small.push(recording(&all));
    small.push(recording(&[]));
    small
}
