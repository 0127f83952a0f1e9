//! The pages of recordings: whatever way leads to them, they are those that a look at each event
//! finds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use replay_etf::recording::{self, Frame, MAX_PAGE_BYTES, MAX_PAGES, MAX_PAGES_BYTES, Pages};
use replay_etf::{Limits, Summary, json, summarize, tag};
use support::fixtures;

fn counted(tag: u8, bytes: &[u8]) -> Vec<u8> {
    [&[tag][..], &(bytes.len() as u32).to_be_bytes(), bytes].concat()
}

fn text(bytes: &[u8]) -> Vec<u8> {
    counted(tag::BINARY, bytes)
}

fn atom(name: &str) -> Vec<u8> {
    [&[tag::SMALL_ATOM_UTF8, name.len() as u8], name.as_bytes()].concat()
}

fn map(pairs: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let count = (pairs.len() as u32).to_be_bytes();
    let pairs: Vec<u8> = pairs
        .iter()
        .flat_map(|(key, value)| [&key[..], value].concat())
        .collect();
    [&[tag::MAP][..], &count, &pairs].concat()
}

/// How an event about parameters is written.
#[derive(Debug, Clone, Copy)]
enum Layout {
    UrlFirst,
    ParamsFirst,
    /// Parameters that are not only texts.
    Nested,
    LongOffset,
    More,
    TextKeys,
    Twice,
    /// No URL that counts.
    Nil,
    NoMap,
    OtherType,
}

const LAYOUTS: [Layout; 10] = [
    Layout::UrlFirst,
    Layout::ParamsFirst,
    Layout::Nested,
    Layout::LongOffset,
    Layout::More,
    Layout::TextKeys,
    Layout::Twice,
    Layout::Nil,
    Layout::NoMap,
    Layout::OtherType,
];

impl Layout {
    fn has_url(self) -> bool {
        !matches!(self, Layout::Nil | Layout::NoMap | Layout::OtherType)
    }

    fn event(self, url: &[u8]) -> Vec<u8> {
        let flat = map(&[(text(b"url"), text(b"/param"))]);
        let nested = map(&[(text(b"a"), flat.clone()), (text(b"b"), vec![tag::NIL])]);
        let params = |params: &Vec<u8>| (atom("params"), params.clone());
        let url = (atom("url"), text(url));
        let payload = match self {
            Layout::UrlFirst | Layout::OtherType => map(&[url, params(&nested)]),
            Layout::ParamsFirst | Layout::LongOffset => map(&[params(&flat), url]),
            Layout::Nested => map(&[params(&nested), url]),
            Layout::More => map(&[(atom("more"), nested), url, params(&flat)]),
            Layout::TextKeys => map(&[(text(b"url"), url.1), params(&flat)]),
            Layout::Twice => map(&[(atom("url"), text(b"/first")), url]),
            Layout::Nil => map(&[params(&flat), (atom("url"), atom("nil"))]),
            Layout::NoMap => url.1,
        };
        let kind = match self {
            Layout::OtherType => "info",
            _ => "handle_params",
        };
        let offset: &[u8] = match self {
            Layout::LongOffset => &[tag::INTEGER, 0, 1, 0, 0],
            _ => &[tag::SMALL_INTEGER, 9],
        };
        [&[tag::SMALL_TUPLE, 3], offset, &atom(kind), &payload].concat()
    }
}

/// A recording without events, whose list of them comes first or last.
fn head(own: Option<&str>, events_first: bool) -> Vec<u8> {
    let own = own.map_or_else(|| atom("nil"), |own| text(own.as_bytes()));
    let mut pairs = vec![
        (atom("events"), vec![tag::NIL]),
        (atom("id"), text(b"x")),
        (atom("connected_at"), vec![tag::SMALL_INTEGER, 1]),
        (atom("url"), own),
    ];
    if !events_first {
        pairs.reverse();
    }
    [&[tag::VERSION][..], &map(&pairs)].concat()
}

fn with_events(head: &[u8], events: &[Vec<u8>]) -> Vec<u8> {
    let mut etf = Vec::new();
    let frame = Frame::of(head, &Limits::default()).unwrap();
    let events = events.iter().map(|event| [&event[..], &[]]);
    frame.assemble(events, &mut etf).unwrap();
    etf
}

fn as_text(etf: &[u8]) -> (Vec<u8>, Summary<'_>) {
    let mut text = Vec::new();
    let encoded = json::encode(etf, &Limits::default(), &mut text).unwrap();
    (text, encoded.summary)
}

/// What is kept of the pages, by a look at each.
fn naive(own: Option<&str>, urls: &[&str]) -> (Vec<String>, bool) {
    let own = own.filter(|own| own.contains("://")).unwrap_or("none");
    let (mut kept, mut cut) = (Vec::new(), false);
    for url in urls {
        let page = match url.strip_prefix(own) {
            Some(rest) if rest.is_empty() || rest.starts_with(['/', '?', '#']) => rest,
            _ => url,
        };
        let bytes: usize = kept.iter().map(String::len).sum();
        if url.len() > MAX_PAGE_BYTES {
            cut = true;
        } else if kept.iter().any(|known| known == page) {
        } else if kept.len() == MAX_PAGES || bytes + MAX_PAGE_BYTES > MAX_PAGES_BYTES {
            cut = true;
        } else {
            kept.push(page.to_owned());
        }
    }
    (kept, cut)
}

fn strings(pages: &Pages<'_>) -> (Vec<String>, bool) {
    let list = pages.list.iter();
    let list = list.map(|page| String::from_utf8(page.to_vec()).unwrap());
    (list.collect(), pages.cut)
}

fn urls() -> impl Strategy<Value = String> {
    let origin = select(vec![
        "https://shop.test",
        "https://shop.test",
        "http://b:1",
        "",
    ]);
    let path = select(vec!["", "/", "/orders", "?q", "/ä/b", "x"]);
    (origin, path, 0..40u8, select(vec![0, 1, 2, 60, 490, 520]))
        .prop_map(|(origin, path, n, more)| format!("{origin}{path}/{n}{}", "z".repeat(more)))
}

proptest! {
    #[test]
    fn pages_are_those_that_a_look_at_each_event_finds(
        own in option::weighted(0.9, select(vec!["https://shop.test", "http://b:1", "/no"])),
        events_first in any::<bool>(),
        visits in vec((select(LAYOUTS.to_vec()), urls()), 0..200),
    ) {
        let limits = Limits::default();
        let events: Vec<_> = visits.iter().map(|(layout, url)| layout.event(url.as_bytes())).collect();
        let seen = visits.iter().filter(|(layout, _)| layout.has_url());
        let seen: Vec<&str> = seen.map(|(_, url)| &**url).collect();
        let expected = naive(own, &seen);

        let head = head(own, events_first);
        let etf = with_events(&head, &events);
        let summary = summarize(&etf, &limits).unwrap();
        prop_assert_eq!(strings(&summary.pages), expected.clone());

        let mut grown = summarize(&head, &limits).unwrap();
        for event in &events {
            grown.append(event, &limits).unwrap();
        }
        prop_assert_eq!(&grown, &summary);
        prop_assert_eq!(&summary.clone().into_owned(), &summary);

        let (text, encoded) = as_text(&etf);
        prop_assert_eq!(strings(&encoded.pages), expected);
        prop_assert_eq!(json::summarize(&text, &limits).unwrap(), encoded);

        let mut each = Vec::new();
        recording::each_url(&etf, &limits, |url| each.push(url.to_vec())).unwrap();
        prop_assert_eq!(&each, &seen.iter().map(|url| url.as_bytes()).collect::<Vec<_>>());
        each.clear();
        json::each_url(&text, &limits, |url| each.push(url.to_vec())).unwrap();
        prop_assert_eq!(&each, &seen.iter().map(|url| url.as_bytes()).collect::<Vec<_>>());
    }
}

#[test]
fn a_url_that_is_no_text_is_kept_as_it_is_written() {
    let event = Layout::UrlFirst.event(b"https://shop.test/\xff");
    let etf = with_events(&head(Some("https://shop.test"), true), &[event]);
    let summary = summarize(&etf, &Limits::default()).unwrap();
    assert_eq!(summary.pages.list, [&b"/\xff"[..]]);
    let (text, encoded) = as_text(&etf);
    let from_text = json::summarize(&text, &Limits::default()).unwrap();
    assert_eq!(from_text, encoded);
    assert!(from_text.pages.list[0].starts_with(b"<<"));
}

#[test]
fn real_recordings_have_the_pages_that_were_visited() {
    for fixture in fixtures() {
        let limits = Limits::default();
        let summary = match fixture.is_json() {
            true => json::summarize(&fixture.bytes, &limits).unwrap(),
            false => summarize(&fixture.bytes, &limits).unwrap(),
        };
        assert_eq!(summary.url.as_deref(), Some(&b"http://localhost:4010"[..]));
        let visits = summary.events.handle_params;
        assert!(
            (visits > 0) == summary.pages.list.contains(&b"/"[..].into()),
            "{}",
            fixture.file
        );
        assert!(!summary.pages.cut);
    }
}

#[test]
fn what_comes_before_a_fault_is_visited() {
    let visit = Layout::ParamsFirst.event(b"/a");
    let etf = with_events(&head(None, true), &[visit.clone(), visit]);
    let (text, _) = as_text(&etf);
    for cut in 0..etf.len() {
        let mut seen = 0;
        let walked = recording::each_url(&etf[..cut], &Limits::default(), |_| seen += 1);
        assert!(walked.is_err() && seen <= 2);
    }
    for cut in 0..text.len() {
        let mut seen = 0;
        let walked = json::each_url(&text[..cut], &Limits::default(), |_| seen += 1);
        assert!(walked.is_err() && seen <= 2);
    }
    assert!(recording::each_url(&[tag::VERSION, tag::NIL], &Limits::default(), |_| ()).is_err());
}
