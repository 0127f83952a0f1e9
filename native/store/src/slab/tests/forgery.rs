//! Payloads that look like the slab's own structures.

use super::*;

/// A page that begins with the header of the only chunk there is.
fn page_with_header(slab: &Slab, parent: &Path) -> Vec<u8> {
    let crashed = crash(slab, parent);
    let bytes = fs::read(&segments(crashed.path())[0]).unwrap();
    bytes[map::PAGE..2 * map::PAGE].to_vec()
}

/// The payload's bytes behind a chunk's and a frame's header, so that it goes on at a page.
fn page_aligned(page: &[u8]) -> Vec<u8> {
    [&vec![0; map::PAGE - header::LEN - 8][..], &page.repeat(3)].concat()
}

#[test]
fn a_header_in_a_payload_is_not_a_chunk() {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    let chain = slab.chain(b"head", Wait::Yes).unwrap();
    let payload = page_aligned(&page_with_header(&slab, home.path()));
    push(&chain, &payload, Wait::Yes).unwrap();
    let crashed = crash(&slab, home.path());
    let (_slab, found) = open(crashed.path());
    assert_eq!(all(&found), [(b"head".to_vec(), vec![payload])]);
}

#[test]
fn a_header_of_another_segment_in_an_old_payload_is_not_a_chunk() {
    let elsewhere = tempfile::tempdir().unwrap();
    let (other, _) = open(elsewhere.path());
    let _head = other.chain(b"head", Wait::Yes).unwrap();
    let payload = page_aligned(&page_with_header(&other, elsewhere.path()));

    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    let chain = slab.chain(b"other", Wait::Yes).unwrap();
    push(&chain, &payload, Wait::Yes).unwrap();
    chain.release(Wait::Yes);
    let crashed = crash(&slab, home.path());
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
    let event = bytes
        .windows(64)
        .position(|window| window == [99; 64])
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
