//! Events that are like earlier ones are read as if they were the only ones.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

mod reading;
mod writing;

use proptest::prelude::*;

/// Random choices that never run out.
struct Choices<'a>(std::iter::Cycle<std::slice::Iter<'a, u8>>);

impl<'a> Choices<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Choices(bytes.iter().cycle())
    }

    fn one_in(&mut self, many: u8) -> bool {
        self.below(many) == 0
    }

    fn below(&mut self, many: u8) -> u8 {
        self.0.next().copied().unwrap_or(0) % many
    }
}

fn choices() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 1..60)
}
