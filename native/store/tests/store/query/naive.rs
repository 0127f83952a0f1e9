//! What a filter and facets ask of a recording, without any of the engine's code.

use replay_store::{Filter, PathPart, Subject, UrlPart};

use crate::support::Recording;

/// What filters ask for in URLs.
pub const URL_PARTS: [&str; 9] = [
    "",
    "items/1",
    "items/12",
    "://b",
    "nowhere",
    "http://a/list?page=3",
    "page=69",
    "xx",
    "a/items",
];

/// Whom a recording of these belongs to: as many as there are lengths of its id.
pub fn subject(recording: &Recording) -> Option<Subject> {
    subjects().into_iter().nth(recording.id.len() - 1)?
}

pub fn subjects() -> [Option<Subject>; 4] {
    [
        None,
        Some(Subject::Integer(2)),
        Subject::text(b"2"),
        Subject::text(b"three"),
    ]
}

pub fn written(recording: &Recording) -> String {
    match recording.view.strip_prefix("Elixir.") {
        Some(module) => module.to_owned(),
        None => format!(":{}", recording.view),
    }
}

/// Path and query of a URL.
pub fn path_of(url: &str) -> &str {
    match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None => url,
    }
}

fn has_path(part: &PathPart, url: &str) -> bool {
    let path = path_of(url).as_bytes();
    match part {
        PathPart::Prefix(prefix) => path.starts_with(prefix),
        PathPart::Exact(wanted) if wanted.contains(&b'?') => path == &**wanted,
        PathPart::Exact(wanted) => path.split(|byte| *byte == b'?').next() == Some(&**wanted),
    }
}

/// The filter once more, on what was saved and without any of the engine's code.
pub fn naive(filter: &Filter, recording: &Recording) -> bool {
    let within = |value: i64, min: Option<i64>, max: Option<i64>| {
        min.unwrap_or(i64::MIN) <= value && value <= max.unwrap_or(i64::MAX)
    };
    let events = recording.event_count() as i64;
    let of_a_user = (recording.events > 1).then_some([recording.mark; 20]);
    let view = written(recording);
    let part = URL_PARTS
        .iter()
        .find(|part| filter.url == Some(UrlPart::new(part.as_bytes())));
    let mut urls = recording
        .pages
        .iter()
        .map(|page| &**page)
        .chain([recording.url]);
    (filter.view.as_ref()).is_none_or(|views| views.iter().any(|name| **name == view))
        && (filter.event.as_ref()).is_none_or(|names| {
            names
                .iter()
                .any(|name| of_a_user.is_some_and(|own| own[..] == **name))
        })
        && (filter.url.is_none() || urls.any(|url| url.contains(part.unwrap())))
        && (filter.path.as_ref())
            .is_none_or(|part| recording.pages.iter().any(|url| has_path(part, url)))
        && (filter.subject.as_ref()).is_none_or(|wanted| {
            wanted
                .iter()
                .any(|it| Some(it) == subject(recording).as_ref())
        })
        && (filter.id.as_ref()).is_none_or(|prefix| recording.id.starts_with(prefix))
        && within(
            recording.connected_at,
            filter.from,
            filter.to.map(|to| to - 1),
        )
        && within(events, filter.min_events, filter.max_events)
        && within(
            (i64::from(recording.events) - 1).max(0) * 10,
            filter.min_duration_ms,
            filter.max_duration_ms,
        )
        && [filter.active, filter.recovered, filter.truncated]
            .iter()
            .all(|flag| *flag != Some(true))
}
