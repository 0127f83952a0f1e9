//! The one way from an id to a file name.
//!
//! An id is any byte string, and may be hostile. A *plain* id is its own stem, so that its file
//! has the name which the pure-Elixir backend gives it. Any other id is written in a form that
//! starts with `~`, which no plain id does; the two can't be confused, and different ids have
//! different stems.

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::codec::{Compression, Format, Packing};

/// Longest stem, in bytes. With the longest suffix it stays below 255, the longest file name of
/// every file system in use.
const MAX_STEM_BYTES: usize = 240;

/// The suffixes of recording files, best first: where two files of the same age hold the same
/// recording, the earlier one counts. What the pure-Elixir backend writes comes before what it
/// does not know: it can't have replaced that. The last two were written by old releases and are only read. How the content is
/// compressed is seen from the content, not from the suffix.
const SUFFIXES: [(&[u8], Format); 6] = [
    (b".etf.gz", Format::Etf),
    (b".json.gz", Format::Json),
    (b".etf.zst", Format::Etf),
    (b".json.zst", Format::Json),
    (b".etf", Format::Etf),
    (b".json", Format::Json),
];

/// A recording file's name, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts<'a> {
    pub stem: &'a [u8],
    pub format: Format,
    /// Position in [`SUFFIXES`].
    pub rank: u8,
}

/// The name of an id's file, without the suffix.
///
/// * A plain id is returned as it is: 1 to 240 bytes, no `/`, no NUL, not `.` or `..`, not
///   starting with `~`.
/// * Any other becomes `~` and its bytes, where all but ASCII letters, digits, `-` and `_` are
///   written as `=` and two hexadecimal digits.
/// * If that were longer than 240 bytes, it becomes `~~` and the id's SHA-256 in hexadecimal.
pub fn file_stem(id: &[u8]) -> Cow<'_, [u8]> {
    if is_plain(id) {
        return Cow::Borrowed(id);
    }
    let mut stem = String::from("~");
    for &byte in id {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            stem.push(char::from(byte));
        } else {
            push_hex(&mut stem, "=", byte);
        }
        if stem.len() > MAX_STEM_BYTES {
            return Cow::Owned(digest(id).into_bytes());
        }
    }
    Cow::Owned(stem.into_bytes())
}

/// Whether an id is its own stem.
pub(crate) fn is_plain(id: &[u8]) -> bool {
    (1..=MAX_STEM_BYTES).contains(&id.len())
        && !id.contains(&b'/')
        && !id.contains(&0)
        && id != b"."
        && id != b".."
        && !id.starts_with(b"~")
}

/// The name under which a recording is written.
pub(crate) fn file_name(stem: &[u8], format: Format, compression: Compression) -> Vec<u8> {
    let suffix: &[u8] = match (format, compression) {
        (Format::Etf, Compression::Gzip(_)) => b".etf.gz",
        (Format::Json, Compression::Gzip(_)) => b".json.gz",
        (Format::Etf, Compression::Zstd(_)) => b".etf.zst",
        (Format::Json, Compression::Zstd(_)) => b".json.zst",
    };
    [stem, suffix].concat()
}

/// How a file of this name is compressed when it is written.
pub(crate) fn packing(name: &[u8]) -> Packing {
    if name.ends_with(b".zst") {
        Packing::Zstd
    } else {
        Packing::Gzip
    }
}

/// Every name under which a recording may be found, best first.
pub(crate) fn file_names(stem: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    SUFFIXES
        .iter()
        .map(move |(suffix, _)| [stem, suffix].concat())
}

/// Takes a file name apart; `None` if it is not a recording's.
pub(crate) fn parse(name: &[u8]) -> Option<Parts<'_>> {
    SUFFIXES
        .iter()
        .zip(0u8..)
        .find_map(|(&(suffix, format), rank)| {
            let stem = name.strip_suffix(suffix)?;
            (!stem.is_empty()).then_some(Parts { stem, format, rank })
        })
}

/// The stem of a file's name; `None` if it is no recording's.
pub fn stem_of(file: &[u8]) -> Option<&[u8]> {
    parse(file).map(|parts| parts.stem)
}

fn digest(id: &[u8]) -> String {
    let mut stem = String::from("~~");
    for byte in Sha256::digest(id) {
        push_hex(&mut stem, "", byte);
    }
    stem
}

fn push_hex(out: &mut String, prefix: &str, byte: u8) {
    // Writing to a `String` has no way to fail.
    let _ = write!(out, "{prefix}{byte:02x}");
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn stem(id: &[u8]) -> String {
        String::from_utf8(file_stem(id).into_owned()).unwrap()
    }

    #[test]
    fn a_plain_id_is_its_own_stem() {
        for id in [
            "4x1F5sfmxsxIadPy39mHkw",
            "-OS-2vvj4mjtgEzRfYa7-A",
            "a.etf",
            "...",
            "é",
            "a b",
        ] {
            assert_eq!(stem(id.as_bytes()), id);
        }
        assert_eq!(file_stem(&[0xff; 240]), vec![0xff; 240]);
    }

    #[test]
    fn any_other_id_is_escaped() {
        assert_eq!(stem(b""), "~");
        assert_eq!(stem(b"."), "~=2e");
        assert_eq!(stem(b".."), "~=2e=2e");
        assert_eq!(stem(b"~"), "~=7e");
        assert_eq!(stem(b"../../etc/passwd"), "~=2e=2e=2f=2e=2e=2fetc=2fpasswd");
        assert_eq!(stem(b"nul\0-_"), "~nul=00-_");
    }

    #[test]
    fn a_long_id_is_hashed() {
        // printf 'x%.0s' {1..241} | sha256sum
        let hash = "7dbf05774ebc8b0213e8f74d789e344714ca95a03e019d92c8d48365045b7989";
        assert_eq!(stem(&[b'x'; 241]), format!("~~{hash}"));
        assert_eq!(stem(&[b'/'; 79]).len(), 1 + 79 * 3);
        assert!(stem(&[b'/'; 80]).starts_with("~~"));
    }

    #[test]
    fn names_come_apart_as_they_were_put_together() {
        for id in [&b"a"[..], b"a.etf", b"a.json.gz", b"../x", &[0xfe; 300]] {
            for (name, rank) in file_names(&file_stem(id)).zip(0..) {
                let parts = parse(&name).unwrap();
                assert_eq!((parts.stem, parts.rank), (&*file_stem(id), rank));
            }
        }
        for foreign in [
            "",
            ".etf.gz",
            ".json",
            "a.gz",
            "a.etf.gz.tmp",
            "a.ETF",
            ".native",
        ] {
            assert_eq!(parse(foreign.as_bytes()), None, "{foreign}");
        }
    }

    /// Bytes that matter to a path or to the escape, mixed with any others.
    fn hostile_id() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            proptest::sample::select(b"./\0~=_-2EFef\\\n\xff".to_vec()),
            any::<u8>()
        ];
        prop_oneof![vec(byte.clone(), 0..12), vec(byte, 60..400)]
    }

    proptest! {
        #[test]
        fn a_name_is_one_harmless_path_component(id in hostile_id(), json: bool, zstd: bool) {
            let format = if json { Format::Json } else { Format::Etf };
            let compression = if zstd { Compression::Zstd(1) } else { Compression::Gzip(1) };
            let name = file_name(&file_stem(&id), format, compression);
            prop_assert!(name.len() <= 255);
            prop_assert!(!name.contains(&b'/') && !name.contains(&0));
            prop_assert!(name != b"." && name != b"..");
            let parts = parse(&name).unwrap();
            prop_assert_eq!(parts.stem, &*file_stem(&id));
            prop_assert_eq!(parts.format, format);
        }

        #[test]
        fn different_ids_have_different_names(a in hostile_id(), b in hostile_id()) {
            prop_assert_eq!(a == b, file_stem(&a) == file_stem(&b));
        }

        #[test]
        fn an_id_that_imitates_an_encoded_name_does_not_meet_it(id in hostile_id()) {
            let imitation = file_stem(&id).into_owned();
            prop_assert_eq!(imitation == id, file_stem(&imitation) == file_stem(&id));
        }
    }
}
