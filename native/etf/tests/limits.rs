//! What keeps a hostile input from exhausting memory or time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use std::borrow::Cow;

use miniz_oxide::deflate::compress_to_vec_zlib;
use proptest::prelude::*;
use replay_etf::{Error, ErrorKind, Limits, Walker, expand, json, summarize, validate};
use support::term::any_term;

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

/// The least limits that a recording is read with.
fn least(etf: &[u8]) -> Limits {
    let mut limits = Limits {
        max_bytes: etf.len(),
        ..Limits::default()
    };
    let reads = |limits: &Limits| summarize(etf, limits).is_ok();
    assert!(reads(&limits));
    for field in [
        |limits: &mut Limits, value| limits.max_terms = value,
        |limits: &mut Limits, value| limits.max_words = value,
        |limits: &mut Limits, value| limits.max_depth = value as u32,
    ] {
        let (mut refused, mut read) = (0, 4 * etf.len() as u64);
        while refused + 1 < read {
            let middle = (refused + read) / 2;
            field(&mut limits, middle);
            *(if reads(&limits) {
                &mut read
            } else {
                &mut refused
            }) = middle;
        }
        field(&mut limits, read);
    }
    limits
}

/// Payloads that become more when they are written as JSON, and then terms again.
fn growing() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop::sample::select(vec![
        &b"j"[..],
        b"h\0",
        b"t\0\0\0\0",
        b"w\0",
        b"w\x02\x01\x02",
        b"w\x02#{",
        b"a\xff",
        b"b\x80\0\0\0",
        b"m\0\0\0\0",
        b"m\0\0\0\x09\x01\x02\x03\x04\x05\x06\x07\x0e\x0f",
        b"m\0\0\0\x05\xff\xff\xff\xff\xff",
        b"M\0\0\0\x01\x01\x80",
        b"k\0\x05\xff\xff\xff\xff\xff",
        b"k\0\x02\x1b\x1b",
        b"F\x80\x10\0\0\0\0\0\x01",
        b"gw\0\xff\xff\xff\xff\xff\xff\xff\xff\0",
        b"ew\0\xff\xff\xff\xff\0",
        b"r\0\x05w\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"fw\0\xff\xff\xff\xff\0",
        b"qw\0w\0a\xff",
        b"n\x09\0\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ]);
    let leaf = leaf.prop_map(<[u8]>::to_vec);
    leaf.prop_recursive(6, 100, 5, |inner| {
        let many = || prop::collection::vec(inner.clone(), 1..5);
        let of = |tag: u8, long: bool, count: usize, parts: &[Vec<u8>], end: &[u8]| {
            let count = (count as u32).to_be_bytes();
            let count = if long { &count[..] } else { &count[3..] };
            [&[tag], count, &parts.concat(), end].concat()
        };
        prop_oneof![
            many().prop_map(move |it| of(104, false, it.len(), &it, b"")),
            many().prop_map(move |it| of(108, true, it.len(), &it, b"j")),
            many().prop_map(move |it| of(108, true, it.len() - 1, &it, b"")),
            many().prop_map(move |it| {
                let keys = it
                    .iter()
                    .enumerate()
                    .map(|(at, it)| [b"h\x02a", &[at as u8][..], it].concat());
                let pairs: Vec<_> = keys.flat_map(|key| [key.clone(), key]).collect();
                of(116, true, it.len(), &pairs, b"")
            }),
        ]
    })
}

proptest! {
    /// Whatever was accepted can be read, in both formats.
    #[test]
    fn what_is_made_of_a_recording_is_within_the_limits_that_follow_from_its_own(
        payloads in prop::collection::vec(growing(), 0..5),
        session in growing(),
        others in prop::collection::vec(any_term(), 0..3),
    ) {
        let head = [&b"\x83t\0\0\0\x04w\x02idm\0\0\0\x01\x01w\x0cconnected_ata\x01w\x07session"[..], &session].concat();
        let others = others.iter().map(|term| term.to_bytes().split_off(1));
        let payloads: Vec<_> = payloads.into_iter().chain(others).collect();
        let count = payloads.len() as u32;
        let events: Vec<u8> = payloads.iter()
            .flat_map(|payload| [&b"h\x03a\0w\0"[..], payload].concat())
            .collect();
        let list = if count == 0 { b"j".to_vec() } else { [&b"l"[..], &count.to_be_bytes(), &events, b"j"].concat() };
        let etf = [&head[..], b"w\x06events", &list].concat();
        let limits = least(&etf);
        let mut text = Vec::new();
        prop_assert!(json::encode(&etf, &limits, &mut text).is_ok());
        let within = json::text_limits(&limits);
        prop_assert!(json::summarize(&text, &within).is_ok());
        let mut term = Vec::new();
        prop_assert_eq!(json::decode(&text, &within, &|_| false, &mut term), Ok(()));
        prop_assert!(summarize(&term, &json::term_limits(&limits)).is_ok());
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
