//! Recordings written by the pure-Elixir backend.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use replay_etf::{ErrorKind, Field, Limits, Summary, Walker, recording, summarize, validate};
use serde_json::{Value, json};

/// A summary in the shape of the manifest.
fn described(summary: &Summary<'_>) -> Value {
    let events = summary.events;
    let types = [
        ("assigns", events.assigns),
        ("event", events.event),
        ("handle_params", events.handle_params),
        ("info", events.info),
        ("mount", events.mount),
        ("other", events.other),
    ];
    let types = types.into_iter().filter(|(_, count)| *count > 0);
    json!({
        "id": String::from_utf8_lossy(&summary.id),
        "view": summary.view.inspected(),
        "url": summary.url.as_deref().map(String::from_utf8_lossy),
        "connected_at": summary.connected_at,
        "event_count": summary.event_count,
        "duration_ms": summary.duration_ms,
        "event_types": types.map(|(name, count)| (name.to_owned(), json!(count))).collect::<Value>(),
    })
}

fn expected(manifest: &Value) -> Value {
    let mut expected = manifest.clone();
    let fields = expected.as_object_mut().unwrap();
    fields.retain(|name, _| name != "file" && name != "raw_bytes");
    expected
}

fn terms() -> impl Iterator<Item = support::Fixture> {
    support::fixtures()
        .into_iter()
        .filter(|fixture| !fixture.is_json())
}

#[test]
fn summaries_are_those_of_the_manifest() {
    for fixture in terms() {
        let summary = summarize(&fixture.bytes, &Limits::default()).unwrap();
        assert_eq!(
            described(&summary),
            expected(&fixture.expected),
            "{}",
            fixture.file
        );
        assert!(summary.has_user_events());
    }
}

#[test]
fn recordings_are_valid_to_their_last_byte() {
    for fixture in terms() {
        assert_eq!(
            validate(&fixture.bytes, &Limits::default()),
            Ok(fixture.bytes.len())
        );
    }
}

#[test]
fn a_cut_recording_is_an_error_at_every_length() {
    let whole = support::small();
    for length in 0..whole.len() {
        let cut = &whole[..length];
        let summary = summarize(cut, &Limits::default()).unwrap_err();
        assert_eq!(summary.kind, ErrorKind::UnexpectedEnd, "{length}");
        assert!(summary.offset <= length);
        assert_eq!(
            validate(cut, &Limits::default()).unwrap_err().kind,
            ErrorKind::UnexpectedEnd
        );
    }
}

/// A map with atom keys; values are encoded terms.
fn map(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut term = vec![131, 116];
    term.extend((fields.len() as u32).to_be_bytes());
    for (key, value) in fields {
        term.extend([119, key.len() as u8]);
        term.extend(key.as_bytes());
        term.extend(*value);
    }
    term
}

const ID: (&str, &[u8]) = ("id", b"m\0\0\0\x01x");
const CONNECTED_AT: (&str, &[u8]) = ("connected_at", b"a\x05");
const NO_EVENTS: (&str, &[u8]) = ("events", b"j");

#[test]
fn a_recording_needs_its_id_its_time_and_its_events() {
    let kind = |term: &[u8]| summarize(term, &Limits::default()).unwrap_err().kind;
    for (term, field) in [
        (vec![131, 106], Field::Recording),
        (map(&[CONNECTED_AT, NO_EVENTS]), Field::Id),
        (map(&[("id", b"j"), CONNECTED_AT, NO_EVENTS]), Field::Id),
        (map(&[ID, NO_EVENTS]), Field::ConnectedAt),
        (
            map(&[ID, ("connected_at", b"j"), NO_EVENTS]),
            Field::ConnectedAt,
        ),
        (map(&[ID, CONNECTED_AT]), Field::Events),
        (
            map(&[ID, CONNECTED_AT, ("events", b"a\x01")]),
            Field::Events,
        ),
        (
            map(&[ID, CONNECTED_AT, ("events", b"l\0\0\0\x01a\x01j")]),
            Field::Events,
        ),
        // An improper list, and an event whose offset is an atom.
        (
            map(&[
                ID,
                CONNECTED_AT,
                ("events", b"l\0\0\0\x01h\x03a\x01w\x04infoja\x01"),
            ]),
            Field::Events,
        ),
        (
            map(&[
                ID,
                CONNECTED_AT,
                ("events", b"l\0\0\0\x01h\x03w\x01aw\x04infojj"),
            ]),
            Field::Events,
        ),
    ] {
        assert_eq!(kind(&term), ErrorKind::NotARecording(field), "{term:?}");
    }
}

#[test]
fn what_is_optional_or_unknown_does_not_matter() {
    let term = map(&[
        ("__struct__", b"w\x01x"),
        ("url", b"w\x03nil"),
        ("view", b"w\x03nil"),
        ("later", b"t\0\0\0\x01jh\x01j"),
        NO_EVENTS,
        ID,
        CONNECTED_AT,
    ]);
    let summary = summarize(&term, &Limits::default()).unwrap();
    assert_eq!(
        described(&summary),
        json!({
            "id": "x", "view": "", "url": null, "connected_at": 5,
            "event_count": 0, "duration_ms": 0, "event_types": {},
        })
    );
    assert!(!summary.has_user_events());
}

#[test]
fn an_event_yields_its_offset_its_type_and_its_name() {
    let read = |term: &[u8]| {
        let mut walker = Walker::bare(term, &Limits::default());
        let event = recording::event(&mut walker).unwrap();
        assert!(walker.is_at_end());
        let name = event
            .name
            .map(|name| String::from_utf8_lossy(name).into_owned());
        (event.offset_ms, event.kind, name)
    };
    let named = b"h\x03a\x07w\x05eventt\0\0\0\x02w\x06paramsjw\x04namem\0\0\0\x04save";
    assert_eq!(
        read(named),
        (7, recording::EventKind::Event, Some("save".into()))
    );
    let unnamed = b"h\x03b\0\0\x01\0w\x05eventh\x01j";
    assert_eq!(read(unnamed), (256, recording::EventKind::Event, None));
    let unknown = b"h\x03a\x07m\0\0\0\x05otherj";
    assert_eq!(read(unknown), (7, recording::EventKind::Other, None));
}
