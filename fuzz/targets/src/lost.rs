//! Parts of a session that ran on a node which is lost, of bytes that may be none: what is taken in
//! is a recording that is listed and can be read, and is gone when it is deleted.
//!
//! The parts are frames, to be put behind a header and checksums that are right; or they are parts as
//! they are. The first byte says which.

use std::time::Duration;

use replay_store::{Options, Store};

use crate::sealed::frame;
use crate::{fixtures, parts, scratch};

/// What each frame begins with.
const HEAD: u8 = 1;
const EVENT: u8 = 2;

/// Sessions with events, and what else frames may be.
pub fn seeds() -> Vec<Vec<u8>> {
    let head = [&[HEAD], &fixtures::recording(&[])[..]].concat();
    let payload = fixtures::map(&[
        (fixtures::atom("name"), fixtures::binary(b"save")),
        (fixtures::atom("params"), fixtures::map(&[])),
    ]);
    let event = [&[EVENT], &fixtures::event(3, "event", &payload)[..]].concat();
    let [subject, changes] = [4, 5].map(|kind| [&[kind][..], b"\x01\x03ada"].concat());
    let whole = sealed(&[&head, &event]);
    vec![
        parts::join(&[&[1][..], &head, &event]),
        parts::join(&[&[1][..], &head, &event, &subject, &event]),
        parts::join(&[&[1][..], &head, &changes, &event]),
        parts::join(&[&[1][..], &event]),
        parts::join(&[&[0][..], &whole, &sealed(&[&event])]),
        parts::join(&[&[0][..], &whole[..whole.len() - 3]]),
    ]
}

fn sealed(frames: &[&[u8]]) -> Vec<u8> {
    let mut part = [&b"PRPART\0\0"[..], &1_u32.to_le_bytes()].concat();
    frames.iter().for_each(|it| part.extend(frame(it)));
    part
}

thread_local! {
    static HOME: (Store, tempfile::TempDir) = {
        let directory = scratch::directory();
        let options = Options::default();
        (Store::open(directory.path(), options).expect("a store"), directory)
    };
}

/// See the [module](self).
pub fn check(bytes: &[u8]) {
    is_taken_in(bytes);
}

fn is_taken_in(bytes: &[u8]) -> bool {
    let parts = parts::split(bytes);
    let Some((&[head, ..], rest)) = parts.split_first() else {
        return false;
    };
    let parts: Vec<_> = match head & 1 {
        0 => rest.iter().map(|part| part.to_vec()).collect(),
        _ => vec![sealed(rest)],
    };
    HOME.with(|(store, _)| {
        if !store.tier().take_in(&parts, |_| false).unwrap_or(false) {
            return false;
        }
        assert_eq!(store.drain(Duration::from_secs(60)).left, 0);
        for entry in store.list().expect("a list") {
            assert!(entry.recovered);
            store.read(entry.id()).expect("what is listed");
            store.delete(entry.id()).expect("what is listed");
        }
        assert_eq!(store.list().expect("a list"), []);
        true
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_what_they_are_meant_to_be() {
        let taken_in: Vec<_> = seeds().iter().map(|seed| is_taken_in(seed)).collect();
        assert_eq!(taken_in, [true, true, true, false, true, true]);
    }
}
