//! The recordings that the pure-Elixir backend wrote, uncompressed.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod term;

use std::path::{Path, PathBuf};

use serde_json::Value;

/// One recording, and the summary it must yield.
pub struct Fixture {
    pub file: String,
    pub bytes: Vec<u8>,
    pub expected: Value,
}

impl Fixture {
    pub fn is_json(&self) -> bool {
        self.file.contains(".json")
    }
}

/// Every recording of the manifest: as written today in both formats, and by older releases.
pub fn fixtures() -> Vec<Fixture> {
    let directory = directory();
    let manifest = std::fs::read(directory.join("manifest.json")).expect("read the manifest");
    let manifest: Vec<Value> = serde_json::from_slice(&manifest).expect("parse the manifest");
    manifest
        .into_iter()
        .map(|expected| {
            let file = expected["file"].as_str().expect("a file name").to_owned();
            let bytes = gunzip(std::fs::read(directory.join(&file)).expect("read a recording"));
            assert_eq!(
                Some(bytes.len() as u64),
                expected["raw_bytes"].as_u64(),
                "{file}"
            );
            Fixture {
                file,
                bytes,
                expected,
            }
        })
        .collect()
}

/// The smallest recording in the External Term Format.
pub fn small() -> Vec<u8> {
    let recordings = fixtures().into_iter().filter(|fixture| !fixture.is_json());
    recordings
        .map(|fixture| fixture.bytes)
        .min_by_key(Vec::len)
        .expect("a recording")
}

fn directory() -> PathBuf {
    std::env::var_os("PHOENIX_REPLAY_FIXTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test/fixtures/phoenix_replay-0.2.0"),
        PathBuf::from,
    )
}

/// Unpacks a gzip file; returns any other file as it is.
fn gunzip(file: Vec<u8>) -> Vec<u8> {
    // Magic, deflate, no optional fields: what the runtime's zlib writes.
    match file.strip_prefix(&[0x1f, 0x8b, 8, 0]) {
        Some(rest) => miniz_oxide::inflate::decompress_to_vec(&rest[6..]).expect("inflate"),
        None => file,
    }
}
