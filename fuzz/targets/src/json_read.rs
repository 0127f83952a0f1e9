//! A text that may be no recording in JSON, and texts that may be no values.
//!
//! * Summarizing, transcoding and searching it fail with the same fault or not at all, and what it
//!   becomes is a term with the same summary.
//! * It is JSON to another reader if it is to this one; and a value that is JSON to the other one
//!   is a payload to this one, but for what RFC 8259 leaves open and what is nested too deeply.
//! * Events are what they are alone, whatever events come before them.

use replay_etf::{Error, ErrorKind, Limits, json, summarize, validate};
use serde_json::Value;

use crate::{fixtures, limits, parts, unlimited};

const BEFORE: &[u8] =
    br#"{"id":"x","connected_at":1,"view":"nil","url":null,"params":{},"session":{},"events":["#;
const AFTER: &[u8] = b"]}";

/// Recordings, and payloads that are much like each other.
pub fn seeds() -> Vec<Vec<u8>> {
    let values = [
        r#"{"a":"text","b":[1,2.5,-3e2,true,false,null],"c":{"d":"\u00e9\ud83d\ude00\n"}}"#,
        r#"{"a":"texts","b":[1,2.5,-3e3,true,false,null],"c":{"d":"\u00e9\ud83d\ude00\t"}}"#,
        r#"{"a":"text","a":[],"b":{},"c":123456789012345678901234567890,"d":0.1e-7}"#,
        r#"[[[["deep"]]], "", 0, -0, 0.0, {"": ""}]"#,
    ];
    let mut seeds: Vec<Vec<u8>> = values.iter().map(|text| text.as_bytes().into()).collect();
    seeds.push(parts::join(&values));
    seeds.push(parts::join(&values.repeat(4)));
    let event = |payload: &&str| {
        format!(r#"{{"offset":5,"type":"event","payload":{payload}}}"#).into_bytes()
    };
    seeds.push(around(&values.iter().map(event).collect::<Vec<_>>()));
    seeds.extend(fixtures::texts());
    seeds
}

/// See the [module](self).
pub fn check(bytes: &[u8]) {
    let _ = recording(bytes);
    value(bytes);
    alike(&parts::split(bytes));
}

fn around(events: &[Vec<u8>]) -> Vec<u8> {
    [BEFORE, &events.join(&b","[..]), AFTER].concat()
}

/// Reads a text in every way, and returns its term.
fn recording(text: &[u8]) -> Result<Vec<u8>, Error> {
    let limits = limits();
    let summary = json::summarize(text, &limits);
    let mut term = b"before".to_vec();
    let decoded = json::decode(text, &limits, &|_| false, &mut term);
    assert_eq!(decoded.err(), summary.as_ref().err().copied());
    let term = term.split_off(6);
    let summary = match summary {
        Ok(summary) => summary,
        Err(error) => {
            assert!(term.is_empty());
            return Err(error);
        }
    };
    assert_eq!(validate(&term, &unlimited()), Ok(term.len()));
    assert_eq!(summarize(&term, &unlimited()), Ok(summary));
    let mut with_atoms = Vec::new();
    assert_eq!(
        json::decode(text, &limits, &|_| true, &mut with_atoms),
        Ok(())
    );
    assert!(validate(&with_atoms, &unlimited()).is_ok());
    if let Err(error) = serde_json::from_slice::<Value>(text) {
        assert!(is_too_deep(&error), "no JSON: {error}");
    }
    Ok(term)
}

/// The other reader recurses, and has a bound for it.
fn is_too_deep(error: &serde_json::Error) -> bool {
    error.to_string().contains("recursion limit")
}

fn value(text: &[u8]) {
    let event = [br#"{"offset":0,"type":"info","payload":"#, text, b"}"].concat();
    let read = recording(&around(&[event]));
    let refused = match serde_json::from_slice::<Value>(text) {
        Ok(_) => read.err(),
        Err(error) => {
            // What follows the value may be JSON again: `1},{…`.
            assert!(
                read.is_err()
                    || is_too_deep(&error)
                    || text.contains(&b'}')
                    || text.contains(&b',')
            );
            return;
        }
    };
    if let Some(Error { kind, .. }) = refused {
        let is_left_open = matches!(
            kind,
            ErrorKind::TooDeep
                | ErrorKind::TooLarge
                | ErrorKind::TooManyTerms
                | ErrorKind::BadInteger
                | ErrorKind::BadJson(json::Fault::BadNumber)
        );
        assert!(is_left_open, "{kind}: {}", String::from_utf8_lossy(text));
    }
}

fn alike(payloads: &[&[u8]]) {
    let event =
        |payload: &[u8]| [br#"{"offset":0,"type":"info","payload":"#, payload, b"}"].concat();
    // Those that are one event each.
    let single = |payload: &&&[u8]| serde_json::from_slice::<Value>(payload).is_ok();
    let events: Vec<_> = payloads.iter().filter(single).map(|it| event(it)).collect();
    let empty = recording(&around(&[])).expect("a recording without events");
    let events_at = empty.len() - 1;
    let alone: Result<Vec<_>, _> = events
        .iter()
        .map(|it| recording(&around(std::slice::from_ref(it))))
        .collect();
    let (Ok(alone), false) = (alone, events.is_empty()) else {
        return;
    };
    let together = match decode(&around(&events), &limits()) {
        Ok(together) => together,
        // All of them may be too much.
        Err(error) => {
            return assert!(
                matches!(
                    error.kind,
                    ErrorKind::TooManyTerms | ErrorKind::TooLarge | ErrorKind::BadInteger
                ),
                "{error}"
            );
        }
    };
    let mut one_by_one = empty[..events_at].to_vec();
    one_by_one.push(b'l');
    one_by_one.extend((events.len() as u32).to_be_bytes());
    for term in alone {
        one_by_one.extend(&term[events_at + 5..term.len() - 1]);
    }
    one_by_one.push(b'j');
    assert_eq!(together, one_by_one);
}

fn decode(text: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    let mut term = Vec::new();
    json::decode(text, limits, &|_| false, &mut term)?;
    assert!(json::summarize(text, limits).is_ok());
    Ok(term)
}
