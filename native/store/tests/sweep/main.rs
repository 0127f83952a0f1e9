//! Everything that a store does, on a disk of which each call fails, and on one whose power fails
//! at any moment.
//!
//! Some of the calls are tried in an ordinary run, and all with `REPLAY_SWEEP=all`.
#![expect(clippy::unwrap_used, reason = "a failed test is meant to panic")]

mod check;
mod dice;
mod disk;
mod failing;
mod faults;
mod ledger;
mod power;
mod powered;
mod session;
#[path = "../active/support.rs"]
#[allow(dead_code, reason = "it is for the tests beside it")]
mod support;
mod watchdog;
mod workload;

/// Whether every call is tried.
fn is_thorough() -> bool {
    std::env::var("REPLAY_SWEEP").is_ok_and(|sweep| sweep == "all")
}
