//! What was written is not left behind, whatever becomes of it.

use super::*;

/// Nothing else in a segment looks like this.
const SECRET: &[u8] = b"a secret of sixteen";

fn secrets(len: usize) -> Vec<u8> {
    let mut bytes = SECRET.repeat(len.div_ceil(SECRET.len()));
    bytes.truncate(len);
    bytes
}

/// How often the secret is in the segments' files.
fn traces(parent: &Path) -> usize {
    let files = segments(parent).into_iter();
    files
        .map(|file| {
            let bytes = fs::read(file).unwrap();
            let found = bytes
                .windows(SECRET.len())
                .filter(|&window| window == SECRET);
            found.count()
        })
        .sum()
}

/// With segments that have room for all of a test.
fn open_large(parent: &Path) -> Slab {
    let large = Settings {
        segment_bytes: 1 << 20,
        ..settings()
    };
    Slab::open(&commons(parent), Vec::new(), large).unwrap().0
}

/// A recording with events, one given up halfway, and one that was moved to larger and larger
/// chunks before it was given up.
fn messy(slab: &Slab, wait: Wait) -> Chain {
    let chain = slab.chain(&secrets(100), Wait::Yes).unwrap();
    for n in 0..20 {
        push(&chain, &secrets(n * 300), Wait::Yes).unwrap();
    }
    let mut append = chain.append(wait).unwrap();
    write(&mut append, 0, &secrets(900)).unwrap();
    drop(append);
    let mut append = chain.append(wait).unwrap();
    let mut used = 0;
    for more in [900, 5_000, 10_000, 20_000] {
        // Who may not wait finds space that was prepared.
        while let Err(error) = write(&mut append, used, &secrets(more)) {
            assert!(matches!(error, AppendError::WouldBlock));
            std::thread::yield_now();
        }
        used += more;
    }
    drop(append);
    chain
}

/// Waits for the keeper to have nothing left to wipe.
fn settle(slab: &Slab) {
    while slab.usage().used > 0 {
        std::thread::yield_now();
    }
}

#[test]
fn a_release_leaves_no_trace_of_what_was_written() {
    for wait in [Wait::Yes, Wait::Never] {
        let home = tempfile::tempdir().unwrap();
        let slab = open_large(home.path());
        let chain = messy(&slab, wait);
        assert!(traces(home.path()) > 20);
        chain.release(wait);
        settle(&slab);
        assert!(!segments(home.path()).is_empty());
        assert_eq!(traces(home.path()), 0);
    }
}

#[test]
fn what_is_still_read_is_wiped_when_it_no_longer_is() {
    let home = tempfile::tempdir().unwrap();
    let slab = open_large(home.path());
    let chain = messy(&slab, Wait::Yes);
    let frames = chain.frames();
    chain.release(Wait::Yes);
    assert!(traces(home.path()) > 20);
    drop(frames);
    assert_eq!((traces(home.path()), slab.usage().used), (0, 0));
}

/// The next run after a crash: what is left once everything found but `keep` is released.
fn after_crash(crashed: &tempfile::TempDir, keep: &[u8], expected: usize) {
    let (slab, found) = open(crashed.path());
    assert_eq!(found.chains.len(), expected);
    for chain in &found.chains {
        if contents(chain).0 != keep {
            chain.release(Wait::Yes);
        }
    }
    slab.trim(Duration::ZERO);
    assert_eq!(segments(crashed.path()).len(), 1);
    assert_eq!(traces(crashed.path()), 0);
    found.chains.iter().for_each(Chain::leave);
}

#[test]
fn a_crash_leaves_nothing_that_the_next_run_does_not_wipe() {
    let home = tempfile::tempdir().unwrap();
    let slab = open_large(home.path());
    // Keeps the segment from being deleted.
    let _other = slab.chain(b"other", Wait::Yes).unwrap();
    let chain = messy(&slab, Wait::Yes);
    after_crash(&crash(&slab, home.path()), b"other", 2);

    let mut append = chain.append(Wait::Yes).unwrap();
    write(&mut append, 0, &secrets(40_000)).unwrap();
    after_crash(&crash(&slab, home.path()), b"other", 2);
    drop(append);

    // Released and not wiped yet, because it is being read.
    let frames = chain.frames();
    chain.release(Wait::Yes);
    let released = crash(&slab, home.path());
    assert!(traces(released.path()) > 20);
    after_crash(&released, b"other", 1);
    drop(frames);
}

#[test]
fn a_wiping_that_was_cut_short_is_completed_by_the_next_run() {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    let _other = slab.chain(b"other", Wait::Yes).unwrap();
    let chain = slab.chain(&secrets(100), Wait::Yes).unwrap();
    for n in 0..20 {
        push(&chain, &secrets(n * 100), Wait::Yes).unwrap();
    }
    let frames = chain.frames();
    let live = fs::read(&segments(home.path())[0]).unwrap();
    chain.release(Wait::Yes);
    let released = crash(&slab, home.path());
    let marked = fs::read(&segments(released.path())[0]).unwrap();
    drop(frames);
    let wiped = fs::read(&segments(crash(&slab, home.path()).path())[0]).unwrap();
    let changed = |from: &[u8], to: &[u8]| {
        let words = from.chunks(8).zip(to.chunks(8)).enumerate();
        let differ: Vec<usize> = words.filter(|(_, (a, b))| a != b).map(|(n, _)| n).collect();
        differ
    };
    let marks = changed(&live, &marked);
    let wipes = changed(&marked, &wiped);
    assert!(marks.len() > 1 && wipes.len() > 1000);
    let mut bytes = live;
    let file = &segments(released.path())[0];
    let reopen = |bytes: &[u8]| {
        fs::write(file, bytes).unwrap();
        after_crash(&released, b"other", 1);
    };
    for word in marks {
        let at = word * 8..word * 8 + 8;
        bytes[at.clone()].copy_from_slice(&marked[at]);
        reopen(&bytes);
    }
    // A chunk's header goes last; which chunk goes first does not matter.
    let is_header = |word: usize| {
        (word * 8).is_multiple_of(segment::UNIT) && bytes[word * 8..][..8] == bytes[24..32]
    };
    let (headers, others): (Vec<usize>, Vec<usize>) =
        wipes.into_iter().partition(|&w| is_header(w));
    for (n, word) in others.into_iter().chain(headers).enumerate() {
        bytes[word * 8..word * 8 + 8].fill(0);
        if n % 97 == 0 {
            reopen(&bytes);
        }
    }
    assert_eq!(bytes, wiped);
}
