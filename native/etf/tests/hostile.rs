//! Input that nobody meant well: every fault is an error, never a panic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use proptest::prelude::*;
use replay_etf::{Error, ErrorKind, Limits, Walker, expand, json, summarize, validate};

/// Feeds the bytes to everything that reads; the results may be errors.
fn feed(bytes: &[u8]) {
    let limits = Limits {
        max_depth: 10_000,
        max_bytes: 4 << 20,
        max_terms: 1 << 20,
        max_words: 1 << 22,
    };
    let _ = expand(bytes, &limits);
    let valid = validate(bytes, &limits);
    let summary = summarize(bytes, &limits);
    let mut text = Vec::new();
    let encoded = json::encode(bytes, &limits, &mut text);
    // What one of them reads is not damaged to the others.
    if summary.is_ok() {
        // Only the whole check looks for keys that come twice.
        let twice = matches!(
            valid,
            Err(Error {
                kind: ErrorKind::DuplicateKey,
                ..
            })
        );
        assert!(valid.is_ok() || twice, "{valid:?}");
        assert!(encoded.is_ok(), "{encoded:?}");
    }
    if let Ok(encoded) = encoded {
        let text_limits = json::text_limits(&limits);
        assert_eq!(json::summarize(&text, &text_limits), Ok(encoded.summary));
        assert_eq!(
            summary.map(|it| it.id.into_owned()),
            Ok(encoded.id.to_vec())
        );
        round_trip(&text);
    }
    let mut walker = Walker::bare(bytes, &limits);
    while walker.token().is_ok() {}
    let mut term = Vec::new();
    let decoded = json::decode(bytes, &limits, &|_| true, &mut term);
    assert_eq!(decoded.is_ok(), json::summarize(bytes, &limits).is_ok());
    if decoded.is_ok() {
        assert_eq!(validate(&term, &Limits::default()), Ok(term.len()));
    }
}

/// What was encoded is JSON without duplicate keys, and decodes to the same again.
fn round_trip(text: &[u8]) {
    serde_json::from_slice::<serde_json::Value>(text).unwrap();
    let mut term = Vec::new();
    json::decode(text, &Limits::default(), &|_| true, &mut term).unwrap();
    let mut again = Vec::new();
    json::encode(&term, &Limits::default(), &mut again).unwrap();
    let parse = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).unwrap();
    assert!(
        parse(&again) == parse(text),
        "{}",
        String::from_utf8_lossy(text)
    );
}

/// Short texts made of what JSON is made of.
fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    let parts = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u",
        "d83d",
        "\\ude00",
        "0",
        "-",
        "1e",
        ".5",
        "99999999999999999999",
        "null",
        "true",
        "false",
        "\"id\":",
        "\"events\":",
        "\"view\":",
        "\"connected_at\":",
        "\"offset\":",
        "\"type\":",
        "\"payload\":",
        " ",
        "\n",
        "é",
        "\0",
        "a",
    ];
    prop::collection::vec(prop::sample::select(parts.to_vec()), 0..40)
        .prop_map(|parts| parts.concat().into_bytes())
}

/// Recordings with anything in their payload.
fn recording() -> impl Strategy<Value = Vec<u8>> {
    let payload = || support::term::any_term().prop_map(|term| term.to_bytes().split_off(1));
    (payload(), payload()).prop_map(|(session, payload)| {
        let head = b"\x83t\0\0\0\x04w\x02idm\0\0\0\x01xw\x0cconnected_ata\x01w\x07session";
        let events = b"w\x06eventsl\0\0\0\x01h\x03a\x05w\x05event";
        [&head[..], &session, events, &payload, b"j"].concat()
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        feed(&bytes);
        feed(&[&[131][..], &bytes].concat());
        feed(&[&[131, 116, 0, 0, 0, 1][..], &bytes].concat());
    }

    #[test]
    fn arbitrary_text(bytes in nearly_json()) {
        feed(&bytes);
        feed(&[b"{\"id\":\"\",\"connected_at\":0,\"events\":[", &bytes[..], b"]}"].concat());
    }

    #[test]
    fn recordings_with_any_terms_in_them(bytes in recording()) {
        prop_assert!(summarize(&bytes, &Limits::default()).is_ok());
        feed(&bytes);
    }

    #[test]
    fn damaged_recordings(
        bytes in recording(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = bytes;
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        feed(&bytes);
    }
}

#[test]
fn a_recording_with_any_byte_changed() {
    let recording = support::small();
    for at in (0..recording.len()).step_by(37) {
        for change in [0x01, 0x80, 0xff] {
            let mut damaged = recording.clone();
            damaged[at] ^= change;
            feed(&damaged);
        }
    }
}

#[test]
fn a_json_recording_cut_at_any_length() {
    let json = support::fixtures()
        .into_iter()
        .filter(support::Fixture::is_json);
    let text = json
        .map(|fixture| fixture.bytes)
        .min_by_key(Vec::len)
        .unwrap();
    let limits = Limits::default();
    for length in (0..text.len()).step_by(7) {
        assert!(json::summarize(&text[..length], &limits).is_err());
        assert!(json::decode(&text[..length], &limits, &|_| true, &mut Vec::new()).is_err());
    }
}
