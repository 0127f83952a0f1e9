//! Random histories against a map: what is in the store is what the map says, and what a store
//! opened anew finds on the disk.

use std::collections::BTreeMap;
use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;
use replay_store::{Compression, Error, Format, Store};

use crate::support::{Dir, Recording, gzip};

#[derive(Debug, Clone)]
enum Step {
    Save(Recording, Format),
    Delete(Vec<u8>),
    Clear,
    Reopen,
    /// What the pure-Elixir backend does, with recordings that it can see.
    ForeignSave(Recording),
    ForeignDelete(Vec<u8>),
    /// Another store of the same kind, which compresses with zstd.
    OtherSave(Recording, Format),
    OtherDelete(Vec<u8>),
}

/// Few ids, so that they meet again; plain ones are what others write too.
fn plain_id() -> impl Strategy<Value = Vec<u8>> {
    proptest::sample::select(vec![b"a".to_vec(), b"b".to_vec(), b"a.etf".to_vec()])
}

fn any_id() -> impl Strategy<Value = Vec<u8>> {
    let hostile = [&b""[..], b"../a", b"a/b", b"~a", b"~=61", &[b'x'; 300]];
    let hostile: Vec<_> = hostile.iter().map(|id| id.to_vec()).collect();
    prop_oneof![2 => plain_id(), 1 => proptest::sample::select(hostile)]
}

fn recording(id: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Recording> {
    (id, 0..4i64, 0..4u16, b'a'..b'e')
        .prop_map(|(id, at, events, mark)| Recording::new(id).at(at).events(events).mark(mark))
}

fn format() -> impl Strategy<Value = Format> {
    prop_oneof![Just(Format::Etf), Just(Format::Json)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (recording(any_id()), format()).prop_map(|(r, format)| Step::Save(r, format)),
        3 => any_id().prop_map(Step::Delete),
        1 => Just(Step::Clear),
        1 => Just(Step::Reopen),
        4 => recording(plain_id()).prop_map(Step::ForeignSave),
        2 => plain_id().prop_map(Step::ForeignDelete),
        4 => (recording(any_id()), format()).prop_map(|(r, format)| Step::OtherSave(r, format)),
        2 => any_id().prop_map(Step::OtherDelete),
    ]
}

type Model = BTreeMap<Vec<u8>, (Recording, Format)>;

/// Whether the pure-Elixir backend does not know of the recording.
fn is_hidden(dir: &Dir, id: &[u8]) -> bool {
    [".etf.zst", ".json.zst"]
        .iter()
        .any(|suffix| dir.file([id, suffix.as_bytes()].concat()).exists())
}

/// Files the pure-Elixir backend would remove before it writes, or with a recording.
fn remove_forms(dir: &Dir, id: &[u8]) {
    for suffix in [".etf.gz", ".json.gz", ".etf", ".json"] {
        let _ = fs::remove_file(dir.file([id, suffix.as_bytes()].concat()));
    }
}

fn apply(step: Step, dir: &Dir, store: &mut Store, other: &Store, model: &mut Model) {
    match step {
        Step::Save(recording, format) => {
            store.save(&recording.etf(), format).unwrap();
            model.insert(recording.id.clone(), (recording, format));
        }
        Step::OtherSave(recording, format) => {
            other.save(&recording.etf(), format).unwrap();
            model.insert(recording.id.clone(), (recording, format));
        }
        Step::Delete(id) => {
            store.delete(&id).unwrap();
            model.remove(&id);
        }
        Step::OtherDelete(id) => {
            other.delete(&id).unwrap();
            model.remove(&id);
        }
        Step::Clear => {
            store.clear().unwrap();
            model.clear();
        }
        Step::Reopen => *store = dir.open(),
        Step::ForeignSave(Recording { id, .. }) | Step::ForeignDelete(id)
            if is_hidden(dir, &id) => {}
        Step::ForeignSave(recording) => {
            remove_forms(dir, &recording.id);
            let name = [&recording.id[..], b".etf.gz"].concat();
            dir.write(name, &gzip(&recording.etf()));
            model.insert(recording.id.clone(), (recording, Format::Etf));
        }
        Step::ForeignDelete(id) => {
            remove_forms(dir, &id);
            model.remove(&id);
        }
    }
}

fn check(store: &Store, model: &Model) -> Result<(), TestCaseError> {
    let mut expected: Vec<_> = model
        .values()
        .map(|(recording, format)| {
            (
                -recording.connected_at,
                recording.id.clone(),
                u32::from(recording.events),
                *format,
            )
        })
        .collect();
    expected.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let listed: Vec<_> = store
        .list()
        .unwrap()
        .iter()
        .map(|entry| {
            (
                -entry.connected_at,
                entry.id().to_vec(),
                entry.event_count,
                entry.format,
            )
        })
        .collect();
    prop_assert_eq!(listed, expected);
    prop_assert_eq!(store.take_damage(), vec![]);
    Ok(())
}

fn check_read(store: &Store, id: &[u8], model: &Model) -> Result<(), TestCaseError> {
    match (store.read(id), model.get(id)) {
        (Ok(contents), Some((recording, format))) => {
            prop_assert_eq!(contents.format, *format);
            if *format == Format::Etf {
                prop_assert_eq!(contents.bytes, recording.etf());
            } else {
                let text = String::from_utf8(contents.bytes).unwrap();
                prop_assert!(
                    text.contains(&String::from(recording.mark as char).repeat(20))
                        || recording.events == 0
                );
            }
        }
        (Err(Error::NotFound), None) => {}
        (result, expected) => {
            return Err(TestCaseError::fail(format!(
                "{result:?} instead of {expected:?}"
            )));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_store_holds_what_its_history_says(steps in vec((step(), any_id(), any::<bool>()), 1..30)) {
        let dir = Dir::new();
        let (mut store, other) = (dir.open(), dir.open_with(Compression::Zstd(1)));
        let mut model = Model::new();
        for (step, id, list) in steps {
            apply(step, &dir, &mut store, &other, &mut model);
            check_read(&store, &id, &model)?;
            if list {
                check(&store, &model)?;
            }
        }
        for store in [&store, &other, &dir.open()] {
            check(store, &model)?;
            for id in model.keys() {
                check_read(store, id, &model)?;
            }
        }
        prop_assert_eq!(dir.names().len(), model.len());
    }
}
