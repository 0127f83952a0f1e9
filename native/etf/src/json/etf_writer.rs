use super::decimal;
use super::overrides::Overrides;
use super::reader::{Number, Sink};
use super::templates::{Follow, Point, Shape, Start, Step, Templates};
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
    start: Start,
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

    fn open(&mut self, head_tag: u8, at: Point<'_>, shape: Shape) {
        self.open.push(Open {
            start: self.templates.start(at, shape, self.out.len()),
            elements: 0,
        });
        self.head(head_tag, 0);
    }

    fn add_template(&mut self, start: Start, at: Point<'_>) {
        // A template must not hold members that are to be removed.
        if self.overrides.is_clean() {
            self.templates.add(start, at, self.out.len());
        }
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

    fn begin_array(&mut self, at: Point<'a>, shape: Shape) {
        self.open(tag::LIST, at, shape);
    }

    fn element(&mut self) {
        if let Some(list) = self.open.last_mut() {
            list.elements += 1;
        }
    }

    fn end_array(&mut self, at: Point<'a>) {
        let Some(Open { start, elements }) = self.open.pop() else {
            return;
        };
        self.end_list(start.written, elements);
        self.add_template(start, at);
    }

    fn begin_object(&mut self, at: Point<'a>, shape: Shape) {
        self.open(tag::MAP, at, shape);
        self.overrides.open();
    }

    fn key(&mut self, key: &str) {
        let start = self.out.len();
        self.binary(key);
        self.overrides.member(&self.out, start);
    }

    fn end_object(&mut self, at: Point<'a>) {
        let members = self.overrides.close(&self.out);
        if let Some(Open { start, .. }) = self.open.pop() {
            self.set_count(start.written, members);
            self.add_template(start, at);
        }
    }

    fn leaf(&mut self, at: Point<'a>, end: usize, written: usize) {
        let term = written..self.out.len();
        self.templates.add_leaf(at.level, at.offset..end, term);
    }

    fn written(&self) -> usize {
        self.out.len()
    }

    fn is_active(&self) -> bool {
        self.templates.is_active() && self.overrides.is_clean()
    }

    fn follow(&mut self, at: Point<'a>, shape: Shape) -> Option<Follow> {
        let start = self.templates.start(at, shape, self.out.len());
        self.templates.follow(start)
    }

    fn step(&mut self, follow: &mut Follow, source: &'a [u8]) -> Step {
        self.templates.step(follow, source, &mut self.out)
    }

    fn resume(&mut self, follow: &mut Follow, offset: usize, written: usize) {
        let term = written..self.out.len();
        self.templates.resume(follow, offset, term);
    }

    fn end_follow(&mut self, follow: &Follow, differs: bool) {
        if differs {
            self.out.truncate(follow.start.written);
        }
        if differs || self.open.is_empty() {
            // If it was alike, the template remains, as no other value comes to hold this one.
            self.templates.forget(follow.start.leaves);
        }
    }
}
