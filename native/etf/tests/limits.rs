//! What keeps a hostile input from exhausting memory or time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::borrow::Cow;

use miniz_oxide::deflate::compress_to_vec_zlib;
use replay_etf::{Error, ErrorKind, Limits, Walker, expand, json, validate};

fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    result.unwrap_err().kind
}

/// A tuple in a tuple, so many times.
fn nested(levels: usize) -> Vec<u8> {
    let mut term = vec![131];
    term.extend([104, 1].repeat(levels));
    term.push(106);
    term
}

#[test]
fn nesting_is_capped() {
    let limits = Limits {
        max_depth: 100,
        ..Limits::default()
    };
    assert_eq!(validate(&nested(100), &limits), Ok(202));
    assert_eq!(
        validate(&nested(101), &limits),
        Err(Error {
            offset: 201,
            kind: ErrorKind::TooDeep
        })
    );
    let term = nested(101);
    let mut walker = Walker::new(&term, &limits).unwrap();
    let error = std::iter::repeat_with(|| walker.token())
        .find_map(Result::err)
        .unwrap();
    assert_eq!(
        error,
        Error {
            offset: 201,
            kind: ErrorKind::TooDeep
        }
    );
}

#[test]
fn a_million_levels_need_no_stack() {
    let levels = Limits::default().max_depth as usize;
    assert!(validate(&nested(levels), &Limits::default()).is_ok());
    assert_eq!(
        kind(validate(&nested(levels + 1), &Limits::default())),
        ErrorKind::TooDeep
    );
}

#[test]
fn the_number_of_terms_is_capped() {
    let limits = Limits {
        max_terms: 3,
        ..Limits::default()
    };
    assert_eq!(validate(b"\x83h\x02jj", &limits), Ok(5));
    let four = Err(Error {
        offset: 5,
        kind: ErrorKind::TooManyTerms,
    });
    assert_eq!(validate(b"\x83h\x03jjj", &limits), four);
}

#[test]
fn what_is_written_stays_within_the_limits_that_it_is_read_with() {
    // {id: "", connected_at: 0, events: [], params: %{a: ~c"123"}}
    let term = b"\x83t\0\0\0\x04w\x02idm\0\0\0\0w\x0cconnected_ata\0w\x06eventsj\
        w\x06paramst\0\0\0\x01w\x01ak\0\x03123";
    let encode = |limits: &Limits| {
        let mut text = Vec::new();
        let encoded = json::encode(term, limits, &mut text);
        assert_eq!(encoded.is_err(), text.is_empty());
        encoded.map(|_| text)
    };
    let text = encode(&Limits::default()).unwrap();
    for max_terms in 11..20 {
        let limits = Limits {
            max_terms,
            ..Limits::default()
        };
        let read = json::summarize(&text, &limits).map(|_| text.clone());
        assert_eq!(encode(&limits), read);
    }
    for max_depth in 2..5 {
        let limits = Limits {
            max_depth,
            ..Limits::default()
        };
        let read = json::summarize(&text, &limits).map(|_| text.clone());
        assert_eq!(encode(&limits), read);
    }
}

#[test]
fn the_size_is_capped_but_not_what_follows_the_term() {
    let limits = Limits {
        max_bytes: 4,
        ..Limits::default()
    };
    assert_eq!(validate(b"\x83h\x01j", &limits), Ok(4));
    assert_eq!(validate(b"\x83h\x01jjjj", &limits), Ok(4));
    assert_eq!(kind(validate(b"\x83h\x02jj", &limits)), ErrorKind::TooLarge);
    assert_eq!(
        kind(json::decode(b"{   }", &limits, &|_| true, &mut vec![])),
        ErrorKind::TooLarge
    );
}

/// A compressed term that states to be of `size` once expanded.
fn compressed(size: u32, term: &[u8]) -> Vec<u8> {
    let zlib = compress_to_vec_zlib(term, 6);
    [&[131, 80][..], &size.to_be_bytes(), &zlib].concat()
}

#[test]
fn the_memory_of_wide_terms_is_capped() {
    let list = |element: &[u8], length: u32| {
        let elements = element.repeat(length as usize);
        [&[131, 108], &length.to_be_bytes()[..], &elements, &[106]].concat()
    };
    let limits = |max_words| Limits {
        max_words,
        ..Limits::default()
    };
    // A cell of a list has two words, a map three and two for each pair.
    for (term, words) in [
        (list(b"j", 10), 21),
        (list(b"k\0\x02ab", 10), 61),
        (list(b"h\0", 10), 31),
        (list(b"h\x01j", 10), 41),
        (list(b"t\0\0\0\0", 10), 51),
        (list(b"t\0\0\0\x01jj", 10), 71),
    ] {
        assert!(validate(&term, &limits(words)).is_ok(), "{term:?}");
        let refused = kind(validate(&term, &limits(words - 1)));
        assert_eq!(refused, ErrorKind::TooManyTerms, "{term:?}");
    }
    let limits = Limits::of_bytes(60 << 20);
    assert_eq!((limits.max_bytes, limits.max_words), (60 << 20, 30 << 20));
    let empty_maps = list(b"t\0\0\0\0", 12 << 20);
    let limits = Limits::of_bytes(empty_maps.len());
    assert_eq!(
        kind(validate(&empty_maps, &limits)),
        ErrorKind::TooManyTerms
    );
}

#[test]
fn a_compressed_term_is_expanded() {
    let binary = [b"m\0\0\x10\0", &[7; 4096][..]].concat();
    let term = compressed(4101, &binary);
    let plain = [&[131][..], &binary].concat();
    assert_eq!(expand(&term, &Limits::default()).as_deref(), Ok(&plain[..]));
    // The bytes used are those of the compressed form; what follows them is not looked at.
    let followed = [&term[..], b"rest"].concat();
    assert_eq!(validate(&followed, &Limits::default()), Ok(term.len()));
    assert!(matches!(
        expand(&plain, &Limits::default()),
        Ok(Cow::Borrowed(_))
    ));
}

#[test]
fn a_compressed_term_must_be_what_it_states() {
    let limits = Limits::default();
    let good = compressed(2, b"a\x01");
    assert_eq!(validate(&good, &limits), Ok(good.len()));
    assert_eq!(
        kind(validate(&compressed(1, b"a\x01"), &limits)),
        ErrorKind::BadCompressed
    );
    assert_eq!(
        kind(validate(&compressed(3, b"a\x01"), &limits)),
        ErrorKind::BadCompressed
    );
    let mut checksum = good.clone();
    *checksum.last_mut().unwrap() ^= 1;
    assert_eq!(kind(validate(&checksum, &limits)), ErrorKind::BadCompressed);
    for length in 2..good.len() {
        assert!(validate(&good[..length], &limits).is_err());
    }
    // Compression within compression, and a fault inside.
    assert_eq!(
        kind(validate(&compressed(1, b"P"), &limits)),
        ErrorKind::Compressed
    );
    let fault = Error {
        offset: 1,
        kind: ErrorKind::UnknownTag(0),
    };
    assert_eq!(validate(&compressed(1, &[0]), &limits), Err(fault));
}

#[test]
fn a_compressed_term_cannot_claim_memory() {
    let limits = Limits {
        max_bytes: 1000,
        ..Limits::default()
    };
    assert_eq!(
        kind(expand(&compressed(1000, &[0; 1000]), &limits)),
        ErrorKind::TooLarge
    );
    assert!(expand(&compressed(999, &[0; 999]), &limits).is_ok());
    // More than deflate can make of so few bytes is not even tried.
    let claim = compressed(200 << 20, b"a\x01");
    assert_eq!(
        kind(expand(&claim, &Limits::default())),
        ErrorKind::BadCompressed
    );
}
