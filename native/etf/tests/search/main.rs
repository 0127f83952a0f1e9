//! Searching recordings, against a search through the terms that they were made of.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed test is meant to panic"
)]

mod examples;
#[path = "../support/mod.rs"]
mod support;

use proptest::prelude::*;
use proptest::sample::Index;
use replay_etf::json;
use replay_etf::recording::contains;
use replay_etf::{Limits, Needle};
use support::term::{Term, any_term};

/// What is searched for, and how.
#[derive(Debug, Clone)]
struct Wanted {
    text: Vec<u8>,
    /// As an integer.
    whole: bool,
}

impl Wanted {
    fn text(text: impl AsRef<[u8]>) -> Self {
        let text = text.as_ref().to_vec();
        Wanted { text, whole: false }
    }

    fn integer(text: &str) -> Self {
        Wanted {
            text: text.into(),
            whole: true,
        }
    }

    fn needle(&self) -> Needle {
        let needle = match self.whole {
            true => Needle::integer(&self.text),
            false => Needle::text(&self.text),
        };
        needle.unwrap()
    }

    /// The search that the other is held against.
    fn is_in(&self, term: &Term) -> bool {
        match term {
            Term::Integer(value) => value.to_string().as_bytes() == self.text,
            Term::Big(negative, magnitude) => {
                let sign = if *negative { "-" } else { "" };
                [sign, &decimal(magnitude)].concat().as_bytes() == self.text
            }
            Term::Float(_) | Term::Nil | Term::Opaque(_) => false,
            Term::Atom(name) => self.is_in_text(name.as_bytes()),
            Term::Binary(bytes) => self.is_in_text(bytes),
            Term::Bits(bytes, _) => self.is_in_text(&bytes[..bytes.len() - 1]),
            Term::String(bytes) => {
                let is_it = |byte: &u8| byte.to_string().as_bytes() == self.text;
                self.is_in_text(bytes) || bytes.iter().any(is_it)
            }
            Term::List(elements, tail) => {
                elements.iter().any(|element| self.is_in(element)) || self.is_in(tail)
            }
            Term::Tuple(parts) | Term::Map(parts) => parts.iter().any(|part| self.is_in(part)),
        }
    }

    fn is_in_text(&self, text: &[u8]) -> bool {
        let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
        let ends = |at| at > 0 && self.text[0] != b'-' && is_digit(at - 1);
        let length = self.text.len();
        (0..text.len()).any(|at| {
            text[at..].starts_with(&self.text)
                && !(self.whole && (ends(at) || is_digit(at + length)))
        })
    }
}

/// The digits of a magnitude, least significant byte first.
fn decimal(magnitude: &[u8]) -> String {
    let mut digits = vec![0_u32];
    for byte in magnitude.iter().rev() {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += *digit * 256;
            *digit = carry % 10;
            carry /= 10;
        }
        while carry > 0 {
            digits.push(carry % 10);
            carry /= 10;
        }
    }
    let digits = digits.iter().rev();
    digits
        .filter_map(|digit| char::from_digit(*digit, 10))
        .collect()
}

fn atom(name: &str) -> Term {
    Term::Atom(name.to_owned())
}

fn binary(bytes: impl AsRef<[u8]>) -> Term {
    Term::Binary(bytes.as_ref().to_vec())
}

/// A recording of a session and payloads. Whatever does not count is or has what is wanted.
fn recording(wanted: &Wanted, session: &Term, payloads: &[Term]) -> Term {
    let name = String::from_utf8_lossy(&wanted.text);
    let number = std::str::from_utf8(&wanted.text).unwrap_or("").parse();
    let number = Term::Integer(number.unwrap_or(7));
    let kind = atom(&name.chars().take(255).collect::<String>());
    let event = |payload: &Term| Term::Tuple(vec![number.clone(), kind.clone(), payload.clone()]);
    let events = payloads.iter().map(event).collect::<Vec<_>>();
    let events = match events.is_empty() {
        true => Term::Nil,
        false => Term::List(events, Box::new(Term::Nil)),
    };
    Term::Map(vec![
        atom("id"),
        binary(&wanted.text),
        atom("session"),
        session.clone(),
        atom("connected_at"),
        number,
        atom("params"),
        Term::Map(vec![]),
        atom("events"),
        events,
        atom("view"),
        kind,
    ])
}

/// Terms of few letters, so that parts of them occur elsewhere, or nearly.
fn alike() -> impl Strategy<Value = Term> {
    let letters =
        || prop::collection::vec(prop::sample::select(vec!["4", "7", "-", "é", "n"]), 1..5);
    prop_oneof![
        letters().prop_map(|it| binary(it.concat())),
        letters().prop_map(|it| atom(&it.concat())),
        letters().prop_map(|it| Term::String(it.concat().into_bytes())),
        prop::sample::select(vec![
            0,
            4,
            7,
            44,
            47,
            -4,
            447,
            4447,
            744_744_744_744,
            i64::MIN
        ])
        .prop_map(Term::Integer),
        (any::<bool>(), prop::sample::select(vec![b'4', b'7', 1]))
            .prop_map(|(negative, byte)| Term::Big(negative, vec![byte; 9])),
    ]
}

/// The search that the other is held against can't look into closures.
fn terms() -> impl Strategy<Value = Vec<Term>> {
    let open = any_term().prop_filter("no closure", |term| !has_closure(term));
    prop::collection::vec(prop_oneof![open, alike(), alike()], 1..8)
}

fn has_closure(term: &Term) -> bool {
    match term {
        Term::Opaque(bytes) => bytes.starts_with(b"p"),
        Term::List(elements, tail) => elements.iter().any(has_closure) || has_closure(tail),
        Term::Tuple(parts) | Term::Map(parts) => parts.iter().any(has_closure),
        _ => false,
    }
}

/// The texts and integers in a term, as they are written.
fn leaves(term: &Term, into: &mut Vec<Vec<u8>>) {
    match term {
        Term::Integer(value) => into.push(value.to_string().into_bytes()),
        Term::Big(negative, magnitude) => {
            let sign = if *negative { "-" } else { "" };
            into.push([sign, &decimal(magnitude)].concat().into_bytes());
        }
        Term::Atom(name) => into.push(name.as_bytes().to_vec()),
        Term::Binary(bytes) | Term::Bits(bytes, _) | Term::String(bytes) => {
            into.push(bytes.clone());
        }
        Term::Float(_) | Term::Nil | Term::Opaque(_) => {}
        Term::List(elements, tail) => {
            elements.iter().for_each(|element| leaves(element, into));
            leaves(tail, into);
        }
        Term::Tuple(parts) | Term::Map(parts) => parts.iter().for_each(|part| leaves(part, into)),
    }
}

/// A part of what is in the terms, or all of one, or something else.
fn wanted(terms: &[Term], (leaf, from, to): (Index, Index, Index), how: u8) -> Wanted {
    let mut known = vec![b"47".to_vec()];
    terms.iter().for_each(|term| leaves(term, &mut known));
    let leaf = leaf.get(&known);
    let (from, to) = match how % 3 {
        0 => (0, leaf.len()),
        _ => (from.index(leaf.len() + 1), to.index(leaf.len() + 1)),
    };
    let part = leaf.get(from.min(to)..from.max(to)).unwrap();
    match std::str::from_utf8(part) {
        _ if part.is_empty() => Wanted::integer("7"),
        Ok(number) if how.is_multiple_of(2) && Needle::integer(part).is_some() => {
            Wanted::integer(number)
        }
        _ => Wanted::text(part),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn what_is_in_the_terms_is_found_and_nothing_else(
        terms in terms(),
        at in any::<(Index, Index, Index)>(),
        how in any::<u8>(),
    ) {
        let wanted = wanted(&terms, at, how);
        let needle = wanted.needle();
        let limits = Limits::default();
        let (session, payloads) = terms.split_first().unwrap();
        let expected = terms.iter().any(|term| wanted.is_in(term));
        let etf = recording(&wanted, session, payloads).to_bytes();
        prop_assert_eq!(contains(&etf, &needle, &limits), Ok(expected));
    }

    #[test]
    fn json_is_found_by_what_it_is_read_as(
        terms in terms(),
        at in any::<(Index, Index, Index)>(),
        how in any::<u8>(),
    ) {
        let wanted = wanted(&terms, at, how);
        let needle = wanted.needle();
        let limits = Limits::default();
        let session = Term::Map(vec![atom("x"), Term::Tuple(terms.clone())]);
        let (mut text, mut read) = (Vec::new(), Vec::new());
        json::encode(&recording(&wanted, &session, &terms).to_bytes(), &limits, &mut text).unwrap();
        let of_text = json::text_limits(&limits);
        json::decode(&text, &of_text, &|_| false, &mut read).unwrap();
        let expected = contains(&read, &needle, &json::term_limits(&limits)).unwrap();
        prop_assert_eq!(json::contains(&text, &needle, &of_text), Ok(expected));
    }
}
