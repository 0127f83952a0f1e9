//! Keys of maps.

use replay_etf::{Error, ErrorKind, Limits, Walker, validate};

use super::bytes;
use super::identifiers::closure;

#[test]
fn a_map_has_each_key_once() {
    let duplicate = |term: &[u8], offset| {
        let kind = ErrorKind::DuplicateKey;
        assert_eq!(
            validate(term, &Limits::default()),
            Err(Error { offset, kind }),
            "{term:?}"
        );
        assert!(
            Walker::new(term, &Limits::default())
                .unwrap()
                .skip()
                .is_ok()
        );
    };
    duplicate(b"\x83t\0\0\0\x02w\x01aa\x01w\x01aa\x02", 11);
    // Numbers and atoms are the same in every encoding.
    duplicate(b"\x83t\0\0\0\x02w\x01aa\x01d\0\x01aa\x02", 11);
    duplicate(b"\x83t\0\0\0\x02a\x01jb\0\0\0\x01j", 9);
    duplicate(b"\x83t\0\0\0\x02h\x01jjh\x01jj", 10);
    // Wherever the map is.
    // So are lists and maps, as deep as they go.
    duplicate(
        b"\x83t\0\0\0\x02k\0\x02\x01\x02jl\0\0\0\x02a\x01a\x02jj",
        12,
    );
    duplicate(
        b"\x83t\0\0\0\x02k\0\x02\x01\x02jl\0\0\0\x01a\x01k\0\x01\x02j",
        12,
    );
    duplicate(b"\x83t\0\0\0\x02k\0\0jjj", 10);
    duplicate(b"\x83t\0\0\0\x02l\0\0\0\0a\x01ja\x01j", 14);
    duplicate(
        b"\x83t\0\0\0\x02t\0\0\0\x02a\x01ja\x02a\x03jt\0\0\0\x02a\x02b\0\0\0\x03a\x01jj",
        19,
    );
    duplicate(b"\x83t\0\0\0\x02h\x01h\x01jji\0\0\0\x01h\x01jj", 12);
    duplicate(
        b"\x83t\0\0\0\x02M\0\0\0\x01\x03\xe0jM\0\0\0\x01\x03\xffj",
        14,
    );
    // Also in a key, and among what a function has captured.
    duplicate(b"\x83t\0\0\0\x01h\x01t\0\0\0\x02jjjjj", 15);
    let captured = closure(&[b"t\0\0\0\x02jjjj"]);
    duplicate(&bytes(&[&[131], &captured]), captured.len() - 1);
    duplicate(b"\x83h\x02t\0\0\0\x01jjl\0\0\0\x01t\0\0\0\x02jjjjj", 22);
    duplicate(b"\x83t\0\0\0\x01jt\0\0\0\x02jjjj", 14);
    duplicate(b"\x83t\0\0\0\x02jt\0\0\0\x01jjjj", 14);
    for distinct in [
        &b"\x83t\0\0\0\x02w\x01ajm\0\0\0\x01aj"[..],
        b"\x83t\0\0\0\x02a\x01jF\x3f\xf0\0\0\0\0\0\0j",
        b"\x83t\0\0\0\x02k\0\x01\x01jl\0\0\0\x01a\x01a\x01j",
        b"\x83t\0\0\0\x02h\x01a\x01jl\0\0\0\x01a\x01jj",
        b"\x83t\0\0\0\x02t\0\0\0\x01a\x01a\x02jt\0\0\0\x01a\x02a\x01j",
        b"\x83l\0\0\0\x02t\0\0\0\x01jjt\0\0\0\x01jjj",
        b"\x83t\0\0\0\x02a\x01t\0\0\0\x01a\x01t\0\0\0\0a\x02t\0\0\0\x01a\x01j",
    ] {
        assert_eq!(validate(distinct, &Limits::default()), Ok(distinct.len()));
    }
}
