//! Queries of finished recordings, against doing the same to a list of all of them.

mod naive;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::collection::{hash_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use replay_store::{
    Answer, Cursor, Entry, Error, Facets, Filter, Format, Item, Page, PathPart, Sort, Store,
    Subject, UrlPart,
};

use crate::support::{Dir, Recording, entry};
use naive::{URL_PARTS, naive, path_of, subject, subjects, written};

const VIEWS: [&str; 3] = ["Elixir.A.Live", "Elixir.B.Live", "plain"];
const URLS: [&str; 5] = [
    "",
    "http://a",
    "http://a/items/1",
    "http://a/items/12",
    "http://b/",
];
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

/// What sessions visit: nothing, a few pages, and more, or longer ones, than an index holds.
fn visits() -> impl Strategy<Value = Vec<String>> {
    let list = (0..70).map(|n| format!("http://a/list?page={n}"));
    let long = format!("http://a/{}", "x".repeat(600));
    select(vec![
        vec![],
        vec!["http://a/items/1".into()],
        vec!["http://a/items/1?tab=2".into(), "http://a/items/12".into()],
        vec!["http://b/".into(), "http://a/list?page=3".into()],
        list.collect(),
        vec![long, "http://a/items/1".into(), "/".into()],
    ])
}

/// Few values of everything, so that there are ties.
fn recordings() -> impl Strategy<Value = Vec<(Recording, Format)>> {
    let one = (
        (-2..3i64, 0..5u16, b'a'..b'd'),
        select(VIEWS.to_vec()),
        (select(URLS.to_vec()), visits()),
        select(vec![Format::Etf, Format::Json]),
    );
    hash_map("[ab][ab/]{0,3}", one, 0..25).prop_map(|all| {
        let made = all
            .into_iter()
            .map(|(id, ((at, events, mark), view, (url, pages), format))| {
                let recording = Recording::new(id)
                    .at(at * DAY_MS / 2)
                    .events(events)
                    .mark(mark);
                (recording.view(view).url(url).pages(pages), format)
            });
        made.collect()
    })
}

fn filters() -> impl Strategy<Value = Filter> {
    let number = || option::weighted(0.2, 0..5i64);
    let flag = || option::weighted(0.1, any::<bool>());
    let views = vec(select(vec!["A.Live", "B.Live", ":plain", "", "Live"]), 0..3);
    let events = vec(select(vec![b'a', b'b', b'z']), 0..3);
    let url = select(URL_PARTS.to_vec());
    let exact = ["/items/1", "/items/1?tab=2", "/", "/list", "/none"];
    let prefix = ["/items/", "/list?page=69", "", "/x"];
    let exact = exact.map(|path| PathPart::Exact(path.as_bytes().into()));
    let prefix = prefix.map(|path| PathPart::Prefix(path.as_bytes().into()));
    let path = select(exact.into_iter().chain(prefix).collect::<Vec<_>>());
    let id = select(vec!["", "a", "ab", "a/", "c"]);
    let subject = vec(
        select(subjects().into_iter().flatten().collect::<Vec<_>>()),
        0..3,
    );
    (
        option::weighted(0.3, views),
        option::weighted(0.3, events),
        (option::weighted(0.3, url), option::weighted(0.3, path)),
        (option::weighted(0.3, id), option::weighted(0.3, subject)),
        (number(), number(), number(), number(), number(), number()),
        (flag(), flag(), flag()),
    )
        .prop_map(
            |(views, events, (url, path), (id, subject), numbers, flags)| Filter {
                view: views.map(|names| names.into_iter().map(Into::into).collect()),
                event: events
                    .map(|marks| marks.into_iter().map(|mark| [mark; 20].into()).collect()),
                url: url.map(|part| UrlPart::new(part.as_bytes())),
                path,
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
            for entry in store.list().unwrap() {
                let wrong = match expected.contains(&entry) {
                    true => Answer::No,
                    false => Answer::Yes,
                };
                prop_assert_ne!(filter.answer(&*entry), wrong);
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
        let mut paths = BTreeMap::new();
        let mut subjects = BTreeMap::new();
        let mut days = BTreeMap::new();
        for (recording, _) in recordings.iter().filter(|(it, _)| naive(&filter, it)) {
            *views.entry(written(recording)).or_insert(0) += 1;
            if recording.events > 1 {
                *events.entry([recording.mark; 20][..].into()).or_insert(0) += 1;
            }
            let known = recording.pages.iter().filter(|url| url.len() <= 512);
            let known = known.map(|url| path_of(url).split('?').next().unwrap());
            for path in known.collect::<BTreeSet<_>>() {
                *paths.entry(path.as_bytes().into()).or_insert(0) += 1;
            }
            if let Some(subject) = subject(recording) {
                *subjects.entry(subject).or_insert(0) += 1;
            }
            *days.entry(recording.connected_at.div_euclid(DAY_MS)).or_insert(0) += 1;
        }
        let mut views: Vec<_> = views.into_iter().collect();
        views.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let sorted = |counts: BTreeMap<Box<[u8]>, usize>| {
            let mut counts: Vec<_> = counts.into_iter().collect();
            counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            counts
        };
        let mut subjects: Vec<(Subject, usize)> = subjects.into_iter().collect();
        subjects.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let facets = store.facets(&filter).unwrap();
        let Facets { views: found, events: names, paths: on, subjects: whose, days: found_days } =
            facets;
        prop_assert_eq!(whose, subjects);
        prop_assert_eq!(on, sorted(paths));
        let found: Vec<_> = found.iter().map(|(view, count)| (inspected(view), *count)).collect();
        prop_assert_eq!(found, views);
        prop_assert_eq!(names, sorted(events));
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
