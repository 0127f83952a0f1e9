//! What the columns tell, against asking each entry.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use replay_etf::recording::{self, EventCounts, Summary};

use super::*;
use crate::codec::{Beside, Flags, Format};
use crate::disk::Stamp;
use crate::index::entry::Shared;
use crate::index::{Pages, Slot};

const VIEWS: [&str; 3] = ["Elixir.A.Live", "Elixir.B.Live", "plain"];
const IDS: [&[u8]; 8] = [
    b"",
    b"a",
    b"ab",
    b"ab\0",
    b"abcd",
    b"abcde",
    b"b\xFF",
    b"b\0\0\0c",
];

/// Of which there are few values each, so that they meet again.
#[derive(Debug, Clone)]
struct Made {
    id: (usize, u8),
    connected_at: i64,
    events: u32,
    duration_ms: i64,
    view: usize,
    subject: Option<i64>,
    is_old: bool,
    recovered: bool,
}

fn made() -> impl Strategy<Value = Made> {
    (
        (0..IDS.len(), any::<u8>()),
        -3..3i64,
        select(vec![0, 1, 2, 3, u32::MAX]),
        select(vec![-1, 0, 1, 2, i64::MAX]),
        0..VIEWS.len(),
        option::of(0..3i64),
        prop::bool::weighted(0.1),
        any::<bool>(),
    )
        .prop_map(
            |(id, connected_at, events, duration_ms, view, subject, is_old, recovered)| Made {
                id,
                connected_at,
                events,
                duration_ms,
                view,
                subject,
                is_old,
                recovered,
            },
        )
}

impl Made {
    fn entry(&self, shared: &Shared) -> Arc<Entry> {
        let mut id = IDS[self.id.0].to_vec();
        // Some have nothing behind it.
        id.extend((self.id.1 > 0).then_some(self.id.1));
        let file: Vec<u8> = id
            .iter()
            .flat_map(|byte| format!("{byte:02x}").into_bytes())
            .collect();
        let summary = Summary {
            id: Cow::Owned(id),
            view: recording::View::Atom(Cow::Borrowed(VIEWS[self.view])),
            url: None,
            connected_at: self.connected_at,
            event_count: self.events,
            duration_ms: self.duration_ms,
            events: EventCounts::default(),
            names: Vec::new(),
            pages: recording::Pages::default(),
        };
        let beside = Beside {
            flags: Flags {
                recovered: self.recovered,
                truncated: false,
            },
            subject: self.subject.map(Subject::Integer),
        };
        let stamp = Stamp {
            len: 1,
            modified_ns: 1,
            inode: 1,
        };
        let mut entry = Entry::new(summary, beside, Format::Etf, file.into(), stamp, shared);
        if self.is_old {
            entry.pages = shared.pages(Pages::unknown());
        }
        Arc::new(entry)
    }
}

fn filters() -> impl Strategy<Value = Filter> {
    let number = || option::weighted(0.3, select(vec![-1, 0, 1, 2, i64::from(u32::MAX)]));
    let views = vec(select(vec!["A.Live", "B.Live", ":plain", "none"]), 0..3);
    let ids: Vec<&[u8]> = [IDS.as_slice(), &[b"\0", b"b\0", b"abcdef", b"c"]].concat();
    (
        option::weighted(0.3, views),
        option::weighted(0.3, select(ids)),
        option::weighted(0.3, vec(0..4i64, 0..4)),
        (number(), number(), number(), number(), number(), number()),
        (
            option::weighted(0.2, any::<bool>()),
            option::weighted(0.1, any::<bool>()),
        ),
    )
        .prop_map(
            |(views, id, subjects, numbers, (recovered, active))| Filter {
                view: views.map(|names| names.into_iter().map(Into::into).collect()),
                id: id.map(Into::into),
                subject: subjects.map(|all| all.into_iter().map(Subject::Integer).collect()),
                min_events: numbers.0,
                max_events: numbers.1,
                min_duration_ms: numbers.2,
                max_duration_ms: numbers.3,
                from: numbers.4.map(|from| from - 1),
                to: numbers.5,
                recovered,
                active,
                ..Filter::default()
            },
        )
}

type Model = BTreeMap<Vec<u8>, Arc<Entry>>;

fn check(index: &Index, model: &Model, filter: &Filter) {
    let mut found = Vec::new();
    each_stored(index, &Shadows::default(), filter, false, |row, answer| {
        let Row {
            entry,
            connected_at,
            duration_ms,
            event_count,
        } = row;
        let told = (connected_at, duration_ms, event_count);
        assert_eq!(
            told,
            (entry.connected_at, entry.duration_ms, entry.event_count)
        );
        found.push((entry.id(), answer));
    });
    let asked = model.values().map(|entry| (entry, filter.answer(&**entry)));
    let mut expected: Vec<_> = asked.filter(|(_, answer)| *answer != Answer::No).collect();
    expected.sort_by_key(|(entry, _)| (Reverse(entry.connected_at), entry.id()));
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(it, answer)| (it.id(), answer))
        .collect();
    assert_eq!(found, expected, "{filter:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn columns_tell_what_each_entry_answers_at_every_step(
        steps in vec((vec(made(), 0..400), vec(any::<prop::sample::Index>(), 0..100), any::<bool>()), 1..5),
        filters in vec(filters(), 16),
    ) {
        let (shared, mut index, mut model) = (Shared::new(), Index::default(), Model::new());
        for (saved, removed, pack) in steps {
            for entry in saved.iter().map(|made| made.entry(&shared)) {
                index.put(entry.file(), Slot::Recording(Arc::clone(&entry)));
                model.insert(entry.file().to_vec(), entry);
            }
            for at in &removed {
                let file = model.keys().nth(at.index(model.len().max(1))).cloned();
                if let Some(file) = file {
                    index.remove(&file);
                    model.remove(&file);
                }
            }
            if pack {
                index.pack();
            }
            for filter in &filters {
                check(&index, &model, filter);
            }
        }
    }
}
