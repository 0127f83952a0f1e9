//! Payloads that look like the slab's own structures.

use super::segment::{UNIT, unit_at};
use super::*;

/// A unit that begins with the header of the only chunk there is.
fn unit_with_header(slab: &Slab, parent: &Path) -> Vec<u8> {
    let crashed = crash(slab, parent);
    let bytes = fs::read(&segments(crashed.path())[0]).unwrap();
    bytes[unit_at(0)..unit_at(1)].to_vec()
}

/// Payloads of which some have the unit where a chunk could begin, however they are placed.
fn payloads(unit: &[u8]) -> Vec<Vec<u8>> {
    let paddings = (0..UNIT).step_by(8);
    paddings
        .map(|padding| [&vec![0; padding][..], &unit.repeat(3)].concat())
        .collect()
}

/// Where in a segment chunks could begin that have this header.
fn headers(file: &[u8], header: &[u8]) -> Vec<usize> {
    let starts = (unit_at(0)..file.len()).step_by(UNIT);
    starts
        .filter(|&at| file[at..].starts_with(&header[..header::LEN]))
        .collect()
}

#[test]
fn a_header_in_a_payload_is_not_a_chunk() {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    let first = slab.chain(b"head", Wait::Yes).unwrap();
    let header = unit_with_header(&slab, home.path());
    let mut recordings = vec![contents(&first)];
    for (n, payload) in (0u8..).zip(payloads(&header)) {
        let chain = slab.chain(&[n], Wait::Yes).unwrap();
        push(&chain, &payload, Wait::Yes).unwrap();
        recordings.push((vec![n], vec![payload]));
    }
    recordings.sort();
    let crashed = crash(&slab, home.path());
    let files = segments(crashed.path()).into_iter();
    let forged = files.map(|file| headers(&fs::read(file).unwrap(), &header).len());
    assert!(forged.sum::<usize>() > 0);
    let (_slab, found) = open(crashed.path());
    assert_eq!(all(&found), recordings);
}

#[test]
fn a_header_of_another_segment_in_an_old_payload_is_not_a_chunk() {
    let elsewhere = tempfile::tempdir().unwrap();
    let (other, _) = open(elsewhere.path());
    let _head = other.chain(b"head", Wait::Yes).unwrap();
    let header = unit_with_header(&other, elsewhere.path());

    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    for payload in payloads(&header) {
        let chain = slab.chain(b"other", Wait::Yes).unwrap();
        push(&chain, &payload, Wait::Yes).unwrap();
    }
    // The power failed before headers were on the disk.
    let crashed = crash(&slab, home.path());
    let mut forged = 0;
    for path in segments(crashed.path()) {
        let mut file = fs::read(&path).unwrap();
        let salt: [u8; 8] = file[segment::SALT_AT..][..8].try_into().unwrap();
        for at in (unit_at(0)..file.len()).step_by(UNIT) {
            if file[at..].starts_with(&salt) {
                file[at..at + 8].fill(0);
            }
        }
        forged += headers(&file, &header).len();
        fs::write(&path, file).unwrap();
    }
    assert!(forged > 0);
    let (_slab, found) = open(crashed.path());
    assert_eq!(all(&found), []);
}

#[test]
fn a_frame_of_an_earlier_owner_is_never_read() {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    let first = slab.chain(&[1; 64], Wait::Yes).unwrap();
    for n in 0..20 {
        push(&first, &[n; 64], Wait::Yes).unwrap();
    }
    let earlier = fs::read(&segments(crash(&slab, home.path()).path())[0]).unwrap();
    first.release(Wait::Yes);
    drop(first);
    // The same block and frames of the same size, so that old frames would follow the new ones.
    let second = slab.chain(&[2; 64], Wait::Yes).unwrap();
    push(&second, &[99; 64], Wait::Yes).unwrap();

    let crashed = crash(&slab, home.path());
    let file = &segments(crashed.path())[0];
    let mut bytes = fs::read(file).unwrap();
    // The last such window: one time in 256, the checksum before the payload ends with its byte.
    let event = bytes
        .windows(64)
        .rposition(|window| window == [99; 64])
        .unwrap();
    let stale = event + 64;
    assert_eq!(
        bytes[stale..stale + 8],
        [0; 8],
        "a frame is followed by none"
    );
    // Even where the power failed before that, and the wiping, was written.
    let old = bytes
        .windows(64)
        .position(|window| window == [2; 64])
        .unwrap()
        - 8;
    let words = [
        bytes[old..old + 8].to_vec(),
        bytes[event - 8..event].to_vec(),
        earlier[stale..stale + 8].to_vec(),
    ];
    for word in words {
        bytes[stale..].copy_from_slice(&earlier[stale..]);
        bytes[stale..stale + 8].copy_from_slice(&word);
        fs::write(file, &bytes).unwrap();
        let (_slab, found) = open(crashed.path());
        assert_eq!(all(&found), [(vec![2; 64], vec![vec![99; 64]])]);
        found.chains.iter().for_each(|chain| chain.leave());
    }
}
