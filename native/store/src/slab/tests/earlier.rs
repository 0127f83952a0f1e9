//! What a release left behind that divided segments into pages.
//!
//! `version_1` has the segments of a slab after a crash, as that release made them on a machine
//! that is little-endian.

use super::*;

fn left_behind() -> tempfile::TempDir {
    // The directory and its lock have not changed.
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    let _chain = slab.chain(b"another", Wait::Yes).unwrap();
    let left = crash(&slab, home.path());
    let files = segments(left.path());
    files.iter().for_each(|file| fs::remove_file(file).unwrap());
    let directory = files[0].parent().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/slab/tests/version_1");
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), directory.join(file.file_name())).unwrap();
    }
    left
}

fn ended() -> (Vec<u8>, Vec<Vec<u8>>) {
    (b"ended".to_vec(), vec![vec![1; 100]])
}

fn long() -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut events: Vec<_> = (0..12).map(|n| vec![n; 1000]).collect();
    events.push(vec![12; 6000]);
    (b"long".to_vec(), events)
}

/// Whether there is something of the recording that was released, and not wiped yet.
fn has_released(parent: &Path) -> bool {
    segments(parent).iter().any(|file| {
        let bytes = fs::read(file).unwrap();
        bytes.windows(8).any(|window| window == b"released")
    })
}

#[test]
fn segments_of_the_version_before_are_recovered_and_wiped() {
    let home = left_behind();
    assert_eq!(segments(home.path()).len(), 2);
    assert!(has_released(home.path()));
    let (slab, found) = open(home.path());
    assert_eq!((found.set_aside.len(), found.waiting.len()), (0, 0));
    assert_eq!(all(&found), [ended(), long()]);
    assert!(!has_released(home.path()));
    for chain in &found.chains {
        assert_eq!(chain.has_mark(Mark::Ended), contents(chain) == ended());
    }
    // What this run records is found beside it.
    let new = slab.chain(b"new", Wait::Yes).unwrap();
    let crashed = crash(&slab, home.path());
    let next = open(crashed.path());
    assert_eq!(all(&next.1), [ended(), long(), (b"new".to_vec(), vec![])]);

    found
        .chains
        .iter()
        .for_each(|chain| chain.release(Wait::Yes));
    drop(found);
    slab.trim(Duration::ZERO);
    assert_eq!(segments(home.path()).len(), 1);
    drop(new);
}

#[test]
fn a_recording_of_the_version_before_moves_on_to_a_segment_of_this_one() {
    let home = left_behind();
    let (slab, found) = open(home.path());
    for file in segments(home.path()) {
        fs::remove_file(file).unwrap();
    }
    assert!(slab.check());
    for chain in &found.chains {
        assert!(chain.move_on().unwrap());
    }
    assert_eq!(all(&found), [ended(), long()]);
    let crashed = crash(&slab, home.path());
    let next = open(crashed.path());
    assert_eq!(all(&next.1), [ended(), long()]);
}
