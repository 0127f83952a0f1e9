//! Limits of the process that the engine runs in.

use std::env;
use std::process::Command;

use crate::support::*;

/// Runs one of the tests here, which are for that alone, in a process with a limit.
fn run(test: &str, limit: &str) {
    let script = format!("{limit} && exec \"$0\" --exact limits::{test} --ignored");
    let program = env::current_exe().unwrap();
    let output = (Command::new("sh").arg("-c").arg(script).arg(program))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{:?}\n{text}", output.status);
    assert!(text.contains("1 passed"), "{text}");
}

#[test]
fn a_limit_of_the_size_of_files_is_an_error_and_no_signal() {
    // In blocks of 512 bytes, or of 1024.
    run("with_small_files", "ulimit -f 40");
}

#[test]
#[ignore = "run by the one above"]
fn with_small_files() {
    let dir = Dir::new();
    let store = dir.open();
    let small = clicks(&store, "small", 10);
    let refused = append(&small, &event(11, "event", 100_000));
    let Err(AppendError::Io(error)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(replay_store::posix_name(&error), "efbig");
    append(&small, &event(11, "event", 500)).unwrap();
    small.end();
    assert_eq!(store.drain(LONG), saved(1));

    // A file that would become too large is no reason to die either.
    let mut word = 1u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        word as u8
    })
    .take(100_000)
    .collect();
    let large = recording(b"large", &[binary_event(&noise)]);
    let refused = store.save(&large, replay_store::Format::Etf).unwrap_err();
    assert_eq!(refused.posix(), Some("efbig"));
    assert_eq!(store.list().unwrap().len(), 1);
}

/// `{1, event, payload}`.
fn binary_event(payload: &[u8]) -> Vec<u8> {
    use replay_etf::tag;
    let parts = [
        &[tag::SMALL_TUPLE, 3, tag::SMALL_INTEGER, 1][..],
        &atom("event"),
        &binary(payload),
    ];
    parts.concat()
}
