//! Random use of a slab, compared with plain vectors after a crash.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Start,
    /// Sizes of the pieces an event is written in.
    Append(Index, Vec<usize>),
    /// As before, but never committed.
    Abandon(Index, Vec<usize>),
    Release(Index),
    Trim,
    /// The next run finds everything and has to keep it.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let size =
        prop_oneof![6 => 1..60usize, 6 => 1..700usize, 2 => 1..9000usize, 1 => 0..150_000usize];
    let pieces = || vec(size.clone(), 1..4);
    let step = prop_oneof![
        3 => Just(Step::Start),
        24 => (any::<Index>(), pieces()).prop_map(|(at, pieces)| Step::Append(at, pieces)),
        4 => (any::<Index>(), pieces()).prop_map(|(at, pieces)| Step::Abandon(at, pieces)),
        2 => any::<Index>().prop_map(Step::Release),
        1 => Just(Step::Trim),
        1 => Just(Step::Restart),
    ];
    vec(step, 1..120)
}

struct Recording {
    chain: Chain,
    head: Vec<u8>,
    events: Vec<Vec<u8>>,
    /// Of an earlier run.
    found: bool,
}

#[derive(Default)]
struct Model {
    recordings: Vec<Recording>,
    written: u64,
}

impl Model {
    fn pick(&mut self, at: Index) -> Option<&mut Recording> {
        let running = self
            .recordings
            .iter()
            .filter(|recording| !recording.found)
            .count();
        if running == 0 {
            return None;
        }
        let n = at.index(running);
        self.recordings
            .iter_mut()
            .filter(|recording| !recording.found)
            .nth(n)
    }

    /// Bytes that are found nowhere else.
    fn unique(&mut self, len: usize) -> Vec<u8> {
        self.written += 1;
        let mut bytes = self.written.to_be_bytes().repeat(len.div_ceil(8));
        bytes.truncate(len);
        bytes
    }

    fn expected(&self) -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
        let recordings = self.recordings.iter();
        let mut all: Vec<_> = recordings
            .map(|r| (r.head.clone(), r.events.clone()))
            .collect();
        all.sort();
        all
    }

    fn step(&mut self, slab: &Slab, step: Step) {
        match step {
            Step::Start => {
                let head = self.unique(24);
                let chain = slab.chain(&head, Wait::Yes).unwrap();
                self.recordings.push(Recording {
                    chain,
                    head,
                    events: Vec::new(),
                    found: false,
                });
            }
            Step::Append(at, pieces) => self.append(at, &pieces, true),
            Step::Abandon(at, pieces) => self.append(at, &pieces, false),
            Step::Release(at) => {
                if !self.recordings.is_empty() {
                    let at = at.index(self.recordings.len());
                    self.recordings.swap_remove(at).chain.release(Wait::Yes);
                }
            }
            Step::Trim => slab.trim(Duration::ZERO),
            Step::Restart => {}
        }
    }

    fn append(&mut self, at: Index, pieces: &[usize], commit: bool) {
        let event = self.unique(pieces.iter().sum());
        let Some(recording) = self.pick(at) else {
            return;
        };
        let mut append = recording.chain.append(Wait::Yes).unwrap();
        let mut used = 0;
        for &piece in pieces {
            write(&mut append, used, &event[used..used + piece]).unwrap();
            used += piece;
        }
        if commit {
            append.commit(Kind::Event, used).unwrap();
            recording.events.push(event);
        }
    }
}

proptest! {
    #[test]
    fn a_crash_keeps_what_was_committed_and_nothing_else(steps in steps()) {
        let home = tempfile::tempdir().unwrap();
        let (mut slab, _) = open(home.path());
        let mut model = Model::default();
        for step in steps {
            if let Step::Restart = step {
                model.recordings.iter().for_each(|recording| recording.chain.leave());
                drop(slab);
                let (next, found) = open(home.path());
                slab = next;
                prop_assert_eq!(all(&found), model.expected());
                model.recordings.clear();
                for chain in found.chains {
                    let (head, events) = contents(&chain);
                    model.recordings.push(Recording { chain, head, events, found: true });
                }
            } else {
                model.step(&slab, step);
            }
        }

        let crashed = crash(&slab, home.path());
        let (after, found) = open(crashed.path());
        prop_assert_eq!(all(&found), model.expected());
        prop_assert_eq!(found.set_aside, []);

        found.chains.iter().for_each(|chain| chain.release(Wait::Yes));
        drop(found.chains);
        after.trim(Duration::ZERO);
        prop_assert_eq!(segments(crashed.path()), Vec::<std::path::PathBuf>::new());

        model.recordings.drain(..).for_each(|recording| recording.chain.release(Wait::Yes));
        prop_assert_eq!(slab.usage().used, 0);
        let still = slab.space.hold_files();
        for file in segments(home.path()) {
            let bytes = fs::read(file).unwrap();
            let mut units = bytes[segment::unit_at(0)..].chunks(segment::UNIT);
            // What a header said of itself may be left, but not that it is one.
            let nothing = |bytes: &[u8]| bytes.iter().all(|&byte| byte == 0);
            prop_assert!(units.all(|unit| nothing(&unit[..8]) && nothing(&unit[header::LEN..])));
        }
        drop(still);
        slab.trim(Duration::ZERO);
        prop_assert!(slab.usage().total <= settings().segment_bytes);
        drop(slab);
        prop_assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
