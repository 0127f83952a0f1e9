//! What must hold of any bytes, whoever made them: one module for each thing that reads bytes,
//! with a `check` that panics if it does not, and the `seeds` to start from.
//!
//! The fuzzer runs these (`bin/fuzz`), and so does `cargo test`, with random changes of the seeds.

pub mod assemble;
pub mod batch;
pub mod changes;
pub mod cursor;
pub mod files;
pub mod filter;
mod fixtures;
pub mod index;
pub mod json_read;
pub mod json_write;
pub mod lost;
mod mutate;
pub mod names;
pub mod note;
pub mod owner;
mod parts;
mod scratch;
mod sealed;
pub mod slab;
pub mod terms;

pub use mutate::Mutator;

use replay_etf::Limits;

/// Something that reads bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// What the fuzzer calls it.
    pub name: &'static str,
    /// Panics if what must hold of all bytes does not of these.
    pub check: fn(&[u8]),
    /// Inputs to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How many changed seeds `cargo test` tries: a second or less.
    pub rounds: u32,
}

macro_rules! targets {
    ($($name:ident: $rounds:expr),* $(,)?) => {
        /// All of them.
        pub const TARGETS: &[Target] = &[$(Target {
            name: stringify!($name),
            check: $name::check,
            seeds: $name::seeds,
            rounds: $rounds,
        }),*];
    };
}

targets! {
    terms: 1000,
    json_read: 1000,
    json_write: 1000,
    assemble: 1000,
    changes: 1000,
    files: 1000,
    slab: 100,
    index: 1000,
    cursor: 1000,
    note: 1000,
    owner: 1000,
    names: 1000,
    batch: 1000,
    filter: 1000,
    lost: 100,
}

/// Small enough that an input which gets around them shows.
fn limits() -> Limits {
    Limits {
        max_depth: 10_000,
        max_bytes: 4 << 20,
        max_terms: 1 << 20,
        max_words: 1 << 22,
    }
}

/// No limits, for what has been read within some.
fn unlimited() -> Limits {
    Limits {
        max_depth: u32::MAX,
        max_bytes: usize::MAX,
        max_terms: u64::MAX,
        max_words: u64::MAX,
    }
}
