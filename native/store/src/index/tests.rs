use std::borrow::Cow;

use replay_etf::recording::{EventCounts, Pages, Summary, View};

use super::*;
use crate::codec::Beside;
use crate::codec::Format;
use entry::Shared;

/// A file of a recording.
pub(super) fn recording(id: &str, file: &str, connected_at: i64, modified_ns: i64) -> Slot {
    let summary = Summary {
        id: Cow::Borrowed(id.as_bytes()),
        view: View::None,
        url: None,
        connected_at,
        event_count: 0,
        duration_ms: 0,
        events: EventCounts::default(),
        names: Vec::new(),
        pages: Pages::default(),
    };
    let stamp = Stamp {
        len: 1,
        modified_ns,
        inode: 1,
    };
    let (file, shared) = (file.as_bytes().into(), Shared::new());
    Slot::Recording(Arc::new(Entry::new(
        summary,
        Beside::default(),
        Format::Etf,
        file,
        stamp,
        &shared,
    )))
}

fn damaged() -> Slot {
    Slot::Damaged {
        stamp: None,
        flaw: Flaw::Empty,
    }
}

fn put(index: &mut Index, file: &str, slot: &Slot) {
    index.put(file.as_bytes(), slot.clone());
}

fn listed(index: &Index) -> Vec<String> {
    index
        .newest_first()
        .map(|entry| entry.file_name().into_owned())
        .collect()
}

#[test]
fn of_several_files_with_one_id_the_best_is_listed_while_it_exists() {
    let mut index = Index::default();
    let files = [
        ("x.json.gz", 2),
        ("x.etf.gz", 2),
        ("copy.etf", 1),
        ("other.etf", 2),
    ];
    for (file, modified_ns) in files {
        put(
            &mut index,
            file,
            &recording("x", file, modified_ns, modified_ns),
        );
    }
    for best in ["x.etf.gz", "x.json.gz", "other.etf", "copy.etf"] {
        assert_eq!(listed(&index), [best]);
        assert_eq!(
            index.claims(b"x").next().map(|entry| entry.file()),
            Some(best.as_bytes())
        );
        index.remove(best.as_bytes());
    }
    assert_eq!(listed(&index), [""; 0]);
    assert_eq!(index.claims(b"x").count(), 0);
}

#[test]
fn a_file_that_changes_its_id_leaves_the_other_claims_alone() {
    let mut index = Index::default();
    put(&mut index, "a.etf", &recording("x", "a.etf", 1, 2));
    put(&mut index, "b.etf", &recording("x", "b.etf", 2, 1));
    put(&mut index, "a.etf", &recording("y", "a.etf", 3, 3));
    assert_eq!(listed(&index), ["a.etf", "b.etf"]);
    put(&mut index, "b.etf", &damaged());
    assert_eq!(listed(&index), ["a.etf"]);
}

#[test]
fn what_was_learnt_meanwhile_is_not_overwritten() {
    let mut index = Index::default();
    let file = b"x.etf";
    let (old, new) = (recording("x", "x.etf", 1, 1), recording("x", "x.etf", 2, 2));
    index.put(file, new);
    index.put_if(file, &old, damaged());
    index.gone_if(file, &old);
    assert_eq!(index.len(), 1);

    let Some(known) = index.get(file) else {
        panic!("it is there")
    };
    index.put_if(file, &known, damaged());
    assert_eq!(listed(&index), [""; 0]);
    index.gone_if(file, &known);
    assert_eq!(
        index.files_len(),
        1,
        "it is damaged now, and not what was known"
    );
    index.gone_if(file, &damaged());
    assert_eq!(index.files_len(), 0);
    index.put_if(file, &known, known.clone());
    assert_eq!(index.files_len(), 0, "a removed file stays so");
}

#[test]
fn damage_is_told_once_until_the_file_was_whole_again() {
    let mut index = Index::default();
    for times in [1, 0] {
        put(&mut index, "x.etf", &damaged());
        assert_eq!(index.take_damage().len(), times);
    }
    put(&mut index, "x.etf", &recording("x", "x.etf", 1, 1));
    put(&mut index, "x.etf", &damaged());
    put(&mut index, "gone.etf", &damaged());
    index.remove(b"gone.etf");
    let damage = index.take_damage();
    assert_eq!(damage.len(), 1);
    assert_eq!(
        (&*damage[0].file, &*damage[0].reason),
        ("x.etf", "the file is empty")
    );
}

#[test]
fn a_part_of_the_order_begins_and_ends_anywhere() {
    let mut index = Index::default();
    for (id, at) in [("a", 3), ("b", 2), ("c", 2), ("d", 1)] {
        let file = format!("{id}.etf");
        put(&mut index, &file, &recording(id, &file, at, 1));
    }
    let between = |from: Bound<(i64, &[u8])>, to: Bound<(i64, &[u8])>| -> String {
        let entries = index.newest_between(from, to);
        entries.map(|entry| char::from(entry.id()[0])).collect()
    };
    let (b, beyond_c) = ((2, &b"b"[..]), (2, &b"cc"[..]));
    assert_eq!(between(Bound::Unbounded, Bound::Unbounded), "abcd");
    assert_eq!(between(Bound::Excluded(b), Bound::Unbounded), "cd");
    assert_eq!(between(Bound::Included(b), Bound::Excluded(beyond_c)), "bc");
    assert_eq!(between(Bound::Excluded(b), Bound::Excluded(b)), "");
    assert_eq!(between(Bound::Excluded(beyond_c), Bound::Included(b)), "");
}

#[test]
fn sizes_add_up() {
    let mut index = Index::default();
    put(&mut index, "a.etf", &recording("a", "a.etf", 1, 1));
    put(&mut index, "a.etf", &recording("a", "a.etf", 1, 2));
    put(&mut index, "a.json", &recording("a", "a.json", 1, 3));
    assert_eq!((index.len(), index.bytes()), (1, 2));
    put(&mut index, "a.etf", &damaged());
    assert_eq!((index.len(), index.bytes()), (1, 1));
    index.remove(b"a.json");
    assert_eq!((index.len(), index.bytes()), (0, 0));
}
