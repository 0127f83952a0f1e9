//! What a crash or a power cut leaves of the latest event.

use super::*;

/// One recording of three events; returns what a crash leaves before the last and after it.
fn around_the_last_event(slab: &Slab, parent: &Path) -> (tempfile::TempDir, tempfile::TempDir) {
    let chain = slab.chain(b"head", Wait::Yes).unwrap();
    push(&chain, &[1; 200], Wait::Yes).unwrap();
    push(&chain, &[2; 300], Wait::Yes).unwrap();
    let before = crash(slab, parent);
    push(&chain, &[3; 250], Wait::Yes).unwrap();
    (before, crash(slab, parent))
}

/// Opens the slab after a crash with other bytes in its only segment.
fn reopen(parent: &Path, bytes: &[u8]) -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
    fs::write(&segments(parent)[0], bytes).unwrap();
    let (_slab, found) = open(parent);
    let all = all(&found);
    found.chains.iter().for_each(|chain| chain.leave());
    all
}

#[test]
fn the_last_event_is_whole_or_gone_wherever_it_is_torn() {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    let (before, after) = around_the_last_event(&slab, home.path());
    let old = fs::read(&segments(before.path())[0]).unwrap();
    let new = fs::read(&segments(after.path())[0]).unwrap();
    let touched: Vec<usize> = (0..old.len()).filter(|&at| old[at] != new[at]).collect();
    let event = new
        .windows(250)
        .position(|window| window == [3; 250])
        .unwrap();
    assert_eq!(touched.first(), Some(&(event - 8)));
    // Behind the event only the word is touched that says that nothing follows.
    let is_part = |at: usize| at < event + 250;
    assert!(touched.iter().filter(|&&at| is_part(at)).count() > 250);
    let without = vec![(b"head".to_vec(), vec![vec![1; 200], vec![2; 300]])];
    let with = vec![(
        b"head".to_vec(),
        vec![vec![1; 200], vec![2; 300], vec![3; 250]],
    )];
    assert_eq!(reopen(after.path(), &new), with);
    for &cut in &touched {
        let expected = if is_part(cut) { &without } else { &with };
        let half = [&new[..cut], &old[cut..]].concat();
        assert!(reopen(before.path(), &half) == *expected, "cut at {cut}");
        let mut hole = new.clone();
        hole[cut] = old[cut];
        assert!(reopen(before.path(), &hole) == *expected, "without {cut}");
    }
}

#[test]
fn what_an_encoder_had_written_but_not_committed_is_no_event() {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    let chain = slab.chain(b"head", Wait::Yes).unwrap();
    push(&chain, b"first", Wait::Yes).unwrap();
    for len in [1, 3000, 5000, 100_000] {
        let mut append = chain.append(Wait::Yes).unwrap();
        write(&mut append, 0, &vec![0xff; len]).unwrap();
        let crashed = crash(&slab, home.path());
        let (_slab, found) = open(crashed.path());
        assert_eq!(all(&found), [(b"head".to_vec(), vec![b"first".to_vec()])]);
    }
}

#[test]
fn a_gap_ends_a_recording() {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    let chain = slab.chain(b"head", Wait::Yes).unwrap();
    for n in 0..20 {
        push(&chain, &[n; 1000], Wait::Yes).unwrap();
    }
    let crashed = crash(&slab, home.path());
    let file = &segments(crashed.path())[0];
    let mut bytes = fs::read(file).unwrap();
    let at = bytes
        .windows(1000)
        .position(|window| window == [5; 1000])
        .unwrap();
    bytes[at] ^= 1;
    fs::write(file, bytes).unwrap();
    let (_slab, found) = open(crashed.path());
    let kept = (0..5).map(|n| vec![n; 1000]).collect();
    assert_eq!(all(&found), [(b"head".to_vec(), kept)]);
}

#[test]
fn a_release_that_was_cut_short_leaves_no_part_of_the_recording() {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    let chain = slab.chain(b"head", Wait::Yes).unwrap();
    for n in 0..20 {
        push(&chain, &[n; 1000], Wait::Yes).unwrap();
    }
    let before = crash(&slab, home.path());
    // Who reads keeps it from being wiped.
    let _frames = chain.frames();
    chain.release(Wait::Yes);
    let after = crash(&slab, home.path());
    let mut bytes = fs::read(&segments(before.path())[0]).unwrap();
    let new = fs::read(&segments(after.path())[0]).unwrap();
    // The first word that a release changes is the one that counts.
    let first = bytes
        .iter()
        .zip(&new)
        .position(|(old, new)| old != new)
        .unwrap();
    bytes[first..first + 8].copy_from_slice(&new[first..first + 8]);
    assert_eq!(reopen(before.path(), &bytes), []);
}

#[test]
fn marks_survive() {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    let chain = slab.chain(b"head", Wait::Yes).unwrap();
    chain.mark(Mark::Ended);
    let crashed = crash(&slab, home.path());
    let (_slab, found) = open(crashed.path());
    assert!(found.chains[0].has_mark(Mark::Ended));
    assert!(!found.chains[0].has_mark(Mark::Truncated));
}

#[test]
fn a_file_that_is_no_segment_is_set_aside_and_the_rest_is_read() {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    let chain = slab.chain(b"head", Wait::Yes).unwrap();
    push(&chain, b"event", Wait::Yes).unwrap();
    let crashed = crash(&slab, home.path());
    let sound = segments(crashed.path()).remove(0);
    let sound_bytes = fs::read(&sound).unwrap();
    let change = |at: usize| {
        let mut bytes = sound_bytes.clone();
        bytes[at] ^= 1;
        bytes
    };
    let cases = [
        (b"short".to_vec(), "too short"),
        (vec![7; 10_000], "not a segment"),
        (change(8), "its header is damaged"),
        (change(24), "its header is damaged"),
        (
            [&[0; map::PAGE], &sound_bytes[map::PAGE..]].concat(),
            "it has no header",
        ),
    ];
    let (mut paths, mut reasons) = (Vec::new(), Vec::new());
    for (n, (bytes, reason)) in cases.into_iter().enumerate() {
        let path = sound.with_file_name(format!("{}.seg", n + 100));
        fs::write(&path, bytes).unwrap();
        paths.push(path.with_extension("seg.bad"));
        reasons.push(reason);
    }
    let unfinished = sound.with_file_name("200.seg");
    fs::write(&unfinished, [0; 50_000]).unwrap();

    let (_slab, mut found) = open(crashed.path());
    assert_eq!(all(&found), [(b"head".to_vec(), vec![b"event".to_vec()])]);
    found.set_aside.sort_by(|a, b| a.path.cmp(&b.path));
    assert_eq!(
        found
            .set_aside
            .iter()
            .map(|s| &*s.reason)
            .collect::<Vec<_>>(),
        reasons
    );
    assert!(paths.iter().all(|path| path.exists()));
    assert!(!unfinished.exists());
}
