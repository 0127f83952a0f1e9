//! Every tag of the format, by its bytes.
//!
//! The encodings are those of <https://www.erlang.org/doc/apps/erts/erl_ext_dist.html>; which of
//! the odd ones are accepted was compared with what `binary_to_term/1` does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod identifiers;
mod keys;

use identifiers::{NODE, closure};
use replay_etf::{AtomText, Big, Error, ErrorKind, Limits, Token, Walker, validate};

fn tokens(term: &[u8]) -> Result<Vec<Token<'_>>, Error> {
    let mut walker = Walker::bare(term, &Limits::default());
    let mut tokens = Vec::new();
    while !walker.is_at_end() {
        tokens.push(walker.token()?);
    }
    assert_eq!(walker.depth(), 0, "a complete term leaves nothing open");
    Ok(tokens)
}

/// The token of a term that is one.
fn leaf(term: &[u8]) -> Token<'_> {
    let tokens = tokens(term).unwrap();
    assert_eq!(tokens.len(), 1, "{tokens:?}");
    assert_eq!(Walker::bare(term, &Limits::default()).raw(), Ok(term));
    tokens[0]
}

/// What is wrong with a term, whether it is read or skipped.
fn fault(term: &[u8]) -> (usize, ErrorKind) {
    let error = tokens(term).unwrap_err();
    assert_eq!(Walker::bare(term, &Limits::default()).skip(), Err(error));
    (error.offset, error.kind)
}

fn atom(text: &str) -> Token<'_> {
    Token::Atom(AtomText::Utf8(text))
}

/// The parts one after the other.
fn bytes(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

#[test]
fn integers_of_every_size() {
    assert_eq!(leaf(&[97, 255]), Token::Integer(255));
    assert_eq!(leaf(&[98, 255, 255, 255, 254]), Token::Integer(-2));
    assert_eq!(leaf(&[110, 0, 0]), Token::Integer(0));
    assert_eq!(leaf(&[110, 3, 1, 5, 0, 0]), Token::Integer(-5));
    assert_eq!(leaf(&[111, 0, 0, 0, 2, 0, 0, 1]), Token::Integer(256));
    // Any sign byte but zero means below zero.
    assert_eq!(leaf(&[110, 1, 7, 5]), Token::Integer(-5));
}

#[test]
fn integers_turn_big_beyond_64_bits() {
    let min = [110, 8, 1, 0, 0, 0, 0, 0, 0, 0, 128];
    assert_eq!(leaf(&min), Token::Integer(i64::MIN));
    let beyond = [110, 8, 0, 0, 0, 0, 0, 0, 0, 0, 128];
    let magnitude = &beyond[3..];
    assert_eq!(
        leaf(&beyond),
        Token::Big(Big {
            negative: false,
            magnitude
        })
    );
    // Leading zeros, which come last, do not count.
    let padded = [110, 10, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0];
    assert_eq!(
        leaf(&padded),
        Token::Big(Big {
            negative: true,
            magnitude: &padded[3..12]
        })
    );
}

#[test]
fn floats_as_bytes_and_as_text() {
    assert_eq!(leaf(&[70, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0]), Token::Float(1.5));
    let text = |text: &str| {
        let mut term = vec![99];
        term.extend(text.as_bytes());
        term.resize(32, 0);
        term
    };
    assert_eq!(leaf(&text("1.50000000000000000000e+00")), Token::Float(1.5));
    assert_eq!(leaf(&text("-2.5")), Token::Float(-2.5));
    for bad in [
        "", "1", ".5", "5.", "1e5", "nan", "inf", "1.5e400", "1.5x", " 1.5", "1.5e", "0x1.0",
    ] {
        assert_eq!(fault(&text(bad)), (0, ErrorKind::BadFloat), "{bad}");
    }
}

#[test]
fn floats_that_are_not_finite_are_refused() {
    assert_eq!(
        fault(&[70, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0]),
        (0, ErrorKind::BadFloat)
    );
    assert_eq!(
        fault(&[70, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0]),
        (0, ErrorKind::BadFloat)
    );
}

#[test]
fn atoms_in_every_encoding() {
    for term in [&b"w\x02ok"[..], b"v\0\x02ok", b"s\x02ok", b"d\0\x02ok"] {
        assert_eq!(leaf(term), atom("ok"));
    }
    assert_eq!(leaf(b"w\x02\xc3\xa9"), atom("é"));
    assert_eq!(leaf(b"s\x01\xe9"), Token::Atom(AtomText::Latin1(b"\xe9")));
    // Latin-1 that happens to be UTF-8 is still Latin-1.
    let latin1 = AtomText::Latin1(b"\xc3\xa9");
    assert_eq!(leaf(b"d\0\x02\xc3\xa9"), Token::Atom(latin1));
    assert_eq!(latin1.to_str(), "Ã©");
}

#[test]
fn atoms_have_at_most_255_characters() {
    let sized = |tag: u8, length: u16, text: String| {
        bytes(&[&[tag], &length.to_be_bytes(), text.as_bytes()])
    };
    let longest = "é".repeat(255);
    assert_eq!(leaf(&sized(118, 510, longest.clone())), atom(&longest));
    assert_eq!(
        fault(&sized(118, 512, "é".repeat(256))),
        (0, ErrorKind::BadAtom)
    );
    assert_eq!(
        fault(&sized(118, 256, "a".repeat(256))),
        (0, ErrorKind::BadAtom)
    );
    assert_eq!(
        fault(&sized(118, 1021, "a".repeat(1021))),
        (0, ErrorKind::BadAtom)
    );
    assert_eq!(
        fault(&sized(100, 256, "a".repeat(256))),
        (0, ErrorKind::BadAtom)
    );
    assert_eq!(
        leaf(&sized(100, 255, "a".repeat(255))),
        atom(&"a".repeat(255))
    );
}

#[test]
fn atoms_must_be_the_utf8_they_claim() {
    assert_eq!(fault(b"w\x02\xff\xfe"), (0, ErrorKind::BadAtom));
    assert_eq!(fault(b"w\x09abcdefgh\x80"), (0, ErrorKind::BadAtom));
    assert_eq!(fault(b"v\0\x05abcd\xe9"), (0, ErrorKind::BadAtom));
}

#[test]
fn binaries_and_bitstrings() {
    assert_eq!(leaf(b"m\0\0\0\x02\xff\0"), Token::Binary(b"\xff\0"));
    assert_eq!(
        leaf(b"M\0\0\0\x02\x03\x01\xe0"),
        Token::Bits {
            bytes: b"\x01\xe0",
            last_bits: 3
        }
    );
    // A last byte of which all bits count makes it a binary.
    assert_eq!(leaf(b"M\0\0\0\x01\x08\xff"), Token::Binary(b"\xff"));
    assert_eq!(leaf(b"M\0\0\0\0\0"), Token::Binary(b""));
    for bad in [
        &b"M\0\0\0\x01\0\xff"[..],
        b"M\0\0\0\x01\x09\xff",
        b"M\0\0\0\0\x03",
    ] {
        assert_eq!(fault(bad), (0, ErrorKind::BadBits));
    }
}

#[test]
fn lists_tuples_and_maps_announce_what_follows() {
    assert_eq!(leaf(b"j"), Token::Nil);
    assert_eq!(leaf(b"k\0\x02hi"), Token::String(b"hi"));
    let (one, two) = (Token::Integer(1), Token::Integer(2));
    assert_eq!(
        tokens(b"l\0\0\0\x01a\x01j"),
        Ok(vec![Token::List(1), one, Token::Nil])
    );
    assert_eq!(
        tokens(b"l\0\0\0\x01a\x01a\x02"),
        Ok(vec![Token::List(1), one, two])
    );
    assert_eq!(tokens(b"l\0\0\0\0j"), Ok(vec![Token::List(0), Token::Nil]));
    assert_eq!(
        tokens(b"h\x02a\x01a\x02"),
        Ok(vec![Token::Tuple(2), one, two])
    );
    assert_eq!(tokens(b"i\0\0\0\x01a\x01"), Ok(vec![Token::Tuple(1), one]));
    assert_eq!(
        tokens(b"t\0\0\0\x01a\x01a\x02"),
        Ok(vec![Token::Map(1), one, two])
    );
    assert_eq!(tokens(b"h\0"), Ok(vec![Token::Tuple(0)]));
    assert_eq!(tokens(b"t\0\0\0\0"), Ok(vec![Token::Map(0)]));
}

#[test]
fn counts_that_cannot_be_met_are_refused_at_once() {
    for term in [
        &b"l\xff\xff\xff\xffj"[..],
        b"t\xff\xff\xff\xffj",
        b"i\xff\xff\xff\xffj",
    ] {
        assert_eq!(fault(term), (0, ErrorKind::UnexpectedEnd));
    }
    // A pair takes two terms, a list one more for its tail.
    assert_eq!(fault(b"t\0\0\0\x02jjj"), (0, ErrorKind::UnexpectedEnd));
    assert_eq!(fault(b"l\0\0\0\x02jj"), (0, ErrorKind::UnexpectedEnd));
}

/// What makes a runtime read behind the end of its input, or fail: it must not get there.
#[test]
fn what_a_runtime_reads_too_far_of_is_refused() {
    let word = [0, 0, 0, 7];
    assert_eq!(
        fault(&bytes(&[&[114, 0, 0], &NODE, &[1]])),
        (0, ErrorKind::BadIdentifier)
    );
    assert_eq!(
        fault(&bytes(&[&[90, 0, 0], &NODE, &word])),
        (0, ErrorKind::BadIdentifier)
    );
    let endless = bytes(&[&[99], b"1.5", &[b'0'; 28]]);
    assert_eq!(fault(&endless), (0, ErrorKind::BadFloat));
    let variables: Vec<&[u8]> = vec![b"j"; 256];
    assert_eq!(fault(&closure(&variables)), (0, ErrorKind::BadIdentifier));
    assert!(matches!(leaf(&closure(&variables[1..])), Token::Opaque(..)));
    let integer = |length: u32| {
        let magnitude = vec![1; length as usize];
        bytes(&[&[111], &length.to_be_bytes(), &[0], &magnitude])
    };
    assert!(matches!(leaf(&integer(512 << 10)), Token::Big(_)));
    let larger = integer((512 << 10) + 1);
    assert_eq!(fault(&larger), (0, ErrorKind::BadInteger));
    let tuple = |arity: u32| bytes(&[&[105], &arity.to_be_bytes(), &vec![106; arity as usize]]);
    assert_eq!(fault(&tuple(1 << 24)), (0, ErrorKind::BadTuple));
    assert!(tokens(&tuple((1 << 24) - 1)).is_ok());
}

#[test]
fn what_stored_terms_cannot_hold_is_named() {
    assert_eq!(fault(&[121, 1, 2, 3]), (0, ErrorKind::LocalTerm));
    assert_eq!(fault(&[82, 0]), (0, ErrorKind::AtomCacheRef));
    assert_eq!(fault(b"h\x01P\0\0\0\x01"), (2, ErrorKind::UnknownTag(80)));
    // The heads of messages between nodes.
    assert_eq!(fault(&[68, 0]), (0, ErrorKind::UnknownTag(68)));
}

#[test]
fn every_other_tag_is_unknown() {
    let known = [
        70, 77, 82, 88, 89, 90, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110,
        111, 112, 113, 114, 115, 116, 118, 119, 120, 121,
    ];
    for tag in (0..=255).filter(|tag| !known.contains(tag)) {
        let term = [&[tag][..], &[0; 64]].concat();
        assert_eq!(fault(&term), (0, ErrorKind::UnknownTag(tag)));
    }
}

#[test]
fn a_term_begins_with_the_version() {
    let kind = |term: &[u8]| Walker::new(term, &Limits::default()).map(drop).unwrap_err();
    assert_eq!(
        kind(&[]),
        Error {
            offset: 0,
            kind: ErrorKind::UnexpectedEnd
        }
    );
    assert_eq!(
        kind(&[130, 106]),
        Error {
            offset: 0,
            kind: ErrorKind::BadVersion(130)
        }
    );
    assert_eq!(
        kind(&[131, 80]),
        Error {
            offset: 1,
            kind: ErrorKind::Compressed
        }
    );
    assert_eq!(validate(&[131, 106], &Limits::default()), Ok(2));
    assert_eq!(validate(&[131, 106, 255, 255], &Limits::default()), Ok(2));
}
