use super::event;
use super::summary::key;
use crate::{Error, ErrorKind, EventKind, Field, Limits, Token, Walker, tag};

/// A recording taken apart so that events can be appended to those it has.
///
/// Nothing is decoded for it: the encoded events are strung together, and only the length of
/// their list is written anew.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Everything before the list of events.
    before: &'a [u8],
    /// The events it has.
    events: &'a [u8],
    event_count: u32,
    /// Everything after the list.
    after: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Takes a recording apart: a version byte and a map, not compressed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotARecording`] if there is no list of events, and any [`ErrorKind`] about
    /// malformed terms and limits.
    pub fn of(etf: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let mut walker = Walker::new(etf, limits)?;
        let start = walker.offset();
        let not_a_recording = |field| Error::new(start, ErrorKind::NotARecording(field));
        let Token::Map(pairs) = walker.token()? else {
            return Err(not_a_recording(Field::Recording));
        };
        let mut list = None;
        for _ in 0..pairs {
            match key(&mut walker)? {
                Some(Field::Events) => list = Some((walker.offset(), walker.raw()?)),
                _ => walker.skip()?,
            }
        }
        let not_a_list = not_a_recording(Field::Events);
        let (at, list) = list.ok_or(not_a_list)?;
        let (before, rest) = etf.split_at_checked(at).ok_or(not_a_list)?;
        let (_, after) = rest.split_at_checked(list.len()).ok_or(not_a_list)?;
        let (event_count, events) = match list {
            [tag::NIL] => (0, &[][..]),
            [tag::LIST, a, b, c, d, events @ .., tag::NIL] => {
                (u32::from_be_bytes([*a, *b, *c, *d]), events)
            }
            _ => return Err(not_a_list),
        };
        Ok(Frame {
            before,
            events,
            event_count,
            after,
        })
    }

    /// Whether this is the other recording, or that with more events behind those it had.
    pub fn continues(&self, earlier: &Frame<'_>) -> bool {
        (self.before, self.after) == (earlier.before, earlier.after)
            && self.event_count >= earlier.event_count
            && self.events.starts_with(earlier.events)
    }

    /// Writes the recording with more events: terms without version bytes, each in two pieces,
    /// of which one may be empty.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyTerms`] if there are more events than a list can have.
    pub fn assemble<'e>(
        &self,
        events: impl IntoIterator<Item = [&'e [u8]; 2]>,
        into: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.assemble_with(into, |into| {
            let mut count = 0;
            for [first, second] in events {
                into.extend_from_slice(first);
                into.extend_from_slice(second);
                count += 1;
            }
            Ok(count)
        })
    }

    /// Writes the recording with more events: those that `more` writes, and then tells the number
    /// of.
    ///
    /// # Errors
    ///
    /// As [`assemble`](Self::assemble), and those of `more`.
    pub fn assemble_with(
        &self,
        into: &mut Vec<u8>,
        more: impl FnOnce(&mut Vec<u8>) -> Result<u64, Error>,
    ) -> Result<(), Error> {
        into.extend_from_slice(self.before);
        let list = into.len();
        into.extend_from_slice(&[tag::LIST, 0, 0, 0, 0]);
        into.extend_from_slice(self.events);
        let count = u64::from(self.event_count) + more(into)?;
        let too_many = |_| Error::new(self.before.len(), ErrorKind::TooManyTerms);
        let length = u32::try_from(count).map_err(too_many)?.to_be_bytes();
        if count == 0 {
            into.truncate(list);
        } else if let Some(place) = into.get_mut(list + 1..list + 5) {
            place.copy_from_slice(&length);
        }
        into.push(tag::NIL);
        into.extend_from_slice(self.after);
        Ok(())
    }
}

/// Reads offset and type of an encoded event, a term without its version byte. Its payload is
/// not looked at, not even whether it is there.
///
/// # Errors
///
/// [`ErrorKind::NotARecording`] with [`Field::Events`] if it is no event, and any [`ErrorKind`]
/// about malformed terms.
pub fn offset_and_kind(event: &[u8], limits: &Limits) -> Result<(i64, EventKind), Error> {
    // What nearly every event looks like; a walker would have to allocate.
    if let [tag::SMALL_TUPLE, 3, offset @ ..] = event {
        let (offset_ms, kind) = match offset {
            [tag::SMALL_INTEGER, a, kind @ ..] => (i64::from(*a), kind),
            [tag::INTEGER, a, b, c, d, kind @ ..] => {
                (i64::from(i32::from_be_bytes([*a, *b, *c, *d])), kind)
            }
            _ => (0, &[][..]),
        };
        if let [tag::SMALL_ATOM_UTF8, length, name @ ..] = kind
            && let Some(name) = name.get(..usize::from(*length))
        {
            return Ok((offset_ms, EventKind::from_name(name)));
        }
    }
    event::head(&mut Walker::bare(event, limits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EventCounts, summarize};

    fn atom(name: &str) -> Vec<u8> {
        [&[tag::SMALL_ATOM_UTF8, name.len() as u8], name.as_bytes()].concat()
    }

    fn event(offset: &[u8], kind: &[u8]) -> Vec<u8> {
        [
            &[tag::SMALL_TUPLE, 3],
            offset,
            kind,
            &[tag::MAP, 0, 0, 0, 0],
        ]
        .concat()
    }

    /// A recording with its events in the middle of the map.
    fn recording(events: &[u8]) -> Vec<u8> {
        let id = [&[tag::BINARY, 0, 0, 0, 1][..], b"x"].concat();
        let parts = [
            &[tag::VERSION, tag::MAP, 0, 0, 0, 3][..],
            &atom("id"),
            &id,
            &atom("events"),
            events,
            &atom("connected_at"),
            &[tag::SMALL_INTEGER, 7],
        ];
        parts.concat()
    }

    fn assemble(etf: &[u8], events: &[&[u8]]) -> Vec<u8> {
        let frame = Frame::of(etf, &Limits::default()).unwrap();
        let mut whole = Vec::new();
        // Cut somewhere.
        let pieces = events
            .iter()
            .map(|event| event.split_at(event.len() / 3).into());
        frame.assemble(pieces, &mut whole).unwrap();
        whole
    }

    #[test]
    fn events_are_put_behind_those_that_are_there() {
        let mount = event(&[tag::SMALL_INTEGER, 0], &atom("mount"));
        let click = event(&[tag::SMALL_INTEGER, 9], &atom("event"));
        let empty = recording(&[tag::NIL]);
        let one = recording(&[&[tag::LIST, 0, 0, 0, 1][..], &mount, &[tag::NIL]].concat());
        let two = recording(&[&[tag::LIST, 0, 0, 0, 2][..], &mount, &click, &[tag::NIL]].concat());
        assert_eq!(assemble(&empty, &[]), empty);
        assert_eq!(assemble(&one, &[]), one);
        assert_eq!(assemble(&empty, &[&mount]), one);
        assert_eq!(assemble(&one, &[&click]), two);
        assert_eq!(assemble(&empty, &[&mount, &click]), two);
        let counts = EventCounts {
            mount: 1,
            event: 1,
            ..EventCounts::default()
        };
        let summary = summarize(&two, &Limits::default()).unwrap();
        assert_eq!((summary.event_count, summary.duration_ms), (2, 9));
        assert_eq!(summary.events, counts);
    }

    #[test]
    fn a_recording_continues_itself_and_what_it_was_before_and_no_other() {
        let mount = event(&[tag::SMALL_INTEGER, 0], &atom("mount"));
        let click = event(&[tag::SMALL_INTEGER, 9], &atom("event"));
        let empty = recording(&[tag::NIL]);
        let earlier = assemble(&empty, &[&mount]);
        let later = assemble(&empty, &[&mount, &click]);
        let others = [
            assemble(&empty, &[&click]),
            assemble(&empty, &[&click, &mount, &click]),
            [&[tag::VERSION, tag::MAP, 0, 0, 0, 2][..], &later[6..]].concat(),
        ];
        let continues = |etf: &[u8], earlier: &[u8]| {
            let [etf, earlier] =
                [etf, earlier].map(|etf| Frame::of(etf, &Limits::default()).unwrap());
            etf.continues(&earlier)
        };
        assert!(continues(&later, &earlier) && continues(&later, &later));
        assert!(continues(&earlier, &empty) && !continues(&earlier, &later));
        assert!(!continues(&others[0], &earlier) && !continues(&others[1], &earlier));
        assert!(!continues(&others[2], &earlier));
    }

    #[test]
    fn more_events_than_a_list_can_have_are_refused() {
        let frame = Frame {
            before: &[],
            events: &[],
            event_count: u32::MAX,
            after: &[],
        };
        let one_more = [[&[tag::NIL][..], &[]]];
        let refused = frame.assemble(one_more, &mut Vec::new()).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::TooManyTerms);
    }

    #[test]
    fn what_has_no_list_of_events_is_refused() {
        let kind = |etf: &[u8]| Frame::of(etf, &Limits::default()).unwrap_err().kind;
        let no_events = ErrorKind::NotARecording(Field::Events);
        assert_eq!(kind(&recording(&[tag::SMALL_INTEGER, 1])), no_events);
        let improper = [tag::LIST, 0, 0, 0, 1, tag::NIL, tag::SMALL_INTEGER, 1];
        assert_eq!(kind(&recording(&improper)), no_events);
        assert_eq!(kind(&[tag::VERSION, tag::MAP, 0, 0, 0, 0]), no_events);
        let not_a_map = ErrorKind::NotARecording(Field::Recording);
        assert_eq!(kind(&[tag::VERSION, tag::NIL]), not_a_map);
        let whole = recording(&[tag::NIL]);
        for cut in 0..whole.len() {
            assert!(Frame::of(&whole[..cut], &Limits::default()).is_err());
        }
    }

    #[test]
    fn the_short_way_to_offset_and_kind_agrees_with_the_long_one() {
        let limits = Limits::default();
        let offsets: [&[u8]; 4] = [
            &[tag::SMALL_INTEGER, 200],
            &[tag::INTEGER, 0xff, 0xff, 0xff, 0xfe],
            &[tag::SMALL_BIG, 5, 0, 1, 2, 3, 4, 5],
            &[tag::NIL],
        ];
        let old_atom = [&[tag::ATOM, 0, 5][..], b"event"].concat();
        let text = [&[tag::BINARY, 0, 0, 0, 4][..], b"info"].concat();
        let kinds = [
            atom("handle_params"),
            atom("new"),
            old_atom,
            text,
            vec![tag::NIL],
        ];
        for (offset, kind) in offsets
            .iter()
            .flat_map(|o| kinds.iter().map(move |k| (o, k)))
        {
            let event = event(offset, kind);
            for len in 0..=event.len() {
                let long = event::head(&mut Walker::bare(&event[..len], &limits));
                let short = offset_and_kind(&event[..len], &limits);
                // A cut within the payload is seen by neither or by the long way only.
                assert_eq!(short.ok(), long.ok(), "{:?}", &event[..len]);
            }
        }
    }
}
