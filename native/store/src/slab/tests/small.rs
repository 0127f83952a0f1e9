//! Recordings that are smaller than a page, and share one.

use std::thread;

use super::segment::{UNIT, unit_at};
use super::*;

/// So many fit in a page.
const IN_A_PAGE: u8 = (map::PAGE / UNIT) as u8;

fn small(slab: &Slab, n: u8) -> Chain {
    let chain = slab.chain(&[n; 24], Wait::Yes).unwrap();
    push(&chain, &[n; 200], Wait::Yes).unwrap();
    chain
}

fn expected(n: u8) -> (Vec<u8>, Vec<Vec<u8>>) {
    (vec![n; 24], vec![vec![n; 200]])
}

/// The units of the first page for blocks.
fn page(parent: &Path) -> Vec<Vec<u8>> {
    let bytes = fs::read(&segments(parent)[0]).unwrap();
    let page = &bytes[unit_at(0)..unit_at(0) + map::PAGE];
    page.chunks(UNIT).map(<[u8]>::to_vec).collect()
}

/// Whether nothing of a recording is in a unit, and no header makes it one.
fn is_wiped(unit: &[u8]) -> bool {
    let nothing = |bytes: &[u8]| bytes.iter().all(|&byte| byte == 0);
    nothing(&unit[..8]) && nothing(&unit[header::LEN..])
}

#[test]
fn a_page_holds_several_recordings_and_a_crash_leaves_them_all() {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    let chains: Vec<Chain> = (0..IN_A_PAGE).map(|n| small(&slab, n)).collect();
    assert_eq!(slab.usage().used, map::PAGE);
    let crashed = crash(&slab, home.path());
    let (_slab, found) = open(crashed.path());
    let recordings: Vec<_> = (0..IN_A_PAGE).map(expected).collect();
    assert_eq!(all(&found), recordings);
    chains.iter().for_each(|chain| chain.release(Wait::Yes));
    drop(chains);
    assert_eq!(slab.usage().used, 0);
}

#[test]
fn no_more_than_a_half_of_a_small_recording_is_unused() {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    let chain = slab.chain(&[0; 24], Wait::Yes).unwrap();
    assert_eq!(slab.usage().used, UNIT);
    let mut written = header::LEN + 8 + 24;
    while written < 3 * map::PAGE {
        push(&chain, &[1; 64], Wait::Yes).unwrap();
        written += 8 + 64;
        let used = slab.usage().used;
        // Headers, and ends of chunks that are too small for a part, come on top.
        let most = written + written.min(map::PAGE) + UNIT;
        assert!(used <= most, "{used} for {written}");
    }
}

/// Every other one of a page is released, and the others are not touched by it.
fn neighbours(parent: &Path, slab: &Slab, chains: &[Chain]) {
    let before = page(parent);
    for chain in chains
        .iter()
        .filter(|chain| contents(chain).0[0].is_multiple_of(2))
    {
        chain.release(Wait::Yes);
    }
    let after = page(parent);
    let released = |unit: &&Vec<u8>| is_wiped(unit);
    assert_eq!(after.iter().filter(released).count(), after.len() / 2);
    for (before, after) in before.iter().zip(&after) {
        assert!(before == after || is_wiped(after));
    }
    let crashed = crash(slab, parent);
    let (_slab, found) = open(crashed.path());
    let others: Vec<_> = (1..IN_A_PAGE).step_by(2).map(expected).collect();
    assert_eq!(all(&found), others);
}

#[test]
fn wiping_one_leaves_its_neighbours_as_they_are() {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    let chains: Vec<Chain> = (0..IN_A_PAGE).map(|n| small(&slab, n)).collect();
    let crashed = crash(&slab, home.path());
    neighbours(home.path(), &slab, &chains);
    // What was freed is used again, and those beside it are still there.
    let again: Vec<Chain> = (0..IN_A_PAGE / 2).map(|n| small(&slab, 2 * n)).collect();
    assert_eq!(slab.usage().used, map::PAGE);
    assert_eq!(contents(&again[1]), expected(2));
    assert_eq!(contents(&chains[3]), expected(3));

    // The next run, which writes to the file.
    let (slab, found) = open(crashed.path());
    neighbours(crashed.path(), &slab, &found.chains);
}

#[test]
fn in_a_torn_page_each_recording_is_whole_up_to_where_its_own_events_are() {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    let chains: Vec<Chain> = (0..IN_A_PAGE).map(|n| small(&slab, n)).collect();
    let before = crash(&slab, home.path());
    let old = fs::read(&segments(before.path())[0]).unwrap();
    for chain in &chains {
        push(chain, &[0xff; 100], Wait::Yes).unwrap();
    }
    let after = crash(&slab, home.path());
    let new = fs::read(&segments(after.path())[0]).unwrap();
    let with = |n| {
        let (head, mut events) = expected(n);
        events.push(vec![0xff; 100]);
        (head, events)
    };
    for torn in 0..=IN_A_PAGE {
        let at = unit_at(usize::from(torn));
        for (first, second) in [(&new, &old), (&old, &new)] {
            fs::write(
                &segments(after.path())[0],
                [&first[..at], &second[at..]].concat(),
            )
            .unwrap();
            let (_slab, found) = open(after.path());
            let is_new = |n: u8| (n < torn) == std::ptr::eq(first, &raw const new);
            let recordings: Vec<_> = (0..IN_A_PAGE)
                .map(|n| if is_new(n) { with(n) } else { expected(n) })
                .collect();
            assert_eq!(all(&found), recordings, "torn at {torn}");
            found.chains.iter().for_each(Chain::leave);
        }
    }
}

#[test]
fn who_writes_beside_others_disturbs_none() {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    thread::scope(|scope| {
        for n in 0..4u8 {
            let slab = &slab;
            scope.spawn(move || {
                for round in 0..200u8 {
                    let chain = slab.chain(&[n; 24], Wait::Yes).unwrap();
                    let events: Vec<_> = (0..round % 20).map(|e| vec![e ^ n; 40]).collect();
                    for event in &events {
                        push(&chain, event, Wait::Yes).unwrap();
                    }
                    assert_eq!(contents(&chain), (vec![n; 24], events));
                    chain.release(if round.is_multiple_of(2) {
                        Wait::Yes
                    } else {
                        Wait::Never
                    });
                }
            });
        }
    });
    slab.sync().unwrap();
    assert_eq!(slab.usage().used, 0);
    for file in segments(home.path()) {
        let bytes = fs::read(file).unwrap();
        assert!(bytes[unit_at(0)..].chunks(UNIT).all(is_wiped));
    }
}
