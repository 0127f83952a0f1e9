//! From JSON.

use proptest::prelude::*;
use proptest::sample::Index;
use replay_etf::{Error, Limits, json};
use serde_json::{Value, json};

use super::{Choices, choices};

fn leaf(choices: &mut Choices<'_>) -> Value {
    let leaves = [
        json!("a"),
        json!("a longer text, as one writes"),
        json!("é \"quoted\" \\ \n"),
        json!(""),
        json!(1),
        json!(12),
        json!(-123_456_789_012_i64),
        json!(1.5),
        json!(true),
        json!(null),
    ];
    leaves[usize::from(choices.below(leaves.len() as u8))].clone()
}

fn value(choices: &mut Choices<'_>, depth: u8) -> Value {
    let length = choices.below(4);
    match choices.below(if depth == 0 { 1 } else { 3 }) {
        1 => (0..length).map(|_| value(choices, depth - 1)).collect(),
        2 => {
            let member = |key| (format!("key {key}"), value(choices, depth - 1));
            Value::Object((0..length).map(member).collect())
        }
        _ => leaf(choices),
    }
}

/// The same with other leaves, and sometimes another element or member.
fn vary(value: &mut Value, choices: &mut Choices<'_>) {
    match value {
        Value::Array(elements) => {
            if choices.one_in(12) {
                elements.pop();
            } else if choices.one_in(12) {
                elements.push(leaf(choices));
            }
            elements.iter_mut().for_each(|it| vary(it, choices));
        }
        Value::Object(members) => {
            if choices.one_in(12) {
                members.insert("another".to_owned(), leaf(choices));
            }
            members.values_mut().for_each(|it| vary(it, choices));
        }
        other if choices.one_in(4) => *other = leaf(choices),
        _ => {}
    }
}

/// Payloads that are much like each other.
fn payloads() -> impl Strategy<Value = Vec<String>> {
    (choices(), 2..12_usize, any::<bool>()).prop_map(|(bytes, length, pretty)| {
        let mut choices = Choices::of(&bytes);
        let mut current = json!({"a": value(&mut choices, 4), "b": value(&mut choices, 4)});
        let mut payloads = Vec::new();
        for _ in 0..length {
            vary(&mut current, &mut choices);
            payloads.push(if pretty {
                serde_json::to_string_pretty(&current).unwrap()
            } else {
                current.to_string()
            });
        }
        payloads
    })
}

const BEFORE: &str =
    r#"{"id":"x","connected_at":1,"view":"nil","url":null,"params":{},"session":{},"events":["#;
const AFTER: &str = "]}";

/// An event; in one of two the payload comes before the type.
fn event(index: usize, payload: &str) -> String {
    if index.is_multiple_of(2) {
        format!(r#"{{"offset":{index},"type":"event","payload":{payload}}}"#)
    } else {
        format!(r#"{{"offset":{index},"payload":{payload},"type":"handle_params"}}"#)
    }
}

fn decode(events: &[String], limits: &Limits) -> Result<Vec<u8>, Error> {
    let text = format!("{BEFORE}{}{AFTER}", events.join(","));
    let mut out = b"before".to_vec();
    let decoded = json::decode(text.as_bytes(), limits, &|_| true, &mut out);
    let summary = json::summarize(text.as_bytes(), limits);
    assert_eq!(decoded.err(), summary.err(), "both check the whole text");
    let term = out.strip_prefix(b"before").unwrap();
    if decoded.is_err() {
        assert!(term.is_empty());
    }
    decoded.map(|()| term.to_vec())
}

/// The terms of events that were decoded one by one.
fn one_by_one(events: &[String]) -> Vec<u8> {
    let limits = Limits::default();
    let mut term = decode(&[], &limits).unwrap();
    term.pop();
    let events_at = term.len();
    term.push(108);
    term.extend((events.len() as u32).to_be_bytes());
    for event in events {
        let alone = decode(std::slice::from_ref(event), &limits).unwrap();
        term.extend(&alone[events_at + 5..alone.len() - 1]);
    }
    term.push(106);
    term
}

fn events(payloads: &[String]) -> Vec<String> {
    let events = payloads.iter().enumerate();
    events.map(|(index, it)| event(index, it)).collect()
}

proptest! {
    #[test]
    fn together_is_as_one_by_one(payloads in payloads()) {
        let events = events(&payloads);
        let together = decode(&events, &Limits::default()).unwrap();
        prop_assert_eq!(together, one_by_one(&events));
    }

    #[test]
    fn what_is_written_is_what_was_read(payloads in payloads()) {
        let text = format!("{BEFORE}{}{AFTER}", events(&payloads).join(","));
        let (mut term, mut again) = (Vec::new(), Vec::new());
        json::decode(text.as_bytes(), &Limits::default(), &|_| true, &mut term).unwrap();
        json::encode(&term, &Limits::default(), &mut again).unwrap();
        let parse = |text: &[u8]| serde_json::from_slice::<Value>(text).unwrap();
        prop_assert_eq!(parse(&again), parse(text.as_bytes()));
    }

    #[test]
    fn damage_is_found_where_it_is(
        payloads in payloads(),
        at: Index,
        to in prop::sample::select(b"{}[],:\"\\x1 ".to_vec()),
    ) {
        let mut events = events(&payloads);
        let mut damaged = events.pop().unwrap().into_bytes();
        // Instead of the first event a list may end, instead of the last it may not.
        let at = 1 + at.index(damaged.len() - 1);
        damaged[at] = to;
        let Ok(damaged) = String::from_utf8(damaged) else {
            return Ok(());
        };
        let before = events.iter().map(|event| event.len() + 1).sum::<usize>();
        let alone = decode(std::slice::from_ref(&damaged), &Limits::default());
        events.push(damaged);
        let together = decode(&events, &Limits::default());
        match alone {
            Ok(_) => prop_assert_eq!(together.unwrap(), one_by_one(&events)),
            Err(error) => prop_assert_eq!(together.unwrap_err(), Error {
                offset: error.offset + before,
                ..error
            }),
        }
    }

    #[test]
    fn every_term_counts(payloads in payloads()) {
        let events = events(&payloads);
        let text = format!("{BEFORE}{}{AFTER}", events.join(","));
        let terms = count(&serde_json::from_str(&text).unwrap());
        for max_terms in [terms - 1, terms] {
            let limits = Limits { max_terms, ..Limits::default() };
            let summary = json::summarize(text.as_bytes(), &limits);
            let decoded = decode(&events, &limits);
            prop_assert_eq!(summary.is_ok(), max_terms == terms);
            prop_assert_eq!(decoded.err(), summary.err());
        }
    }
}

/// How many values there are.
fn count(value: &Value) -> u64 {
    1 + match value {
        Value::Array(elements) => elements.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

#[test]
fn long_recordings_are_read_whether_or_not_their_events_are_alike() {
    let unlike = |number: usize| {
        let inner: Vec<String> = (0..20)
            .map(|it| format!(r#"{{"key {number} {it}":[{it}]}}"#))
            .collect();
        format!(r#"{{"a":[{}]}}"#, inner.join(","))
    };
    let alike = |number: usize| format!(r#"{{"b":{{"c":{number},"d":["text",[],{{}}]}}}}"#);
    let mut payloads: Vec<String> = (0..200).map(unlike).collect();
    payloads.extend((0..2000).map(alike));
    payloads.extend((0..200).flat_map(|number| [alike(number), unlike(number % 9)]));
    let events = events(&payloads);
    let together = decode(&events, &Limits::default()).unwrap();
    assert_eq!(together, one_by_one(&events));
}

#[test]
fn keys_that_come_twice_are_not_copied() {
    let payloads = [
        r#"{"a":{"b":1,"c":"text","b":2},"d":[1,2,3,4,5,6]}"#,
        r#"{"a":{"b":1,"c":"text","b":2},"d":[1,2,3,4,5,6]}"#,
        r#"{"a":{"b":1,"c":"texts","b":3},"d":[1,2,3,4,5,7]}"#,
    ];
    let events = events(&payloads.map(str::to_owned));
    let together = decode(&events, &Limits::default()).unwrap();
    assert_eq!(together, one_by_one(&events));
}

#[test]
fn a_payload_that_comes_twice_leaves_nothing_behind() {
    let twice = |number: u32| {
        format!(
            r#"{{"offset":1,"payload":{{"a":{number},"b":"once"}},"payload":{{"a":{number},"b":"twice"}},"type":"event"}}"#
        )
    };
    let events: Vec<String> = (0..5).map(twice).collect();
    let together = decode(&events, &Limits::default()).unwrap();
    assert_eq!(together, one_by_one(&events));
}
