use super::etf_writer::EtfWriter;
use super::fields::{connected_at, event, open, open_events, required_string};
use super::reader::{Ignore, Reader, Sink};
use crate::name::{MODULE_PREFIX, NIL, alias};
use crate::recording::{Absent, EventKind};
use crate::{Error, ErrorKind, Field, Limits, tag};

/// Turns a recording in JSON into a term, appended to `out`: the version byte and a map of the
/// seven atom keys, events being `{offset_ms, type, payload}`.
///
/// `atom_exists` tells which atoms the runtime has, because data must not make new ones. It is
/// asked for the view (`"Elixir.My.Live"`) and for types of events that are not known; what does
/// not exist stays a string. All other strings, and all keys of objects, stay binaries, `null` is
/// the atom `nil`. Of several members with the same key the last one counts.
///
/// A missing `view` or `url` is `nil`, as is the view `"nil"`; `params` and `session` are empty maps when they are missing
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
        writer: EtfWriter::new(std::mem::take(out)),
        atom_exists,
    };
    let result = decoder.recording();
    *out = decoder.writer.out;
    if result.is_err() {
        out.truncate(start);
    }
    result
}

struct Decoder<'a, 'f> {
    reader: Reader<'a>,
    writer: EtfWriter,
    atom_exists: &'f dyn Fn(&str) -> bool,
}

impl Decoder<'_, '_> {
    fn recording(&mut self) -> Result<(), Error> {
        self.writer.out.push(tag::VERSION);
        let start = open(&mut self.reader)?;
        let map = self.writer.out.len();
        self.writer.head(tag::MAP, Field::KEYS.len());
        self.writer.overrides.open();
        let mut seen = Vec::new();
        while let Some(key) = self.reader.next_key()? {
            let Some(field) = Field::from_name(&key) else {
                self.reader.value(&mut Ignore)?;
                continue;
            };
            seen.push(field);
            self.writer.field(field);
            match field {
                Field::Id => {
                    let id = required_string(&mut self.reader, field)?;
                    self.writer.string(&id);
                }
                Field::ConnectedAt => {
                    let connected_at = connected_at(&mut self.reader)?;
                    self.writer.number(connected_at);
                }
                Field::View => self.view()?,
                Field::Events => self.events()?,
                Field::Params | Field::Session => self.map()?,
                _ => self.reader.value(&mut self.writer)?,
            }
        }
        self.reader.end()?;
        for absent in Field::absent(&seen, start) {
            let (field, value) = absent?;
            self.writer.field(field);
            match value {
                Absent::Nil => self.writer.null(),
                Absent::EmptyMap => self.writer.head(tag::MAP, 0),
            }
        }
        self.check_length()?;
        let members = self.writer.overrides.close(&self.writer.out);
        self.writer.set_count(map, members);
        self.writer.overrides.finish(&mut self.writer.out);
        Ok(())
    }

    fn view(&mut self) -> Result<(), Error> {
        // That is what the pure-Elixir backend writes for none.
        let Some(view) = self.reader.string()?.filter(|view| view != NIL) else {
            self.writer.null();
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
            self.writer.string(&view);
        }
        Ok(())
    }

    /// A map of the recording, which is empty when the text has `null`.
    fn map(&mut self) -> Result<(), Error> {
        if self.reader.null()? {
            self.writer.head(tag::MAP, 0);
            return Ok(());
        }
        self.reader.value(&mut self.writer)
    }

    fn events(&mut self) -> Result<(), Error> {
        open_events(&mut self.reader)?;
        let list = self.writer.out.len();
        self.writer.head(tag::LIST, 0);
        let mut length = 0;
        while self.reader.next_element()? {
            self.event()?;
            length += 1;
        }
        self.writer.end_list(list, length);
        Ok(())
    }

    fn event(&mut self) -> Result<(), Error> {
        let writer = &mut self.writer;
        writer.templates.make_room();
        let (start, mark) = (writer.out.len(), writer.overrides.mark());
        let mut templates_mark = writer.templates.mark();
        let event = event(&mut self.reader, |reader| {
            // The payload may come again; the last one counts.
            if writer.out.len() > start {
                writer.out.truncate(start);
                writer.overrides.rewind(mark);
                writer.templates.clear();
                templates_mark = writer.templates.mark();
            }
            reader.value(writer)
        })?;
        if writer.out.len() == start {
            writer.head(tag::MAP, 0);
        }
        // In the text the type mostly follows the payload, in the term it comes before it.
        let end = writer.out.len();
        writer.out.extend_from_slice(&[tag::SMALL_TUPLE, 3]);
        writer.number(event.offset_ms);
        if EventKind::from_name(event.kind.as_bytes()) == EventKind::Other {
            self.atom_or_string(&event.kind, &event.kind);
        } else {
            writer.atom(&event.kind);
        }
        let head = self.writer.out.len() - end;
        if let Some(bytes) = self.writer.out.get_mut(start..) {
            bytes.rotate_right(head);
        }
        self.check_length()?;
        self.writer.overrides.shift(mark, head);
        self.writer.templates.shift(templates_mark, head);
        Ok(())
    }

    /// Refuses a term of more bytes than positions in it have bits for.
    fn check_length(&self) -> Result<(), Error> {
        if u32::try_from(self.writer.out.len()).is_err() {
            return Err(Error::new(0, ErrorKind::TooLarge));
        }
        Ok(())
    }

    fn atom_or_string(&mut self, atom: &str, string: &str) {
        const MAX_CHARACTERS: usize = 255;
        if atom.chars().nth(MAX_CHARACTERS).is_none() && (self.atom_exists)(atom) {
            self.writer.atom(atom);
        } else {
            self.writer.string(string);
        }
    }
}
