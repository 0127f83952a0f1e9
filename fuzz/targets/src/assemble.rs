//! A recording, of bytes that may be none, and events that may be none, strung together.
//!
//! * What a head is taken apart into makes the same bytes again.
//! * If each event is a term, the whole is a recording that goes on from the head; and its summary
//!   is what counting one event after the other gives.
//! * Offset and type of an event are the same however they are read.

use replay_etf::recording::{Frame, offset_and_kind};
use replay_etf::{ErrorKind, Walker, summarize};

use crate::{fixtures, limits, parts, unlimited};

/// A head, and events of each kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let kinds = ["event", "handle_params", "mount", "info", "assigns", "new"];
    let terms = fixtures::terms();
    let events: Vec<_> = (kinds.iter().cycle().zip(&terms))
        .map(|(kind, term)| fixtures::event(3, kind, term))
        .collect();
    let whole = fixtures::recording(&events);
    let mut seeds = Vec::new();
    for head in [fixtures::recording(&[]), whole] {
        let parts: Vec<_> = std::iter::once(head).chain(events.clone()).collect();
        seeds.push(parts::join(&parts));
        seeds.extend(events.iter().map(|event| parts::join(&[&parts[0], event])));
    }
    seeds
}

/// See the [module](self).
pub fn check(bytes: &[u8]) {
    let limits = limits();
    let parts = parts::split(bytes);
    let Some((head, events)) = parts.split_first() else {
        return;
    };
    let Ok(frame) = Frame::of(head, &limits) else {
        return;
    };
    let mut same = Vec::new();
    assert_eq!(frame.assemble([], &mut same), Ok(()));
    // An empty list may have been written as one of no elements, and then it is written as none.
    let end =
        Walker::new(head, &limits).and_then(|mut walker| walker.skip().map(|()| walker.offset()));
    assert!(end.is_ok());
    let mut whole = Vec::new();
    let halves = events
        .iter()
        .map(|event| event.split_at(event.len() / 2).into());
    assert_eq!(frame.assemble(halves, &mut whole), Ok(()));
    let is_term = |event: &&[u8]| {
        let mut walker = Walker::bare(event, &limits);
        walker.skip().is_ok() && walker.is_at_end()
    };
    if !events.iter().all(is_term) {
        let _ = summarize(&whole, &limits);
        return;
    }
    let again = Frame::of(&whole, &unlimited()).expect("a recording of terms");
    let first = Frame::of(&same, &unlimited()).expect("the same recording");
    assert!(again.continues(&first));
    let Ok(mut counted) = summarize(&same, &unlimited()) else {
        return;
    };
    let appended = events.iter().try_for_each(|event| {
        let head = offset_and_kind(event, &limits)?;
        counted.append(event, &limits)?;
        assert_eq!((counted.duration_ms, head.0), (head.0, counted.duration_ms));
        Ok::<_, replay_etf::Error>(())
    });
    match (summarize(&whole, &unlimited()), appended) {
        (Ok(summary), appended) => {
            assert_eq!(appended, Ok(()));
            assert_eq!(counted, summary);
        }
        // Whether there is a payload is not looked at by the one.
        (Err(error), _) => assert!(matches!(error.kind, ErrorKind::NotARecording(_)), "{error}"),
    }
}
