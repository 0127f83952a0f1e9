//! What templates gain where events are alike, and what looking for them costs where they are not,
//! per byte of JSON.
//!
//! `cargo bench -p replay-etf --bench templates`; the recordings are made here, one kind for each
//! thing that templates can meet.

#![allow(clippy::expect_used, reason = "a benchmark on broken input may stop")]

use std::fmt::Write as _;

use divan::{Bencher, counter::BytesCount};
use replay_etf::{Limits, json};

fn main() {
    divan::main();
}

const KINDS: [&str; 9] = [
    "form", "same", "rows", "unlike", "turn", "vain", "nested", "kinds", "keys",
];

/// A recording of 2000 events.
fn recording(kind: &str) -> Vec<u8> {
    let mut text = String::from(
        r#"{"id":"x","connected_at":1,"view":null,"url":null,"params":{},"session":{},"events":["#,
    );
    for number in 0..2000 {
        let payload = payload(kind, number);
        let comma = if number > 0 { "," } else { "" };
        let _ = write!(
            text,
            r#"{comma}{{"offset":{number},"type":"assigns","payload":{payload}}}"#
        );
    }
    text.push_str("]}");
    text.into_bytes()
}

fn payload(kind: &str, number: usize) -> String {
    let members =
        |many: usize, of: &dyn Fn(usize) -> String| (0..many).map(of).collect::<Vec<_>>().join(",");
    match kind {
        // One of its fields is being typed into.
        "form" => {
            let fields = members(12, &|it| {
                let typed = if it == 5 { number % 100 } else { it };
                format!(r#""field_{it}":{{"value":"some text {typed}","errors":[],"used":true}}"#)
            });
            format!(r#"{{"form":{{{fields}}}}}"#)
        }
        // All comes again.
        "same" => {
            let fields = members(100, &|it| {
                format!(r#""field_{it}":{{"value":"some text {it}"}}"#)
            });
            format!("{{{fields}}}")
        }
        // A page of rows, all of which are new.
        "rows" => {
            let rows = members(20, &|it| {
                let id = number * 20 + it;
                format!(r#"{{"id":{id},"title":"row {}","done":false}}"#, id * 7919)
            });
            format!(r#"{{"rows":[{rows}]}}"#)
        }
        // No key comes again.
        "unlike" => {
            let fields = members(12, &|it| {
                format!(r#""{}_{it}":{{"{}":[{it}]}}"#, number * 7919, number + it)
            });
            format!("{{{fields}}}")
        }
        // At first no key comes again, then all do.
        "turn" if number < 1000 => payload("unlike", number),
        "turn" => payload("form", number),
        // All comes again, but for the last key.
        "vain" => {
            let fields = members(12, &|it| format!(r#""field_{it}":{{"value":"text {it}"}}"#));
            format!(r#"{{"form":{{{fields},"last_{number}":1}}}}"#)
        }
        // 200 levels, of which the innermost differs in a key.
        "nested" => {
            let (open, close) = (r#"{"in":["#.repeat(100), "]}".repeat(100));
            format!(r#"{open}{{"key_{number}":1}}{close}"#)
        }
        // A hundred kinds of objects, one after the other.
        "kinds" => {
            let fields = members(12, &|it| {
                let kind = (number * 12 + it) % 100;
                format!(r#"{{"kind_{kind}":"some text","value":{number}}}"#)
            });
            format!("[{fields}]")
        }
        // As many members as are compared pairwise, with keys that do not come again.
        _ => {
            let fields = members(24, &|it| {
                let key = (number * 100_003 + it).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
                format!(r#""{key:x}":{it}"#)
            });
            format!("{{{fields}}}")
        }
    }
}

fn over(bencher: Bencher, bytes: &[u8], mut work: impl FnMut(&[u8])) {
    bencher
        .counter(BytesCount::of_slice(bytes))
        .bench_local(|| work(divan::black_box(bytes)));
}

#[divan::bench(args = KINDS)]
fn json_to_etf(bencher: Bencher, kind: &str) {
    let mut out = Vec::new();
    over(bencher, &recording(kind), |bytes| {
        out.clear();
        json::decode(bytes, &Limits::default(), &|_| true, &mut out).expect("a recording");
    });
}

#[divan::bench(args = KINDS)]
fn etf_to_json(bencher: Bencher, kind: &str) {
    let (mut etf, mut out) = (Vec::new(), Vec::new());
    json::decode(&recording(kind), &Limits::default(), &|_| true, &mut etf).expect("a recording");
    over(bencher, &etf, |bytes| {
        out.clear();
        json::encode(bytes, &Limits::default(), &mut out).expect("a recording");
    });
}

#[divan::bench(args = KINDS)]
fn summarize_json(bencher: Bencher, kind: &str) {
    over(bencher, &recording(kind), |bytes| {
        divan::black_box(json::summarize(bytes, &Limits::default()).expect("a recording"));
    });
}
