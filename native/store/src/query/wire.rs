//! A filter as bytes, for other nodes to carry out what it was given for.

use bincode::config;
use replay_etf::Needle;
use serde::{Deserialize, Serialize};

use super::{Filter, PathPart, UrlPart};
use crate::codec::Subject;

/// Of what is written. Another one is not read: a filter of which a part is not understood would
/// match too much.
const VERSION: u8 = 1;

/// No filter takes more.
const MAX_BYTES: usize = 1 << 20;

#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    version: u8,
    #[serde(borrow)]
    view: Option<Vec<&'a str>>,
    url: Option<&'a [u8]>,
    path: Option<(bool, &'a [u8])>,
    subject: Option<Vec<SubjectWire<'a>>>,
    id: Option<&'a [u8]>,
    at: [Option<i64>; 2],
    events: [Option<i64>; 2],
    duration_ms: [Option<i64>; 2],
    event: Option<Vec<&'a [u8]>>,
    flags: [Option<bool>; 3],
    contains: Option<(&'a [u8], bool)>,
}

#[derive(Serialize, Deserialize)]
enum SubjectWire<'a> {
    Integer(i64),
    Text(&'a [u8]),
}

impl Filter {
    /// The filter as bytes; `None` if they would be more than a mebibyte.
    pub fn encode(&self) -> Option<Vec<u8>> {
        let subjects = self.subject.as_ref().map(|subjects| {
            let wire = subjects.iter().map(|subject| match subject {
                Subject::Integer(number) => SubjectWire::Integer(*number),
                Subject::Text(text) => SubjectWire::Text(text),
            });
            wire.collect()
        });
        let wire = Wire {
            version: VERSION,
            view: (self.view.as_ref()).map(|names| names.iter().map(|name| &**name).collect()),
            url: self.url.as_ref().map(UrlPart::bytes),
            path: self.path.as_ref().map(|path| match path {
                PathPart::Exact(path) => (true, &**path),
                PathPart::Prefix(path) => (false, &**path),
            }),
            subject: subjects,
            id: self.id.as_deref(),
            at: [self.from, self.to],
            events: [self.min_events, self.max_events],
            duration_ms: [self.min_duration_ms, self.max_duration_ms],
            event: (self.event.as_ref()).map(|names| names.iter().map(|name| &**name).collect()),
            flags: [self.active, self.recovered, self.truncated],
            contains: self.contains.as_ref().map(Needle::made_of),
        };
        let bytes = bincode::serde::encode_to_vec(&wire, config::standard()).ok()?;
        (bytes.len() <= MAX_BYTES).then_some(bytes)
    }

    /// What [`Filter::encode`] wrote; `None` if it is anything else.
    pub fn decode(bytes: &[u8]) -> Option<Filter> {
        if bytes.len() > MAX_BYTES {
            return None;
        }
        let decoded = bincode::serde::borrow_decode_from_slice(bytes, config::standard());
        let (wire, read): (Wire<'_>, usize) = decoded.ok()?;
        if wire.version != VERSION || read != bytes.len() {
            return None;
        }
        let subjects = match wire.subject {
            None => None,
            Some(subjects) => {
                let read = subjects.into_iter().map(|subject| match subject {
                    SubjectWire::Integer(number) => Some(Subject::Integer(number)),
                    SubjectWire::Text(text) => Subject::text(text),
                });
                Some(read.collect::<Option<_>>()?)
            }
        };
        let contains = match wire.contains {
            None => None,
            Some((digits, true)) => Some(Needle::integer(digits)?),
            Some((text, false)) => Some(Needle::text(text)?),
        };
        let [from, to] = wire.at;
        let [min_events, max_events] = wire.events;
        let [min_duration_ms, max_duration_ms] = wire.duration_ms;
        let [active, recovered, truncated] = wire.flags;
        Some(Filter {
            view: (wire.view).map(|names| names.into_iter().map(Box::from).collect()),
            url: wire.url.map(UrlPart::new),
            path: wire.path.map(|(exact, path)| match exact {
                true => PathPart::Exact(path.into()),
                false => PathPart::Prefix(path.into()),
            }),
            subject: subjects,
            id: wire.id.map(Box::from),
            from,
            to,
            min_events,
            max_events,
            min_duration_ms,
            max_duration_ms,
            event: (wire.event).map(|names| names.into_iter().map(Box::from).collect()),
            active,
            recovered,
            truncated,
            contains,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters() -> Vec<Filter> {
        let none = Filter::default;
        let text = |text: &[u8]| Subject::text(text).unwrap();
        vec![
            none(),
            Filter {
                view: Some(vec!["My.Live".into(), "".into()]),
                url: Some(UrlPart::new(b"/a?b")),
                path: Some(PathPart::Exact((*b"/a").into())),
                subject: Some([Subject::Integer(-1), text(b"\xff")].into()),
                id: Some((*b"x").into()),
                from: Some(i64::MIN),
                to: Some(i64::MAX),
                ..none()
            },
            Filter {
                path: Some(PathPart::Prefix((*b"/a").into())),
                min_events: Some(1),
                max_events: Some(2),
                min_duration_ms: Some(3),
                max_duration_ms: Some(4),
                event: Some(vec![(*b"save").into()]),
                active: Some(true),
                recovered: Some(false),
                ..none()
            },
            Filter {
                truncated: Some(true),
                contains: Needle::text(b"x@y"),
                ..none()
            },
            Filter {
                contains: Needle::integer(b"-12"),
                ..none()
            },
        ]
    }

    #[test]
    fn a_filter_comes_back() {
        for filter in filters() {
            assert_eq!(Filter::decode(&filter.encode().unwrap()), Some(filter));
        }
    }

    #[test]
    fn what_is_not_a_whole_filter_is_none() {
        for filter in filters() {
            let bytes = filter.encode().unwrap();
            for at in 0..bytes.len() {
                assert_eq!(Filter::decode(&bytes[..at]), None);
            }
            assert_eq!(Filter::decode(&[&bytes[..], b"\0"].concat()), None);
            assert_eq!(Filter::decode(&[&[2], &bytes[1..]].concat()), None);
        }
        let long = vec![0; MAX_BYTES + 1].into();
        let long = Filter {
            id: Some(long),
            ..Filter::default()
        };
        assert_eq!(long.encode(), None);
    }
}
