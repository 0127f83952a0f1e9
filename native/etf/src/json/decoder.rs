use super::etf_writer::Terms;
use super::put;
use super::reader::{Ignore, Reader, Sink};
use super::summarizer::{connected_at, event, open, open_events, required_string};
use crate::name::{MODULE_PREFIX, alias};
use crate::recording::EventKind;
use crate::{Error, ErrorKind, Field, Limits, tag};

/// Turns a recording in JSON into a term, appended to `out`: the version byte and a map of the
/// seven atom keys, events being `{offset_ms, type, payload}`.
///
/// `atom_exists` tells which atoms the runtime has, because data must not make new ones. It is
/// asked for the view (`"Elixir.My.Live"`) and for types of events that are not known; what does
/// not exist stays a string. All other strings, and all keys of objects, stay binaries, `null` is
/// the atom `nil`. Of several members with the same key the last one counts.
///
/// A missing `view` or `url` is `nil`; `params` and `session` are empty maps when they are missing
/// or `null`, and so is a missing payload. Unknown keys are checked but left out.
///
/// # Errors
///
/// As [`summarize`](super::summarize), and [`ErrorKind::TooLarge`] if the term would have more than
/// 2^32 bytes. `out` is left as it was.
pub fn decode(
    json: &[u8],
    limits: &Limits,
    atom_exists: &dyn Fn(&str) -> bool,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let reader = Reader::new(json, limits)?;
    let start = out.len();
    // Terms are about as long as their text.
    out.reserve(json.len() + json.len() / 8);
    let mut decoder = Decoder {
        reader,
        terms: Terms::new(std::mem::take(out)),
        atom_exists,
    };
    let result = decoder.recording();
    *out = decoder.terms.out;
    if result.is_err() {
        out.truncate(start);
    }
    result
}

struct Decoder<'a, 'f> {
    reader: Reader<'a>,
    terms: Terms,
    atom_exists: &'f dyn Fn(&str) -> bool,
}

impl Decoder<'_, '_> {
    fn recording(&mut self) -> Result<(), Error> {
        self.terms.out.push(tag::VERSION);
        let start = open(&mut self.reader)?;
        let map = self.terms.out.len();
        put::head(tag::MAP, Field::KEYS.len(), &mut self.terms.out);
        self.terms.unique.open();
        let mut seen = Vec::new();
        while let Some(key) = self.reader.next_key()? {
            let Some(field) = Field::from_name(&key) else {
                self.reader.value(&mut Ignore)?;
                continue;
            };
            seen.push(field);
            self.terms.field(field);
            match field {
                Field::Id => {
                    let id = required_string(&mut self.reader, field)?;
                    self.terms.string(&id);
                }
                Field::ConnectedAt => {
                    let connected_at = connected_at(&mut self.reader)?;
                    self.terms.number(connected_at);
                }
                Field::View => self.view()?,
                Field::Events => self.events()?,
                Field::Params | Field::Session => self.map()?,
                _ => self.reader.value(&mut self.terms)?,
            }
        }
        self.reader.end()?;
        for field in Field::KEYS {
            if seen.contains(&field) {
                continue;
            }
            self.terms.field(field);
            match field {
                Field::View | Field::Url => self.terms.null(),
                Field::Params | Field::Session => put::head(tag::MAP, 0, &mut self.terms.out),
                _ => return Err(Error::new(start, ErrorKind::NotARecording(field))),
            }
        }
        self.check_length()?;
        let Terms { out, unique, .. } = &mut self.terms;
        let members = unique.close(out);
        put::count(members, map, out);
        unique.finish(out);
        Ok(())
    }

    fn view(&mut self) -> Result<(), Error> {
        let Some(view) = self.reader.string()? else {
            self.terms.null();
            return Ok(());
        };
        let prefix = if view.starts_with(MODULE_PREFIX) {
            ""
        } else {
            MODULE_PREFIX
        };
        let module = format!("{prefix}{view}");
        if alias(&module).is_some() {
            self.atom_or_string(&module, &view);
        } else {
            self.terms.string(&view);
        }
        Ok(())
    }

    /// A map of the recording, which is empty when the text has `null`.
    fn map(&mut self) -> Result<(), Error> {
        if self.reader.null()? {
            put::head(tag::MAP, 0, &mut self.terms.out);
            return Ok(());
        }
        self.reader.value(&mut self.terms)
    }

    fn events(&mut self) -> Result<(), Error> {
        open_events(&mut self.reader)?;
        let list = self.terms.out.len();
        put::head(tag::LIST, 0, &mut self.terms.out);
        let mut length = 0;
        while self.reader.next_element()? {
            self.event()?;
            length += 1;
        }
        if length == 0 {
            // An empty list is its tail alone.
            self.terms.out.truncate(list);
        } else {
            put::count(length, list, &mut self.terms.out);
        }
        self.terms.out.push(tag::NIL);
        Ok(())
    }

    fn event(&mut self) -> Result<(), Error> {
        let terms = &mut self.terms;
        terms.templates.make_room();
        let (start, mark) = (terms.out.len(), terms.unique.mark());
        let mut templates_mark = terms.templates.mark();
        let event = event(&mut self.reader, |reader| {
            // The payload may come again; the last one counts.
            if terms.out.len() > start {
                terms.out.truncate(start);
                terms.unique.rewind(mark);
                terms.templates.clear();
                templates_mark = terms.templates.mark();
            }
            reader.value(terms)
        })?;
        if terms.out.len() == start {
            put::head(tag::MAP, 0, &mut terms.out);
        }
        // In the text the type mostly follows the payload, in the term it comes before it.
        let end = terms.out.len();
        terms.out.extend_from_slice(&[tag::SMALL_TUPLE, 3]);
        terms.number(event.offset_ms);
        if EventKind::from_name(event.kind.as_bytes()) == EventKind::Other {
            self.atom_or_string(&event.kind, &event.kind);
        } else {
            put::atom(&event.kind, &mut terms.out);
        }
        let head = self.terms.out.len() - end;
        if let Some(bytes) = self.terms.out.get_mut(start..) {
            bytes.rotate_right(head);
        }
        self.check_length()?;
        self.terms.unique.shift(mark, head);
        self.terms.templates.shift(templates_mark, head);
        Ok(())
    }

    /// Refuses a term of more bytes than positions in it have bits for.
    fn check_length(&self) -> Result<(), Error> {
        if u32::try_from(self.terms.out.len()).is_err() {
            return Err(Error::new(0, ErrorKind::TooLarge));
        }
        Ok(())
    }

    fn atom_or_string(&mut self, atom: &str, string: &str) {
        const MAX_CHARACTERS: usize = 255;
        if atom.chars().nth(MAX_CHARACTERS).is_none() && (self.atom_exists)(atom) {
            put::atom(atom, &mut self.terms.out);
        } else {
            self.terms.string(string);
        }
    }
}
