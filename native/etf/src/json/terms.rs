use super::put;
use super::reader::{Number, Sink};
use super::unique::Unique;
use crate::{Field, tag};

/// Writes values as terms.
#[derive(Default)]
pub(super) struct Terms {
    pub(super) out: Vec<u8>,
    pub(super) unique: Unique,
    /// Open lists and maps: where they begin, and how many elements a list has so far.
    open: Vec<(usize, usize)>,
}

impl Terms {
    /// Writes the key of a recording's field.
    pub(super) fn field(&mut self, field: Field) {
        let start = self.out.len();
        put::atom(field.name(), &mut self.out);
        self.unique.member(&self.out, start);
    }
}

impl<'a> Sink<'a> for Terms {
    fn null(&mut self) {
        put::atom("nil", &mut self.out);
    }

    fn boolean(&mut self, value: bool) {
        put::atom(if value { "true" } else { "false" }, &mut self.out);
    }

    fn number(&mut self, number: Number<'a>) {
        match number {
            Number::Integer(value) => put::integer(value, &mut self.out),
            Number::Digits { negative, digits } => put::digits(negative, digits, &mut self.out),
            Number::Float(value) => put::float(value, &mut self.out),
        }
    }

    fn string(&mut self, text: &str) {
        put::binary(text.as_bytes(), &mut self.out);
    }

    fn begin_array(&mut self) {
        self.open.push((self.out.len(), 0));
        put::head(tag::LIST, 0, &mut self.out);
    }

    fn element(&mut self) {
        if let Some((_, elements)) = self.open.last_mut() {
            *elements += 1;
        }
    }

    fn end_array(&mut self) {
        match self.open.pop() {
            // An empty list is its tail alone.
            Some((start, 0)) => self.out.truncate(start),
            Some((start, elements)) => put::count(elements, start, &mut self.out),
            None => {}
        }
        self.out.push(tag::NIL);
    }

    fn begin_object(&mut self) {
        self.open.push((self.out.len(), 0));
        put::head(tag::MAP, 0, &mut self.out);
        self.unique.open();
    }

    fn key(&mut self, key: &str) {
        let start = self.out.len();
        put::binary(key.as_bytes(), &mut self.out);
        self.unique.member(&self.out, start);
    }

    fn end_object(&mut self) {
        let members = self.unique.close(&self.out);
        if let Some((start, _)) = self.open.pop() {
            put::count(members, start, &mut self.out);
        }
    }
}
