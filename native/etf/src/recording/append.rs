use std::borrow::Cow;

use super::event::event as read_event;
use super::texts::{MAX_NAME_BYTES, MAX_NAMES};
use super::{EventKind, Summary, offset_and_kind};
use crate::{Error, Limits, Walker, tag};

/// Most user events after their offset: the type, and the start of a payload of two fields.
const TYPE_AND_NAME: &[u8] = b"w\x05eventt\x00\x00\x00\x02w\x04namem";

/// What follows the name then.
const PARAMS: &[u8] = b"w\x06params";

/// Events about parameters after their offset: as far as the payload's two fields, which come in
/// either order.
const TYPE_OF_PARAMS: &[u8] = b"w\x0dhandle_paramst\x00\x00\x00\x02";

const URL: &[u8] = b"w\x03urlm";

impl Summary<'_> {
    /// Counts one more event behind the others: a term without its version byte. No more of it
    /// is looked at than the summary needs.
    ///
    /// # Errors
    ///
    /// Those of [`offset_and_kind`].
    pub fn append(&mut self, event: &[u8], limits: &Limits) -> Result<(), Error> {
        let (offset_ms, kind) = offset_and_kind(event, limits)?;
        let read = || read_event(&mut Walker::bare(event, limits));
        if kind == EventKind::Event {
            let name = match usual_name(event) {
                None => read()?.name,
                found => found,
            };
            if let Some(name) = name {
                self.append_name(name);
            }
        } else if kind == EventKind::HandleParams {
            let url = match usual_url(event) {
                None => read()?.url,
                found => found,
            };
            if let Some(url) = url {
                self.pages.append(url, self.url.as_deref());
            }
        }
        self.event_count = self.event_count.saturating_add(1);
        self.duration_ms = offset_ms;
        self.events.add(kind);
        Ok(())
    }

    fn append_name(&mut self, name: &[u8]) {
        if let Err(at) = self.names.binary_search_by(|known| (**known).cmp(name))
            && self.names.len() < MAX_NAMES
            && name.len() <= MAX_NAME_BYTES
        {
            self.names.insert(at, Cow::Owned(name.to_vec()));
        }
    }
}

/// The name in an event that looks as nearly every one does; a walker would have to allocate.
fn usual_name(event: &[u8]) -> Option<&[u8]> {
    let (name, rest) = text(after_offset(event)?.strip_prefix(TYPE_AND_NAME)?)?;
    rest.starts_with(PARAMS).then_some(name)
}

/// The URL in an event about parameters that is the first of its fields, or comes behind
/// parameters that are texts.
fn usual_url(event: &[u8]) -> Option<&[u8]> {
    let payload = after_offset(event)?.strip_prefix(TYPE_OF_PARAMS)?;
    if let Some(params) = payload.strip_prefix(PARAMS) {
        return Some(text(after_texts(params)?.strip_prefix(URL)?)?.0);
    }
    let (url, rest) = text(payload.strip_prefix(URL)?)?;
    rest.starts_with(PARAMS).then_some(url)
}

fn after_offset(event: &[u8]) -> Option<&[u8]> {
    match event {
        [tag::SMALL_TUPLE, 3, tag::SMALL_INTEGER, _, rest @ ..]
        | [tag::SMALL_TUPLE, 3, tag::INTEGER, _, _, _, _, rest @ ..] => Some(rest),
        _ => None,
    }
}

/// A text after its tag, and what follows it.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}

/// What follows a map of nothing but texts.
fn after_texts(map: &[u8]) -> Option<&[u8]> {
    let (pairs, mut rest) = map.strip_prefix(&[tag::MAP])?.split_first_chunk::<4>()?;
    for _ in 0..2 * u64::from(u32::from_be_bytes(*pairs)) {
        (_, rest) = text(rest.strip_prefix(&[tag::BINARY])?)?;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Frame;
    use crate::summarize;

    fn event(offset: &[u8], kind: &str, payload: &[u8]) -> Vec<u8> {
        let kind = [&[tag::SMALL_ATOM_UTF8, kind.len() as u8], kind.as_bytes()].concat();
        [&[tag::SMALL_TUPLE, 3], offset, &kind, payload].concat()
    }

    fn head() -> Vec<u8> {
        let click = event(b"a\x01", "event", b"t\0\0\0\x01w\x04namem\0\0\0\x05click");
        [
            &b"\x83t\0\0\0\x03w\x02idm\0\0\0\x01xw\x0cconnected_ata\x07w\x06eventsl\0\0\0\x01"[..],
            &click,
            &[tag::NIL],
        ]
        .concat()
    }

    #[test]
    fn a_summary_that_grew_is_that_of_the_grown_recording() {
        let limits = Limits::default();
        let events = [
            event(
                b"a\x09",
                "event",
                b"t\0\0\0\x02w\x04namem\0\0\0\x04savew\x06paramsj",
            ),
            event(
                b"b\0\0\x01\0",
                "event",
                b"t\0\0\0\x02w\x04namem\0\0\0\x03addw\x06paramst\0\0\0\0",
            ),
            event(
                b"b\0\0\x01\0",
                "event",
                b"t\0\0\0\x02w\x06paramsjw\x04namem\0\0\0\x04last",
            ),
            event(
                b"b\0\0\x01\0",
                "event",
                b"t\0\0\0\x02w\x04namem\0\0\0\x01am\0\0\0\x04namem\0\0\0\x01b",
            ),
            event(
                b"b\0\0\x01\0",
                "event",
                b"t\0\0\0\x02w\x04namew\x03nilw\x06paramsj",
            ),
            event(b"b\0\0\x01\x01", "event", b"j"),
            event(
                b"b\0\0\x01\x01",
                "assigns",
                b"t\0\0\0\x01w\x04namem\0\0\0\x02no",
            ),
            event(b"n\x05\0\0\0\0\0\x01", "info", b"j"),
        ];
        let head = head();
        let mut grown = summarize(&head, &limits).unwrap();
        let mut etf = Vec::new();
        for count in 1..=events.len() {
            let events = &events[..count];
            grown.append(&events[count - 1], &limits).unwrap();
            etf.clear();
            let frame = Frame::of(&head, &limits).unwrap();
            frame
                .assemble(events.iter().map(|event| [&**event, &[]]), &mut etf)
                .unwrap();
            assert_eq!(grown, summarize(&etf, &limits).unwrap());
        }
        assert_eq!(grown.names, [&b"add"[..], b"b", b"click", b"last", b"save"]);
    }

    #[test]
    fn names_that_a_client_makes_up_are_bounded() {
        let limits = Limits::default();
        let head = head();
        let mut summary = summarize(&head, &limits).unwrap();
        for n in 0..2 * MAX_NAMES {
            summary.append_name(n.to_string().as_bytes());
        }
        summary.append_name(&[b'x'; MAX_NAME_BYTES + 1]);
        assert_eq!(summary.names.len(), MAX_NAMES);
        assert!(summary.append(b"h\x03", &limits).is_err());
    }
}
