//! To JSON.

use proptest::prelude::*;
use proptest::sample::Index;
use replay_etf::{Error, Limits, json};

use super::support::term::{Term, any_term};
use super::{Choices, choices};

fn leaf(choices: &mut Choices<'_>) -> Term {
    let leaves = [
        Term::Integer(1),
        Term::Integer(-70_000),
        Term::Float(0.5),
        Term::Atom("nil".to_owned()),
        Term::Atom("Elixir.My.App".to_owned()),
        Term::Binary(b"text".to_vec()),
        Term::Binary(b"a longer text, as one writes".to_vec()),
        Term::Binary(vec![255]),
        Term::Nil,
        Term::String(vec![1, 2, 3]),
        Term::Bits(vec![7], 3),
    ];
    leaves[usize::from(choices.below(leaves.len() as u8))].clone()
}

/// The same with other leaves, and sometimes another element or pair.
fn vary(term: &mut Term, choices: &mut Choices<'_>) {
    match term {
        Term::List(elements, tail) => {
            if choices.one_in(12) {
                elements.push(leaf(choices));
            }
            elements.iter_mut().for_each(|it| vary(it, choices));
            if choices.one_in(8) {
                **tail = leaf(choices);
            }
        }
        Term::Tuple(elements) => elements.iter_mut().for_each(|it| vary(it, choices)),
        Term::Map(pairs) => {
            if choices.one_in(12) {
                pairs.extend([Term::Atom("__struct__".to_owned()), leaf(choices)]);
            } else if choices.one_in(40) {
                pairs.extend([Term::Binary(b"__struct__".to_vec()), leaf(choices)]);
            }
            let values = pairs.iter_mut().skip(1).step_by(2);
            values.for_each(|it| vary(it, choices));
        }
        other if choices.one_in(4) => *other = leaf(choices),
        _ => {}
    }
}

fn payloads() -> impl Strategy<Value = Vec<Term>> {
    (any_term(), any_term(), choices(), 2..12_usize).prop_map(|(a, b, bytes, length)| {
        let mut choices = Choices::of(&bytes);
        let mut current = Term::Map(vec![
            Term::Atom("a".to_owned()),
            Term::List(vec![a, leaf(&mut choices)], Box::new(Term::Nil)),
            Term::Binary(b"b".to_vec()),
            b,
        ]);
        let mut payloads = Vec::new();
        for _ in 0..length {
            vary(&mut current, &mut choices);
            payloads.push(current.clone());
        }
        payloads
    })
}

fn events(payloads: &[Term]) -> Vec<Vec<u8>> {
    let event = |(index, payload): (usize, &Term)| {
        let payload = payload.to_bytes();
        [
            &[104, 3, 97, index as u8, 119, 4],
            &b"info"[..],
            &payload[1..],
        ]
        .concat()
    };
    payloads.iter().enumerate().map(event).collect()
}

const BEFORE: &[u8] = b"\x83t\0\0\0\x03w\x02idm\0\0\0\x01xw\x0cconnected_ata\x01w\x06events";
const TEXT_AFTER: &str = r#"],"view":"nil","url":null,"params":{},"session":{}}"#;

fn encode(events: &[Vec<u8>]) -> Result<String, Error> {
    let length = (events.len() as u32).to_be_bytes();
    let list = [&[108][..], &length, &events.concat(), &[106]].concat();
    let term = [BEFORE, if events.is_empty() { &[106] } else { &list }].concat();
    let mut out = b"before".to_vec();
    let encoded = json::encode(&term, &Limits::default(), &mut out);
    let text = out.strip_prefix(b"before").unwrap();
    if encoded.is_err() {
        assert!(text.is_empty());
    }
    encoded.map(|_| String::from_utf8(text.to_vec()).unwrap())
}

/// The texts of events that were encoded one by one.
fn one_by_one(events: &[Vec<u8>]) -> String {
    let empty = encode(&[]).unwrap();
    let before = empty.strip_suffix(TEXT_AFTER).unwrap();
    let text = |event: &Vec<u8>| {
        let alone = encode(std::slice::from_ref(event)).unwrap();
        let alone = alone.strip_prefix(before).unwrap();
        alone.strip_suffix(TEXT_AFTER).unwrap().to_owned()
    };
    let texts: Vec<String> = events.iter().map(text).collect();
    format!("{before}{}{TEXT_AFTER}", texts.join(","))
}

proptest! {
    #[test]
    fn together_is_as_one_by_one(payloads in payloads()) {
        let events = events(&payloads);
        prop_assert_eq!(encode(&events).unwrap(), one_by_one(&events));
    }

    #[test]
    fn damage_is_found_where_it_is(payloads in payloads(), at: Index, to: u8) {
        let mut events = events(&payloads);
        let mut damaged = events.pop().unwrap();
        let at = at.index(damaged.len());
        damaged[at] = to;
        let before = events.concat().len();
        let alone = encode(std::slice::from_ref(&damaged));
        events.push(damaged);
        let together = encode(&events);
        match alone {
            Ok(_) => prop_assert_eq!(together.unwrap(), one_by_one(&events)),
            Err(error) => {
                // What ends the list of events is looked for where it begins.
                let shift = if error.offset < BEFORE.len() + 5 { 0 } else { before };
                prop_assert_eq!(together.unwrap_err(), Error {
                    offset: error.offset + shift,
                    ..error
                });
            }
        }
    }
}
