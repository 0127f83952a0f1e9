//! What it costs to walk, check, summarize, put together and transcode a recording, per byte of it.
//!
//! `cargo bench -p replay-etf`; the recordings are those of `test/fixtures`.

#![allow(clippy::expect_used, reason = "a benchmark on broken input may stop")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::ops::Range;

use divan::{Bencher, counter::BytesCount};
use replay_etf::{Limits, Needle, Token, Walker, json, recording, tag, validate};
use support::Fixture;

fn main() {
    divan::main();
}

/// Recordings by their number of events.
const EVENTS: [u64; 3] = [27, 123, 403];

fn recording_of(events: u64, is_json: bool) -> Vec<u8> {
    let wanted = |it: &Fixture| it.is_json() == is_json && it.expected["event_count"] == events;
    support::fixtures()
        .into_iter()
        .find(wanted)
        .expect("a recording of that length")
        .bytes
}

fn over(bencher: Bencher, bytes: &[u8], mut work: impl FnMut(&[u8])) {
    bencher
        .counter(BytesCount::of_slice(bytes))
        .bench_local(|| work(divan::black_box(bytes)));
}

/// The least that any reading of the bytes could take.
#[divan::bench(args = EVENTS)]
fn memcpy(bencher: Bencher, events: u64) {
    over(bencher, &recording_of(events, false), |bytes| {
        divan::black_box(bytes.to_vec());
    });
}

#[divan::bench(args = EVENTS)]
fn walk_every_token(bencher: Bencher, events: u64) {
    over(bencher, &recording_of(events, false), |bytes| {
        let mut walker = Walker::new(bytes, &Limits::default()).expect("a term");
        while !walker.is_at_end() {
            divan::black_box(walker.token().expect("a token"));
        }
    });
}

#[divan::bench(args = EVENTS)]
fn skip(bencher: Bencher, events: u64) {
    over(bencher, &recording_of(events, false), |bytes| {
        let mut walker = Walker::new(bytes, &Limits::default()).expect("a term");
        walker.skip().expect("well-formed");
    });
}

#[divan::bench(args = EVENTS)]
fn validate_term(bencher: Bencher, events: u64) {
    over(bencher, &recording_of(events, false), |bytes| {
        divan::black_box(validate(bytes, &Limits::default()).expect("well-formed"));
    });
}

/// A look at the bytes tells that it is not there.
#[divan::bench(args = EVENTS)]
fn search_by_bytes(bencher: Bencher, events: u64) {
    search(
        bencher,
        &recording_of(events, false),
        "ada-4711@example.com",
    );
}

/// Only a walk tells, as a byte of that value is nearly everywhere.
#[divan::bench(args = EVENTS)]
fn search_by_walk(bencher: Bencher, events: u64) {
    search(bencher, &recording_of(events, false), "222");
}

fn search(bencher: Bencher, bytes: &[u8], text: &str) {
    let needle = Needle::text(text.as_bytes()).expect("a needle");
    let limits = Limits::default();
    assert_eq!(recording::contains(bytes, &needle, &limits), Ok(false));
    over(bencher, bytes, |bytes| {
        divan::black_box(recording::contains(bytes, &needle, &limits).expect("a recording"));
    });
}

#[divan::bench(args = EVENTS)]
fn summarize(bencher: Bencher, events: u64) {
    over(bencher, &recording_of(events, false), |bytes| {
        divan::black_box(recording::summarize(bytes, &Limits::default()).expect("a recording"));
    });
}

#[divan::bench(args = EVENTS)]
fn summarize_json(bencher: Bencher, events: u64) {
    over(bencher, &recording_of(events, true), |bytes| {
        divan::black_box(json::summarize(bytes, &Limits::default()).expect("a recording"));
    });
}

/// What the end of a session does: its head, and the events as they were appended.
#[divan::bench(args = EVENTS)]
fn assemble(bencher: Bencher, events: u64) {
    let whole = recording_of(events, false);
    let head = without_events(&whole);
    let events = events_of(&whole);
    let mut out = Vec::new();
    over(bencher, &whole, |_| {
        out.clear();
        let frame = recording::Frame::of(&head, &Limits::default()).expect("a recording");
        let events = events.iter().map(|event| [&event[..], &[]]);
        frame.assemble(events, &mut out).expect("not too many");
    });
    assert!(out == whole, "the same recording again");
}

fn without_events(etf: &[u8]) -> Vec<u8> {
    let list = list_of(etf);
    [&etf[..list.start], &[tag::NIL], &etf[list.end..]].concat()
}

fn events_of(etf: &[u8]) -> Vec<Vec<u8>> {
    let mut walker = Walker::bare(&etf[list_of(etf)], &Limits::default());
    let Token::List(count) = walker.token().expect("a list") else {
        return Vec::new();
    };
    let events = (0..count).map(|_| walker.raw().expect("an event").to_vec());
    events.collect()
}

/// Where the list of events is.
fn list_of(etf: &[u8]) -> Range<usize> {
    let mut walker = Walker::new(etf, &Limits::default()).expect("a term");
    let Token::Map(pairs) = walker.token().expect("a map") else {
        return 0..0;
    };
    for _ in 0..pairs {
        let is_it = walker.raw().expect("a key").ends_with(b"events");
        let start = walker.offset();
        walker.skip().expect("a value");
        if is_it {
            return start..walker.offset();
        }
    }
    0..0
}

#[divan::bench(args = EVENTS)]
fn etf_to_json(bencher: Bencher, events: u64) {
    let mut out = Vec::new();
    over(bencher, &recording_of(events, false), |bytes| {
        out.clear();
        json::encode(bytes, &Limits::default(), &mut out).expect("a recording");
    });
}

#[divan::bench(args = EVENTS)]
fn json_to_etf(bencher: Bencher, events: u64) {
    let mut out = Vec::new();
    over(bencher, &recording_of(events, true), |bytes| {
        out.clear();
        json::decode(bytes, &Limits::default(), &|_| true, &mut out).expect("a recording");
    });
}
