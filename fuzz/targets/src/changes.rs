//! Events written as what changed, of bytes that may be nothing of the kind.
//!
//! * An event that is written in full has as many bytes as it says, and no more than the limit.
//! * The same bytes give the same event.
//! * Offset, type and all else that a summary needs are the same before and after.
//! * If what stands in full is well-formed, so is the event.

use replay_etf::recording::changes::{Whole, mark, parts};
use replay_etf::recording::offset_and_kind;
use replay_etf::{Summary, Walker, summarize};

use crate::fixtures::{atom, binary, list, map};
use crate::{fixtures, limits};

fn frame(length: usize, pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let pairs: Vec<_> = (pairs.iter())
        .map(|(key, it)| (atom(key), it.clone()))
        .collect();
    let delta = map(&[(atom("delta"), map(&pairs))]);
    let event = fixtures::event(1, "assigns", &delta);
    [&(length as u32).to_be_bytes()[..], &event].concat()
}

fn kept(term: &[u8]) -> Vec<u8> {
    [&[mark::KEPT][..], &(term.len() as u32).to_be_bytes(), term].concat()
}

/// The length of an event with no more than these pairs.
fn length(pairs: &[(&str, Vec<u8>)]) -> usize {
    frame(0, pairs).len() - 4
}

/// Sequences of events with each mark in them.
pub fn seeds() -> Vec<Vec<u8>> {
    let element = |n: u8| map(&[(atom("id"), vec![b'a', n]), (atom("name"), binary(b"name"))]);
    let elements: Vec<_> = (0..60).map(element).collect();
    let all = list(&elements);
    let first = frame(
        length(&[("a", all.clone()), ("b", b"h\x02jj".to_vec())]),
        &[("a", kept(&all)), ("b", kept(b"h\x02jj"))],
    );
    let same = frame(length(&[("a", all.clone())]), &[("a", vec![mark::SAME])]);
    // The first stays, one value of the second's changes, one is left out, one is new.
    let changes = [
        &[mark::CHANGED, mark::SAME, mark::CHANGED, mark::SET][..],
        b"a\x09",
        &[mark::REST, mark::LEFT_OUT, 0, 0, 0, 1],
        &element(9),
        &[mark::MANY, 0, 0, 0, 50, mark::REST],
    ]
    .concat();
    let mut now = elements.clone();
    now[1] = map(&[
        (atom("id"), b"a\x09".to_vec()),
        (atom("name"), binary(b"name")),
    ]);
    now[2] = element(9);
    let changed = frame(length(&[("a", list(&now))]), &[("a", changes)]);
    let tuple = [mark::CHANGED, mark::SET, b'j', mark::REST].to_vec();
    let tuple = frame(length(&[("b", b"h\x02jj".to_vec())]), &[("b", tuple)]);
    let plain = frame(length(&[("a", b"j".to_vec())]), &[("a", b"j".to_vec())]);
    let sequence = [&first, &same, &changed, &tuple, &plain, &same].map(Clone::clone);
    let mut seeds: Vec<_> = (1..=6)
        .map(|n| crate::parts::join(&sequence[..n]))
        .collect();
    let terms = fixtures::terms();
    let values = terms.iter().map(|term| {
        let now = length(&[("a", term.clone())]);
        let rest = vec![mark::CHANGED, mark::REST];
        crate::parts::join(&[frame(now, &[("a", kept(term))]), frame(now, &[("a", rest)])])
    });
    seeds.extend(values);
    seeds
}

/// See the [module](self).
pub fn check(bytes: &[u8]) {
    let limits = limits();
    let frames = crate::parts::split(bytes);
    let (mut whole, mut again) = (Whole::default(), Whole::default());
    let (mut out, mut out_again) = (Vec::new(), Vec::new());
    // Once something is kept that is no term, what refers to it is none.
    let mut is_sound = true;
    for frame in frames {
        let start = out.len();
        let appended = whole.append(frame, &mut out, &limits);
        assert_eq!(appended, again.append(frame, &mut out_again, &limits));
        assert_eq!(out, out_again);
        let Ok((length, changes)) = parts(frame) else {
            return assert!(appended.is_err());
        };
        assert!(out.len() - start <= length.min(limits.max_bytes));
        if appended.is_err() {
            return;
        }
        let event = &out[start..];
        assert_eq!(event.len(), length);
        assert_eq!(
            offset_and_kind(changes, &limits),
            offset_and_kind(event, &limits)
        );
        assert_eq!(counted(changes), counted(event));
        is_sound = is_sound && keeps_terms(changes);
        if is_sound {
            let mut walker = Walker::bare(event, &limits);
            assert_eq!(walker.skip(), Ok(()));
            assert!(walker.is_at_end());
        }
        // More would be out of any proportion to the input.
        if out.len() > limits.max_bytes {
            return;
        }
    }
}

fn counted(event: &[u8]) -> Option<Summary<'static>> {
    let head = fixtures::recording(&[]);
    let mut summary = summarize(&head, &limits()).ok()?.into_owned();
    summary.append(event, &limits()).ok()?;
    Some(summary)
}

/// Whether each value that is kept in full is a term, and all else that looks like one. A look at
/// every place where one may be: what is none there may be no value.
fn keeps_terms(changes: &[u8]) -> bool {
    (changes.iter().enumerate())
        .filter(|(_, byte)| **byte == mark::KEPT)
        .all(|(at, _)| {
            let Some((length, rest)) = changes[at + 1..].split_first_chunk() else {
                return true;
            };
            let Some(value) = rest.get(..u32::from_be_bytes(*length) as usize) else {
                return true;
            };
            let limits = limits();
            let mut walker = Walker::bare(value, &limits);
            walker.skip().is_ok() && walker.is_at_end()
        })
}
