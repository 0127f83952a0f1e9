//! A recording, of bytes that may be none, written as JSON; and terms that may be none as payloads.
//!
//! * It is written if it can be summarized. The text is JSON to another reader, within the limits
//!   that follow from the recording's, and has the same summary.
//! * What was written is read, and written again it is the same.
//! * Events are written as they are alone, whatever events come before them.

use replay_etf::{Error, ErrorKind, json, summarize, validate};
use serde_json::Value;

use crate::{fixtures, limits, parts, unlimited};

/// Small recordings, and payloads that are much like each other.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = fixtures::small();
    let terms = fixtures::terms();
    seeds.push(parts::join(&terms));
    seeds.push(parts::join(&[terms.clone(), terms].concat()));
    let twice = |a: &[u8]| {
        let key = (fixtures::atom("a"), a.to_vec());
        fixtures::map(&[key.clone(), (fixtures::binary(b"a"), fixtures::map(&[key]))])
    };
    seeds.push(parts::join(&[twice(b"a\x01"), twice(b"j"), twice(b"h\0")]));
    seeds.extend(fixtures::recordings());
    seeds
}

/// See the [module](self).
pub fn check(bytes: &[u8]) {
    let _ = recording(bytes);
    alike(&parts::split(bytes));
}

fn parse(text: &[u8]) -> Option<Value> {
    match serde_json::from_slice(text) {
        Ok(value) => Some(value),
        Err(error) => {
            let is_too_deep = error.to_string().contains("recursion limit");
            assert!(is_too_deep, "no JSON: {error}");
            None
        }
    }
}

/// Writes a recording, with all that must hold of the text.
fn recording(term: &[u8]) -> Result<Vec<u8>, Error> {
    let limits = limits();
    let summary = summarize(term, &limits);
    let mut text = b"before".to_vec();
    let encoded = json::encode(term, &limits, &mut text);
    let text = text.split_off(6);
    if let Err(error) = encoded {
        assert!(text.is_empty() && summary.is_err(), "{error}");
        return Err(error);
    }
    let encoded = encoded?;
    assert_eq!(
        summary.map(|it| it.id.into_owned()).ok().as_deref(),
        Some(encoded.id)
    );
    let within = json::text_limits(&limits);
    assert_eq!(json::summarize(&text, &within), Ok(encoded.summary));
    let value = parse(&text);
    let (mut again, mut text_again) = (Vec::new(), Vec::new());
    assert_eq!(json::decode(&text, &within, &|_| true, &mut again), Ok(()));
    assert_eq!(validate(&again, &unlimited()), Ok(again.len()));
    assert!(summarize(&again, &json::term_limits(&limits)).is_ok());
    json::encode(&again, &unlimited(), &mut text_again).expect("to be written again");
    assert!(
        parse(&text_again) == value,
        "{}",
        String::from_utf8_lossy(&text)
    );
    Ok(text)
}

fn alike(payloads: &[&[u8]]) {
    let is_term = |payload: &&&[u8]| {
        let term = [&b"\x83"[..], payload].concat();
        validate(&term, &limits()) == Ok(term.len())
    };
    let events: Vec<_> = payloads
        .iter()
        .filter(is_term)
        .map(|payload| fixtures::event(1, "info", payload))
        .collect();
    let text = |events: &[Vec<u8>]| recording(&fixtures::recording(events));
    let empty = text(&[]).expect("a recording without events");
    // The events come last.
    let before = empty.strip_suffix(b"]}").expect("the end of a recording");
    let alone: Result<Vec<_>, _> = events
        .iter()
        .map(|it| text(std::slice::from_ref(it)))
        .collect();
    let alone = match alone {
        Ok(alone) => alone,
        Err(error) => return assert!(is_much(error), "{error}"),
    };
    let together = match text(&events) {
        Ok(together) => together,
        Err(error) => return assert!(is_much(error), "{error}"),
    };
    let texts: Vec<_> = alone
        .iter()
        .map(|text| &text[before.len()..text.len() - 2])
        .collect();
    let one_by_one = [before, &texts.join(&b","[..]), b"]}"].concat();
    assert!(
        together == one_by_one,
        "{}",
        String::from_utf8_lossy(&together)
    );
}

/// Of what is a term, there may only be too much.
fn is_much(error: Error) -> bool {
    matches!(
        error.kind,
        ErrorKind::TooLarge | ErrorKind::TooManyTerms | ErrorKind::TooDeep
    )
}
