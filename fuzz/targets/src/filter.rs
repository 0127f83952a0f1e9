//! A filter that another node gave, of bytes that may be none: one that is read is written as bytes
//! that are read as the same.

use replay_store::{Filter, PathPart, Subject};

/// Filters, with one of everything among them.
pub fn seeds() -> Vec<Vec<u8>> {
    let filters = [
        Filter::default(),
        Filter {
            view: Some(vec!["Elixir.My.Live".into(), "".into()]),
            path: Some(PathPart::Prefix(b"/cart"[..].into())),
            subject: Some(
                [Some(Subject::Integer(-4711)), Subject::text(b"ada")]
                    .into_iter()
                    .flatten()
                    .collect(),
            ),
            id: Some(b"4x1F"[..].into()),
            from: Some(1_790_000_000_000),
            to: Some(i64::MAX),
            min_events: Some(0),
            event: Some(vec![b"save"[..].into()]),
            active: Some(false),
            recovered: Some(true),
            ..Filter::default()
        },
        Filter {
            path: Some(PathPart::Exact(b""[..].into())),
            max_duration_ms: Some(i64::MIN),
            truncated: Some(true),
            ..Filter::default()
        },
    ];
    let encoded = filters.iter().map(Filter::encode);
    encoded.map(|bytes| bytes.expect("a filter")).collect()
}

/// See the [module](self).
pub fn check(bytes: &[u8]) {
    if let Some(filter) = Filter::decode(bytes) {
        let again = filter.encode().and_then(|bytes| Filter::decode(&bytes));
        assert_eq!(again, Some(filter));
    }
}
