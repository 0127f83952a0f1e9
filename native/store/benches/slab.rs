//! What it costs to append an encoded event, by its size in bytes.
//!
//! `cargo bench -p replay-store --bench slab`

#![allow(clippy::unwrap_used, reason = "a benchmark that fails may stop")]

#[allow(dead_code, unused_imports, reason = "the tests use all of it")]
#[path = "../tests/active/support.rs"]
mod support;

use divan::{Bencher, counter::BytesCount};
use support::{Dir, append, event, start};

fn main() {
    divan::main();
}

/// Events of a session that is appended to, before the next one starts: it has a limit.
const EVENTS: usize = 1_000;

#[divan::bench(args = [64, 600, 16_384, 65_536])]
fn append_event(bencher: Bencher, bytes: usize) {
    let dir = Dir::new();
    let store = dir.open();
    let event = event(1, "event", bytes);
    let mut session = start(&store, "0");
    let mut appended = 0;
    bencher
        .counter(BytesCount::of_slice(&event))
        .bench_local(|| {
            if appended % EVENTS == EVENTS - 1 {
                session.discard();
                session = start(&store, &appended.to_string());
            }
            append(&session, divan::black_box(&event)).unwrap();
            appended += 1;
        });
    session.discard();
}
