//! Events that are written as what changed: in full again they are what they were, and no
//! damage to them does more than make an error of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use proptest::prelude::*;
use proptest::sample::Index;
use replay_etf::recording::changes::{Whole, mark, parts};
use replay_etf::{Error, ErrorKind, Limits};
use support::term::{Term, any_term};

fn bytes(term: &Term) -> Vec<u8> {
    term.to_bytes().split_off(1)
}

/// Everything of an event before its assigns.
fn head(offset: u8, pairs: u32) -> Vec<u8> {
    let pairs = pairs.to_be_bytes();
    [
        &b"h\x03a"[..],
        &[offset],
        b"w\x07assignst\0\0\0\x01w\x05deltat",
        &pairs,
    ]
    .concat()
}

/// An event: its head, and each key with its value, or what stands for it.
fn event(offset: u8, values: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut event = head(offset, values.len() as u32);
    for (key, value) in values {
        event.extend([&[119, key.len() as u8], key.as_bytes(), value].concat());
    }
    event
}

fn frame(length: usize, event: &[u8]) -> Vec<u8> {
    [&(length as u32).to_be_bytes()[..], event].concat()
}

fn kept(term: &Term) -> Vec<u8> {
    let term = bytes(term);
    [&[mark::KEPT][..], &(term.len() as u32).to_be_bytes(), &term].concat()
}

/// Writes an element as what has changed in the one that was in its place.
fn change(now: &Term, base: &Term, out: &mut Vec<u8>) {
    let elements = |now: &[Term], base: &[Term], out: &mut Vec<u8>| {
        out.push(mark::CHANGED);
        for (now, base) in now.iter().zip(base) {
            change(now, base, out);
        }
        now.iter()
            .skip(base.len())
            .for_each(|more| out.extend(bytes(more)));
        if let Some(gone) = base.len().checked_sub(now.len() + 1) {
            out.push(mark::LEFT_OUT);
            out.extend((gone as u32 + 1).to_be_bytes());
        }
        out.push(mark::REST);
    };
    match (now, base) {
        _ if now == base => out.push(mark::SAME),
        (Term::List(now, tail), Term::List(base, before)) if tail == before => {
            elements(now, base, out);
        }
        (Term::Tuple(now), Term::Tuple(base)) if now.len() == base.len() => {
            elements(now, base, out);
        }
        (Term::Map(now), Term::Map(base)) => {
            out.push(mark::CHANGED);
            let mut left = base.chunks(2);
            for pair in now.chunks(2) {
                match left.next() {
                    Some(before) if before[0] == pair[0] => change(&pair[1], &before[1], out),
                    Some(_) => {
                        out.extend([mark::LEFT_OUT, 0, 0, 0, 1]);
                        pair.iter().for_each(|part| out.extend(bytes(part)));
                    }
                    None => pair.iter().for_each(|part| out.extend(bytes(part))),
                }
            }
            let gone = left.len() as u32;
            out.push(mark::LEFT_OUT);
            out.extend(gone.to_be_bytes());
            out.push(mark::REST);
        }
        _ => {
            out.push(mark::SET);
            out.extend(bytes(now));
        }
    }
}

/// A term as another one, if it is in a place where it can refer to that.
fn value(now: &Term, base: &Term) -> Vec<u8> {
    let mut out = Vec::new();
    change(now, base, &mut out);
    match out[0] {
        mark::SET => kept(now),
        _ => out,
    }
}

/// A term with another one somewhere in it, or without something.
fn edited(term: &Term, path: &[Index], other: &Term) -> Term {
    let Some((here, path)) = path.split_first() else {
        return other.clone();
    };
    let in_all = |elements: &[Term]| {
        let mut elements = elements.to_vec();
        if !elements.is_empty() {
            let at = here.index(elements.len());
            elements[at] = edited(&elements[at], path, other);
        }
        elements
    };
    match term {
        Term::List(elements, tail) if here.index(3) == 0 && elements.len() > 1 => {
            let mut elements = elements.clone();
            elements.remove(here.index(elements.len()));
            Term::List(elements, tail.clone())
        }
        Term::List(elements, tail) if here.index(3) == 1 => {
            let mut elements = elements.clone();
            elements.insert(here.index(elements.len() + 1), other.clone());
            Term::List(elements, tail.clone())
        }
        Term::List(elements, tail) => Term::List(in_all(elements), tail.clone()),
        Term::Tuple(elements) => Term::Tuple(in_all(elements)),
        Term::Map(pairs) if pairs.is_empty() => other.clone(),
        Term::Map(pairs) => {
            let mut pairs = pairs.clone();
            let at = here.index(pairs.len() / 2) * 2 + 1;
            pairs[at] = edited(&pairs[at], path, other);
            Term::Map(pairs)
        }
        _ => other.clone(),
    }
}

type Edit = (Index, Vec<Index>, Term);

fn any_edits() -> impl Strategy<Value = Vec<Edit>> {
    let path = prop::collection::vec(any::<Index>(), 0..4);
    prop::collection::vec((any::<Index>(), path, any_term()), 1..12)
}

/// The events in full, and written as what changed.
fn session(first: [Term; 2], edits: &[Edit]) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    const KEYS: [&str; 2] = ["a", "list"];
    let mut values = first;
    let full = [0, 1].map(|at| (KEYS[at], bytes(&values[at])));
    let written = [0, 1].map(|at| (KEYS[at], kept(&values[at])));
    let mut whole = vec![event(0, &full)];
    let mut frames = vec![frame(whole[0].len(), &event(0, &written))];
    for (n, (key, path, other)) in edits.iter().enumerate() {
        let at = key.index(2);
        let now = edited(&values[at], path, other);
        let full = event(n as u8, &[(KEYS[at], bytes(&now))]);
        let written = event(n as u8, &[(KEYS[at], value(&now, &values[at]))]);
        frames.push(frame(full.len(), &written));
        whole.push(full);
        values[at] = now;
    }
    (whole, frames)
}

fn in_full(frames: &[Vec<u8>]) -> Result<Vec<u8>, Error> {
    let (mut whole, mut out) = (Whole::default(), b"before".to_vec());
    for frame in frames {
        whole.append(frame, &mut out, &Limits::default())?;
    }
    Ok(out.split_off(6))
}

proptest! {
    #[test]
    fn events_are_in_full_what_they_were(
        first in [any_term(), any_term()],
        edits in any_edits(),
    ) {
        let (whole, frames) = session(first, &edits);
        prop_assert_eq!(in_full(&frames), Ok(whole.concat()));
        for (frame, event) in frames.iter().zip(&whole) {
            prop_assert_eq!(parts(frame).unwrap().0, event.len());
        }
    }

    #[test]
    fn no_cut_is_taken_for_an_event(
        first in [any_term(), any_term()],
        edits in any_edits(),
        which in any::<Index>(),
        cuts in prop::collection::vec(any::<Index>(), 16),
    ) {
        let (_, mut frames) = session(first, &edits);
        frames.truncate(which.index(frames.len()) + 1);
        let last = frames.pop().unwrap();
        // A cut anywhere, and those that are most likely to look whole.
        for cut in cuts.iter().map(|cut| cut.index(last.len())).chain([0, last.len() - 1]) {
            frames.push(last[..cut].to_vec());
            prop_assert!(in_full(&frames).is_err());
            frames.pop();
        }
    }

    #[test]
    fn a_flip_is_an_error_or_another_event_of_the_same_length(
        first in [any_term(), any_term()],
        edits in any_edits(),
        which in any::<Index>(),
        flips in prop::collection::vec((any::<Index>(), 0..8_u8), 16),
    ) {
        let (whole, mut frames) = session(first, &edits);
        let at = which.index(frames.len());
        for (byte, bit) in flips {
            let byte = 4 + byte.index(frames[at].len() - 4);
            frames[at][byte] ^= 1 << bit;
            if let Ok(out) = in_full(&frames[..=at]) {
                prop_assert_eq!(out.len(), whole[..=at].concat().len());
            }
            frames[at][byte] ^= 1 << bit;
        }
    }
}

proptest! {
    #[test]
    fn anything_else_is_an_error(
        first in [any_term(), any_term()],
        marks in prop::collection::vec(prop_oneof![0..0x40_u8, 0x60..0x80_u8, any::<u8>()], 0..64),
    ) {
        let (_, mut frames) = session(first, &[]);
        frames.push(frame(1 << 16, &event(1, &[("a", marks)])));
        prop_assert!(in_full(&frames).is_err());
    }
}

/// What becomes of a value under `a`, after it was recorded once.
fn refused(recorded: &Term, then: &[u8]) -> ErrorKind {
    let first = event(0, &[("a", kept(recorded))]);
    let first = frame(first.len() - 5, &first);
    let second = frame(1 << 20, &event(1, &[("a", then.to_vec())]));
    in_full(&[first, second]).unwrap_err().kind
}

#[test]
fn a_reference_to_what_is_not_there_is_refused() {
    let pair = Term::Tuple(vec![Term::Nil, Term::Nil]);
    for then in [
        &[mark::CHANGED, 3, mark::REST][..],
        &[mark::CHANGED, mark::MANY, 255, 255, 255, 255, mark::REST],
        &[mark::CHANGED, mark::LEFT_OUT, 0, 0, 0, 3, mark::REST],
        // A tuple stays as long as it is.
        &[mark::CHANGED, mark::LEFT_OUT, 0, 0, 0, 1, mark::REST],
        &[mark::CHANGED, mark::CHANGED, mark::REST],
        &[mark::CHANGED, 2, mark::SET, 106, mark::REST],
        &[mark::CHANGED, 2, mark::CHANGED, mark::REST],
    ] {
        assert_eq!(refused(&pair, then), ErrorKind::BadReference, "{then:?}");
    }
    assert_eq!(
        refused(&Term::Nil, &[mark::CHANGED, mark::REST]),
        ErrorKind::BadReference
    );
    let list = Term::List(vec![Term::Nil], Box::new(Term::Nil));
    let none = [mark::CHANGED, mark::LEFT_OUT, 0, 0, 0, 1, mark::REST];
    assert_eq!(refused(&list, &none), ErrorKind::BadReference);
    let unknown = frame(60, &event(0, &[("b", vec![mark::SAME])]));
    assert_eq!(
        in_full(&[unknown]).unwrap_err().kind,
        ErrorKind::BadReference
    );
}

#[test]
fn a_value_that_was_not_kept_is_not_referred_to() {
    let first = event(0, &[("a", kept(&Term::Nil))]);
    let plain = event(1, &[("a", bytes(&Term::Nil))]);
    let same = event(2, &[("a", vec![mark::SAME])]);
    let [first, plain, same] = [(&first, 5), (&plain, 0), (&same, 0)]
        .map(|(event, less)| frame(event.len() - less, event));
    assert!(in_full(&[first.clone(), same.clone()]).is_ok());
    let refused = in_full(&[first, plain, same]).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::BadReference);
}

#[test]
fn nothing_grows_beyond_what_it_says_or_may() {
    let big = Term::Binary(vec![7; 1000]);
    let event = event(0, &[("a", kept(&big))]);
    let short = frame(event.len() - 6, &event);
    assert_eq!(in_full(&[short]).unwrap_err().kind, ErrorKind::TooLarge);
    let long = frame(event.len(), &event);
    assert_eq!(in_full(&[long]).unwrap_err().kind, ErrorKind::UnexpectedEnd);
    let limits = Limits::of_bytes(500);
    let mut out = Vec::new();
    let refused = Whole::default().append(&frame(event.len() - 5, &event), &mut out, &limits);
    assert_eq!(refused.unwrap_err().kind, ErrorKind::TooLarge);
    assert!(out.is_empty());
}

#[test]
fn a_key_that_is_no_text_is_refused() {
    let mut event = event(0, &[("é", kept(&Term::Nil))]);
    assert!(in_full(&[frame(event.len() - 5, &event)]).is_ok());
    let key = event.len() - kept(&Term::Nil).len() - 2;
    event[key] = 0xe1;
    let refused = in_full(&[frame(event.len() - 5, &event)]).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::BadAtom);
}

#[test]
fn nesting_is_bounded() {
    let term = (0..100).fold(Term::Nil, |inner, _| Term::Tuple(vec![inner]));
    assert_eq!(refused(&term, &[mark::CHANGED; 100]), ErrorKind::TooDeep);
}
