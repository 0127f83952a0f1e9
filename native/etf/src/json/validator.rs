use super::reader::Sink;
use super::templates::{Follow, Point, Shape, Start, Step, Templates};

/// Values that are only checked, those that are alike by what they differ in.
pub(super) struct Validator {
    templates: Templates,
    open: Vec<Start>,
    /// What is written for them: nothing.
    nothing: Vec<u8>,
}

impl Validator {
    pub(super) fn new() -> Self {
        Validator {
            // A number, unlike an array or object, ends only with what comes after it.
            templates: Templates::new(1),
            open: Vec::new(),
            nothing: Vec::new(),
        }
    }

    /// Prepares for another payload.
    pub(super) fn make_room(&mut self) {
        self.templates.make_room();
    }

    fn close(&mut self, at: Point<'_>) {
        if let Some(start) = self.open.pop() {
            self.templates.add(start, at, 0);
        }
    }
}

impl<'a> Sink<'a> for Validator {
    fn begin_array(&mut self, at: Point<'a>, shape: Shape) {
        self.open.push(self.templates.start(at, shape, 0));
    }

    fn end_array(&mut self, at: Point<'a>) {
        self.close(at);
    }

    fn begin_object(&mut self, at: Point<'a>, shape: Shape) {
        self.open.push(self.templates.start(at, shape, 0));
    }

    fn end_object(&mut self, at: Point<'a>) {
        self.close(at);
    }

    fn leaf(&mut self, at: Point<'a>, end: usize, _written: usize) {
        self.templates.add_leaf(at.level, at.offset..end, 0..0);
    }

    fn is_active(&self) -> bool {
        self.templates.is_active()
    }

    fn follow(&mut self, at: Point<'a>, shape: Shape) -> Option<Follow> {
        self.templates.follow(self.templates.start(at, shape, 0))
    }

    fn step(&mut self, follow: &mut Follow, source: &'a [u8]) -> Step {
        self.templates.step(follow, source, &mut self.nothing)
    }

    fn resume(&mut self, follow: &mut Follow, offset: usize, _written: usize) {
        self.templates.resume(follow, offset, 0..0);
    }

    fn end_follow(&mut self, follow: &Follow, differs: bool) {
        if differs || self.open.is_empty() {
            self.templates.forget(follow.start.leaves);
        }
    }
}
