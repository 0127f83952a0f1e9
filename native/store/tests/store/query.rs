//! Queries of finished recordings, against doing the same to a list of all of them.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use proptest::collection::{hash_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use replay_store::{
    Cursor, Entry, Error, Facets, Filter, Format, Item, Page, Sort, Store, Subject, UrlPart,
};

use crate::support::{Dir, Recording, entry};

const VIEWS: [&str; 3] = ["Elixir.A.Live", "Elixir.B.Live", "plain"];
const URLS: [&str; 4] = ["", "http://a/items/1", "http://a/items/12", "http://b/"];
const DAY_MS: i64 = 86_400_000;

fn sorts() -> impl Strategy<Value = Sort> {
    select(vec![
        Sort::Newest,
        Sort::Oldest,
        Sort::Longest,
        Sort::MostEvents,
        Sort::Largest,
    ])
}

/// Few values of everything, so that there are ties.
fn recordings() -> impl Strategy<Value = Vec<(Recording, Format)>> {
    let one = (
        (-2..3i64, 0..5u16, b'a'..b'd'),
        select(VIEWS.to_vec()),
        select(URLS.to_vec()),
        select(vec![Format::Etf, Format::Json]),
    );
    hash_map("[ab][ab/]{0,3}", one, 0..25).prop_map(|all| {
        let made = all
            .into_iter()
            .map(|(id, ((at, events, mark), view, url, format))| {
                let recording = Recording::new(id)
                    .at(at * DAY_MS / 2)
                    .events(events)
                    .mark(mark);
                (recording.view(view).url(url), format)
            });
        made.collect()
    })
}

/// Whom a recording of these belongs to: as many as there are lengths of its id.
fn subject(recording: &Recording) -> Option<Subject> {
    subjects().into_iter().nth(recording.id.len() - 1)?
}

fn subjects() -> [Option<Subject>; 4] {
    [
        None,
        Some(Subject::Integer(2)),
        Subject::text(b"2"),
        Subject::text(b"three"),
    ]
}

fn filters() -> impl Strategy<Value = Filter> {
    let number = || option::weighted(0.2, 0..5i64);
    let flag = || option::weighted(0.1, any::<bool>());
    let views = vec(select(vec!["A.Live", "B.Live", ":plain", "", "Live"]), 0..3);
    let events = vec(select(vec![b'a', b'b', b'z']), 0..3);
    let url = select(vec!["", "items/1", "items/12", "://b", "nowhere"]);
    let id = select(vec!["", "a", "ab", "a/", "c"]);
    let subject = vec(
        select(subjects().into_iter().flatten().collect::<Vec<_>>()),
        0..3,
    );
    (
        option::weighted(0.3, views),
        option::weighted(0.3, events),
        option::weighted(0.3, url),
        (option::weighted(0.3, id), option::weighted(0.3, subject)),
        (number(), number(), number(), number(), number(), number()),
        (flag(), flag(), flag()),
    )
        .prop_map(
            |(views, events, url, (id, subject), numbers, flags)| Filter {
                view: views.map(|names| names.into_iter().map(Into::into).collect()),
                event: events
                    .map(|marks| marks.into_iter().map(|mark| [mark; 20].into()).collect()),
                url: url.map(|part| UrlPart::new(part.as_bytes())),
                id: id.map(|prefix| prefix.as_bytes().into()),
                subject: subject.map(|wanted| wanted.into_iter().collect()),
                from: numbers.0.map(|half| (half - 2) * DAY_MS / 2),
                to: numbers.1.map(|half| (half - 2) * DAY_MS / 2 + 1),
                min_events: numbers.2,
                max_events: numbers.3,
                min_duration_ms: numbers.4.map(|n| n * 10),
                max_duration_ms: numbers.5.map(|n| n * 10),
                active: flags.0,
                recovered: flags.1,
                truncated: flags.2,
                contains: None,
            },
        )
}

fn saved(dir: &Dir, recordings: &[(Recording, Format)]) -> Store {
    let store = dir.open();
    for (recording, format) in recordings {
        store
            .save_for(&recording.etf(), *format, subject(recording))
            .unwrap();
    }
    store
}

fn written(recording: &Recording) -> String {
    match recording.view.strip_prefix("Elixir.") {
        Some(module) => module.to_owned(),
        None => format!(":{}", recording.view),
    }
}

/// The filter once more, on what was saved and without any of the engine's code.
fn naive(filter: &Filter, recording: &Recording) -> bool {
    let within = |value: i64, min: Option<i64>, max: Option<i64>| {
        min.unwrap_or(i64::MIN) <= value && value <= max.unwrap_or(i64::MAX)
    };
    let events = i64::from(recording.events);
    let of_a_user = (recording.events > 1).then_some([recording.mark; 20]);
    let view = written(recording);
    let url_parts = URLS
        .iter()
        .chain(&["items/1", "items/12", "://b", "nowhere"]);
    let wanted_url = url_parts
        .copied()
        .find(|part| filter.url == Some(UrlPart::new(part.as_bytes())));
    (filter.view.as_ref()).is_none_or(|views| views.iter().any(|name| **name == view))
        && (filter.event.as_ref()).is_none_or(|names| {
            names
                .iter()
                .any(|name| of_a_user.is_some_and(|own| own[..] == **name))
        })
        && (filter.url.is_none() || wanted_url.is_some_and(|part| recording.url.contains(part)))
        && (filter.id.as_ref()).is_none_or(|prefix| recording.id.starts_with(prefix))
        && (filter.subject.as_ref()).is_none_or(|wanted| {
            wanted
                .iter()
                .any(|it| Some(it) == subject(recording).as_ref())
        })
        && within(
            recording.connected_at,
            filter.from,
            filter.to.map(|to| to - 1),
        )
        && within(events, filter.min_events, filter.max_events)
        && within(
            (events - 1).max(0) * 10,
            filter.min_duration_ms,
            filter.max_duration_ms,
        )
        && [filter.active, filter.recovered, filter.truncated]
            .iter()
            .all(|flag| *flag != Some(true))
}

fn value(sort: Sort, entry: &Entry) -> i64 {
    match sort {
        Sort::Newest | Sort::Oldest => entry.connected_at,
        Sort::Longest => entry.duration_ms,
        Sort::MostEvents => entry.event_count.into(),
        Sort::Largest => entry.stamp.len as i64,
    }
}

fn by(sort: Sort, a: &Entry, b: &Entry) -> Ordering {
    let order = (value(sort, b), a.id()).cmp(&(value(sort, a), b.id()));
    if sort == Sort::Oldest {
        order.reverse()
    } else {
        order
    }
}

fn ids(page: &Page) -> Vec<Vec<u8>> {
    page.items.iter().map(|item| item.id().to_vec()).collect()
}

/// All pages, one after the other, with something done in between.
fn pages(
    store: &Store,
    filter: &Filter,
    sort: Sort,
    limit: usize,
    mut between: impl FnMut(),
) -> Vec<Page> {
    let mut pages: Vec<Page> = Vec::new();
    loop {
        let after = pages.last().and_then(|page| page.next.clone());
        let last = !pages.is_empty() && after.is_none();
        if last {
            return pages;
        }
        let after = after.map(|cursor| Cursor::from_bytes(&cursor.to_bytes()).unwrap());
        pages.push(store.query(filter, sort, limit, after.as_ref()).unwrap());
        between();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_query_is_a_filtered_and_sorted_list_in_pages(
        recordings in recordings(),
        filters in vec((filters(), sorts(), 1..6usize), 1..12),
    ) {
        let dir = Dir::new();
        let store = saved(&dir, &recordings);
        let known: HashMap<_, _> = recordings.iter().map(|(it, _)| (it.id.clone(), it)).collect();
        for (filter, sort, limit) in filters {
            let mut expected = store.list().unwrap();
            expected.retain(|entry| naive(&filter, known[entry.id()]));
            for entry in &expected {
                prop_assert!(filter.matches(&**entry));
            }
            expected.sort_by(|a, b| by(sort, a, b));
            let expected: Vec<_> = expected.iter().map(|entry| entry.id().to_vec()).collect();

            let all = store.query(&filter, sort, usize::MAX, None).unwrap();
            prop_assert_eq!(ids(&all), expected.clone());
            prop_assert!(all.next.is_none());

            let pages = pages(&store, &filter, sort, limit, || ());
            for page in &pages {
                prop_assert_eq!(page.total, expected.len());
                prop_assert!(page.items.len() == limit || page.next.is_none());
            }
            let found: Vec<_> = pages.iter().flat_map(ids).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn facets_count_what_a_query_finds(recordings in recordings(), filter in filters()) {
        let dir = Dir::new();
        let store = saved(&dir, &recordings);
        let mut views = BTreeMap::new();
        let mut events = BTreeMap::new();
        let mut subjects = BTreeMap::new();
        let mut days = BTreeMap::new();
        for (recording, _) in recordings.iter().filter(|(it, _)| naive(&filter, it)) {
            *views.entry(written(recording)).or_insert(0) += 1;
            if recording.events > 1 {
                *events.entry([recording.mark; 20][..].into()).or_insert(0) += 1;
            }
            if let Some(subject) = subject(recording) {
                *subjects.entry(subject).or_insert(0) += 1;
            }
            *days.entry(recording.connected_at.div_euclid(DAY_MS)).or_insert(0) += 1;
        }
        let mut views: Vec<_> = views.into_iter().collect();
        views.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let mut events: Vec<(Box<[u8]>, usize)> = events.into_iter().collect();
        events.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let mut subjects: Vec<(Subject, usize)> = subjects.into_iter().collect();
        subjects.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let Facets { views: found, events: names, subjects: whose, days: found_days } =
            store.facets(&filter).unwrap();
        prop_assert_eq!(whose, subjects);
        let found: Vec<_> = found.iter().map(|(view, count)| (inspected(view), *count)).collect();
        prop_assert_eq!(found, views);
        prop_assert_eq!(names, events);
        prop_assert_eq!(found_days, days.into_iter().rev().collect::<Vec<_>>());
    }

    #[test]
    fn what_stays_is_on_one_page_whatever_comes_and_goes(
        recordings in recordings(),
        sort in sorts(),
        limit in 1..4usize,
        changes in vec((any::<Index>(), any::<bool>()), 0..40),
    ) {
        let dir = Dir::new();
        // Those that come and go, and those that stay.
        let (fleeting, staying): (Vec<_>, Vec<_>) =
            recordings.into_iter().partition(|(recording, _)| recording.id.ends_with(b"b"));
        let store = saved(&dir, &staying);
        let mut changes = changes.into_iter();
        let filter = Filter::default();
        let pages = pages(&store, &filter, sort, limit, || {
            for (at, save) in changes.by_ref().take(3).filter(|_| !fleeting.is_empty()) {
                let (recording, format) = at.get(&fleeting);
                if save {
                    store.save(&recording.etf(), *format).unwrap();
                } else {
                    store.delete(&recording.id).unwrap();
                }
            }
        });
        let stays = |id: &Vec<u8>| staying.iter().any(|(recording, _)| recording.id == *id);
        let found: Vec<_> = pages.iter().flat_map(ids).filter(stays).collect();
        let mut expected: Vec<_> =
            staying.iter().map(|(it, _)| entry(&store, std::str::from_utf8(&it.id).unwrap())).collect();
        expected.sort_by(|a, b| by(sort, a, b));
        let expected: Vec<_> = expected.iter().map(|entry| entry.id().to_vec()).collect();
        prop_assert_eq!(found, expected);
    }
}

/// As [`written`], of what the engine gives out.
fn inspected(view: &replay_store::View) -> String {
    match view {
        replay_store::View::Atom(atom) => replay_etf::View::Atom((&**atom).into())
            .inspected()
            .into_owned(),
        replay_store::View::Name(name) => name.to_string(),
        replay_store::View::None => String::new(),
    }
}

#[test]
fn a_cursor_of_another_order_is_refused() {
    let dir = Dir::new();
    let store = dir.open();
    for id in ["a", "b"] {
        store.save(&Recording::new(id).etf(), Format::Etf).unwrap();
    }
    let all = Filter::default();
    let page = store.query(&all, Sort::Newest, 1, None).unwrap();
    let other = store.query(&all, Sort::Longest, 1, page.next.as_ref());
    assert!(matches!(other, Err(Error::Cursor)));
}

#[test]
fn the_ends_of_time_are_part_of_it() {
    let dir = Dir::new();
    let store = dir.open();
    for (id, at) in [("first", i64::MIN), ("last", i64::MAX)] {
        store
            .save(&Recording::new(id).at(at).etf(), Format::Etf)
            .unwrap();
    }
    for (from, to, expected) in [
        (Some(i64::MIN), None, vec!["last", "first"]),
        (Some(i64::MAX), None, vec!["last"]),
        (None, Some(i64::MAX), vec!["first"]),
        (None, Some(i64::MIN), vec![]),
    ] {
        let filter = Filter {
            from,
            to,
            ..Filter::default()
        };
        let page = store.query(&filter, Sort::Newest, 10, None).unwrap();
        let expected: Vec<_> = expected.iter().map(|id| id.as_bytes().to_vec()).collect();
        assert_eq!(ids(&page), expected);
    }
}

#[test]
fn a_recording_with_two_files_is_found_once() {
    let dir = Dir::new();
    let store = dir.open();
    let recording = Recording::new("a");
    store.save(&recording.etf(), Format::Etf).unwrap();
    dir.write("copy.etf", &recording.clone().events(4).etf());
    for sort in [Sort::Newest, Sort::MostEvents] {
        let page = store.query(&Filter::default(), sort, 10, None).unwrap();
        assert_eq!((page.total, page.items.len()), (1, 1));
        assert!(matches!(&page.items[..], [Item::Stored(_)]));
    }
    assert_eq!(store.facets(&Filter::default()).unwrap().views[0].1, 1);
}
