//! Recordings as JSON and back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use replay_etf::{Limits, json, summarize, validate};
use serde_json::Value;

fn encode(etf: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let encoded = json::encode(etf, &Limits::default(), &mut out).unwrap();
    let read = json::summarize(&out, &Limits::default()).unwrap();
    assert_eq!(encoded.summary, read);
    assert_eq!(encoded.id, &*summarize(etf, &Limits::default()).unwrap().id);
    out
}

fn decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    json::decode(text, &Limits::default(), &|_| true, &mut out).unwrap();
    out
}

fn parse(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap()
}

#[test]
fn json_recordings_come_back_as_they_were() {
    for fixture in support::fixtures()
        .into_iter()
        .filter(support::Fixture::is_json)
    {
        let term = decode(&fixture.bytes);
        assert_eq!(validate(&term, &Limits::default()), Ok(term.len()));
        assert_eq!(
            parse(&encode(&term)),
            parse(&fixture.bytes),
            "{}",
            fixture.file
        );
    }
}

#[test]
fn a_summary_is_the_same_in_both_formats() {
    for fixture in support::fixtures() {
        let (term, text) = if fixture.is_json() {
            (decode(&fixture.bytes), fixture.bytes)
        } else {
            let text = encode(&fixture.bytes);
            (fixture.bytes, text)
        };
        let limits = Limits::default();
        let from_term = summarize(&term, &limits).unwrap();
        let from_text = json::summarize(&text, &limits).unwrap();
        assert_eq!(from_term.view.inspected(), from_text.view.inspected());
        assert_eq!(from_term.id, from_text.id);
        assert_eq!(from_term.url, from_text.url);
        assert_eq!(from_term.connected_at, from_text.connected_at);
        assert_eq!(from_term.duration_ms, from_text.duration_ms);
        assert_eq!(from_term.event_count, from_text.event_count);
        assert_eq!(from_term.events, from_text.events);
    }
}

#[test]
fn encoding_what_was_decoded_changes_nothing() {
    for fixture in support::fixtures()
        .into_iter()
        .filter(|fixture| !fixture.is_json())
    {
        let text = encode(&fixture.bytes);
        let again = encode(&decode(&text));
        assert_eq!(parse(&again), parse(&text), "{}", fixture.file);
    }
}
