use super::Number;
use crate::json::templates::{Follow, Point, Shape, Step};

/// What values are told to, in the order of the text.
pub(in crate::json) trait Sink<'a> {
    fn null(&mut self) {}
    fn boolean(&mut self, _value: bool) {}
    fn number(&mut self, _number: Number<'a>) {}
    fn string(&mut self, _text: &str) {}
    /// An array begins here.
    fn begin_array(&mut self, _at: Point<'a>, _shape: Shape) {}
    /// Precedes each element.
    fn element(&mut self) {}
    /// The innermost array has ended before here.
    fn end_array(&mut self, _at: Point<'a>) {}
    /// An object begins here.
    fn begin_object(&mut self, _at: Point<'a>, _shape: Shape) {}
    /// Precedes each member's value.
    fn key(&mut self, _key: &str) {}
    /// The innermost object has ended before here.
    fn end_object(&mut self, _at: Point<'a>) {}

    /// A leaf has been told whose text begins here, and what was written for it there.
    fn leaf(&mut self, _at: Point<'a>, _end: usize, _written: usize) {}

    /// How much has been written.
    fn written(&self) -> usize {
        0
    }
    /// Whether it is worth looking for something alike; shapes do not matter otherwise.
    fn is_active(&self) -> bool {
        false
    }
    /// Something that the array or object beginning here may be like.
    fn follow(&mut self, _at: Point<'a>, _shape: Shape) -> Option<Follow> {
        None
    }
    /// See [`Templates::step`](crate::json::templates::Templates::step).
    fn step(&mut self, _follow: &mut Follow, _source: &'a [u8]) -> Step {
        Step::Differs
    }
    /// See [`Templates::resume`](crate::json::templates::Templates::resume).
    fn resume(&mut self, _follow: &mut Follow, _offset: usize, _written: usize) {}
    /// The value has been written, or it differs, and what was written of it does not count.
    fn end_follow(&mut self, _follow: &Follow, _differs: bool) {}
}

/// Values that are only checked.
pub(in crate::json) struct Ignore;
impl Sink<'_> for Ignore {}
