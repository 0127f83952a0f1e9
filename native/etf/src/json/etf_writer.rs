use super::overrides::Overrides;
use super::put;
use super::reader::{Number, Sink};
use super::templates::{Follow, Point, Shape, Start, Step, Templates};
use crate::{Field, tag};

/// Writes values as terms.
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
        put::head(head_tag, 0, &mut self.out);
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
        put::atom(field.name(), &mut self.out);
        self.overrides.member(&self.out, start);
    }
}

impl<'a> Sink<'a> for EtfWriter {
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
        if elements == 0 {
            // An empty list is its tail alone.
            self.out.truncate(start.written);
        } else {
            put::count(elements, start.written, &mut self.out);
        }
        self.out.push(tag::NIL);
        self.add_template(start, at);
    }

    fn begin_object(&mut self, at: Point<'a>, shape: Shape) {
        self.open(tag::MAP, at, shape);
        self.overrides.open();
    }

    fn key(&mut self, key: &str) {
        let start = self.out.len();
        put::binary(key.as_bytes(), &mut self.out);
        self.overrides.member(&self.out, start);
    }

    fn end_object(&mut self, at: Point<'a>) {
        let members = self.overrides.close(&self.out);
        if let Some(Open { start, .. }) = self.open.pop() {
            put::count(members, start.written, &mut self.out);
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
