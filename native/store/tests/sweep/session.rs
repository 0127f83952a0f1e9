//! Recordings by which it can be told whose bytes are whose.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use replay_etf::tag;
use replay_store::Format;

use crate::support::*;

/// What only the recordings of this id hold, in any format.
pub fn marker(id: &str) -> String {
    format!("[only in {id}]")
}

/// What all of them hold.
pub const MARKER: &[u8] = b"[only in ";

/// `{offset, event, payload}`, a user's, with about so many bytes.
pub fn event(id: &str, offset: i32, len: usize) -> Vec<u8> {
    let text = format!("{}{offset};", marker(id));
    let payload = text.repeat(len.div_ceil(text.len()));
    let offset = [&[tag::INTEGER], &offset.to_be_bytes()[..]].concat();
    let payload = binary(payload.as_bytes());
    [
        &[tag::SMALL_TUPLE, 3],
        &offset[..],
        &atom("event"),
        &payload,
    ]
    .concat()
}

/// A recording of these events, as it is saved.
pub fn recording(id: &str, connected_at: i32, events: &[Vec<u8>]) -> Vec<u8> {
    let list = [
        &[tag::LIST],
        &(events.len() as u32).to_be_bytes()[..],
        &events.concat(),
        &[tag::NIL],
    ];
    let parts: [&[u8]; 10] = [
        &[tag::VERSION, tag::MAP, 0, 0, 0, 4],
        &atom("connected_at"),
        &[&[tag::INTEGER], &connected_at.to_be_bytes()[..]].concat(),
        &atom("events"),
        &list.concat(),
        &atom("id"),
        &binary(id.as_bytes()),
        &atom("view"),
        &atom("Elixir.MyAppWeb.HomeLive"),
        &[],
    ];
    parts.concat()
}

/// The version of a recording that has so many events.
pub fn version(id: &str, connected_at: i32, events: i32) -> Vec<u8> {
    let events: Vec<_> = (0..events).map(|n| event(id, n, 300)).collect();
    recording(id, connected_at, &events)
}

/// What is read of a recording that was saved in a format.
pub fn stored(etf: &[u8], format: Format) -> Vec<u8> {
    static KNOWN: LazyLock<Mutex<HashMap<Vec<u8>, Vec<u8>>>> = LazyLock::new(Mutex::default);
    if format == Format::Etf {
        return etf.to_vec();
    }
    let mut known = KNOWN.lock().unwrap();
    let text = known.entry(etf.to_vec()).or_insert_with(|| {
        let dir = Dir::new();
        let store = dir.open();
        store.save(etf, format).unwrap();
        let id = store.list().unwrap()[0].id().to_vec();
        store.read(&id).unwrap().bytes
    });
    text.clone()
}
