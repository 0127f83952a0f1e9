use super::decimal;
use super::overrides::Overrides;
use super::reader::{Number, Sink};
use super::templates::{Templated, Templates};
use crate::{Field, tag};

/// Writes values as terms, in the External Term Format.
pub(super) struct EtfWriter {
    pub(super) out: Vec<u8>,
    pub(super) overrides: Overrides,
    pub(super) templates: Templates,
    /// Open lists and maps, outermost first.
    open: Vec<Open>,
}

struct Open {
    /// Where its head was written.
    at: usize,
    /// How many elements a list has so far.
    elements: usize,
}

impl EtfWriter {
    /// Appends terms to `out`.
    pub(super) fn new(out: Vec<u8>) -> Self {
        EtfWriter {
            out,
            overrides: Overrides::default(),
            // A number, unlike an array or object, ends only with what comes after it.
            templates: Templates::new(1),
            open: Vec::new(),
        }
    }

    /// Removes from a field or an event that has just been written what a later member of the same
    /// object overrides. What comes next can be copied again.
    pub(super) fn settle(&mut self) {
        if !self.overrides.is_clean() {
            self.overrides.remove(&mut self.out);
            // What was read before has moved.
            self.templates.clear();
        }
    }

    fn open(&mut self, head_tag: u8) {
        self.open.push(Open {
            at: self.out.len(),
            elements: 0,
        });
        self.head(head_tag, 0);
    }

    /// Writes the key of a recording's field.
    pub(super) fn field(&mut self, field: Field) {
        let start = self.out.len();
        self.atom(field.name());
        self.overrides.member(&self.out, start);
    }

    pub(super) fn atom(&mut self, text: &str) {
        let out = &mut self.out;
        // An atom has at most 255 characters of at most four bytes.
        match u8::try_from(text.len()) {
            Ok(length) => out.extend_from_slice(&[tag::SMALL_ATOM_UTF8, length]),
            Err(_) => {
                out.push(tag::ATOM_UTF8);
                out.extend_from_slice(&(text.len() as u16).to_be_bytes());
            }
        }
        out.extend_from_slice(text.as_bytes());
    }

    #[inline]
    fn binary(&mut self, text: &str) {
        self.head(tag::BINARY, text.len());
        self.out.extend_from_slice(text.as_bytes());
    }

    #[inline]
    fn integer(&mut self, value: i64) {
        if let Ok(small) = u8::try_from(value) {
            self.out.extend_from_slice(&[tag::SMALL_INTEGER, small]);
        } else if let Ok(medium) = i32::try_from(value) {
            self.out.push(tag::INTEGER);
            self.out.extend_from_slice(&medium.to_be_bytes());
        } else {
            let bytes = value.unsigned_abs().to_le_bytes();
            let zeros = value.unsigned_abs().leading_zeros() as usize / 8;
            let magnitude = bytes.get(..bytes.len() - zeros).unwrap_or(&bytes);
            self.big(value < 0, magnitude);
        }
    }

    /// An integer beyond 64 bits by its decimal digits.
    #[cold]
    fn digits(&mut self, negative: bool, digits: &str) {
        self.big(negative, &decimal::to_magnitude(digits));
    }

    fn big(&mut self, negative: bool, magnitude: &[u8]) {
        match u8::try_from(magnitude.len()) {
            Ok(length) => self.out.extend_from_slice(&[tag::SMALL_BIG, length]),
            Err(_) => self.head(tag::LARGE_BIG, magnitude.len()),
        }
        self.out.push(u8::from(negative));
        self.out.extend_from_slice(magnitude);
    }

    fn float(&mut self, value: f64) {
        self.out.push(tag::NEW_FLOAT);
        self.out.extend_from_slice(&value.to_be_bytes());
    }

    /// A tag and a 32-bit length or count; the reader's cap on the text keeps it within 32 bits.
    #[inline]
    pub(super) fn head(&mut self, head_tag: u8, count: usize) {
        let [a, b, c, d] = (count as u32).to_be_bytes();
        self.out.extend_from_slice(&[head_tag, a, b, c, d]);
    }

    /// Sets the count of a head written before at `at`.
    #[inline]
    pub(super) fn set_count(&mut self, at: usize, count: usize) {
        let count_of = self.out.get_mut(at + 1..);
        if let Some(slot) = count_of.and_then(<[u8]>::first_chunk_mut::<4>) {
            *slot = (count as u32).to_be_bytes();
        }
    }

    /// Ends the list of so many elements whose head was written at `at`.
    pub(super) fn end_list(&mut self, at: usize, elements: usize) {
        if elements == 0 {
            // An empty list is its tail alone.
            self.out.truncate(at);
        } else {
            self.set_count(at, elements);
        }
        self.out.push(tag::NIL);
    }
}

impl<'a> Sink<'a> for EtfWriter {
    fn null(&mut self) {
        self.atom("nil");
    }

    fn boolean(&mut self, value: bool) {
        self.atom(if value { "true" } else { "false" });
    }

    fn number(&mut self, number: Number<'a>) {
        match number {
            Number::Integer(value) => self.integer(value),
            Number::Digits { negative, digits } => self.digits(negative, digits),
            Number::Float(value) => self.float(value),
        }
    }

    fn string(&mut self, text: &str) {
        self.binary(text);
    }

    fn begin_array(&mut self) {
        self.open(tag::LIST);
    }

    fn element(&mut self) {
        if let Some(list) = self.open.last_mut() {
            list.elements += 1;
        }
    }

    fn end_array(&mut self) {
        if let Some(Open { at, elements }) = self.open.pop() {
            self.end_list(at, elements);
        }
    }

    fn begin_object(&mut self) {
        self.open(tag::MAP);
        self.overrides.open();
    }

    fn key(&mut self, key: &str) {
        let start = self.out.len();
        self.binary(key);
        self.overrides.member(&self.out, start);
    }

    fn end_object(&mut self) {
        let members = self.overrides.close(&self.out);
        if let Some(Open { at, .. }) = self.open.pop() {
            self.set_count(at, members);
        }
    }
}

impl Templated for EtfWriter {
    #[inline]
    fn templates(&mut self) -> Option<(&mut Templates, &mut Vec<u8>)> {
        // A template must not hold members that are to be removed.
        self.overrides
            .is_clean()
            .then_some((&mut self.templates, &mut self.out))
    }
}
