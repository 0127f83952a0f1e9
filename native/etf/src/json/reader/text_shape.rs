use super::{Reader, Sink};
use crate::json::templates::{Follow, Point, Shape, Step};

impl<'a> Reader<'a> {
    /// Reads a value that may be like another; tells whether it is, and reads nothing if not.
    #[inline(never)]
    pub(super) fn copy_like<S: Sink<'a>>(
        &mut self,
        mut follow: Follow,
        sink: &mut S,
        at: Point<'a>,
    ) -> bool {
        let (terms_left, effort) = (self.terms_left, self.effort);
        let alike = loop {
            match sink.step(&mut follow, at.source) {
                Step::Leaf(offset) => {
                    self.position = offset;
                    let written = sink.written();
                    // What is wrong with it is found once more when it is read in turn.
                    let read = self.peek().and_then(|first| self.leaf(first, sink));
                    if read.is_err() {
                        break false;
                    }
                    sink.resume(&mut follow, self.position, written);
                }
                Step::Done(end, terms) => {
                    self.position = end;
                    self.terms_left = terms_left.saturating_sub(terms);
                    break terms <= terms_left;
                }
                Step::Differs => break false,
            }
        };
        sink.end_follow(&follow, !alike);
        if !alike {
            self.position = at.offset;
            (self.terms_left, self.effort) = (terms_left, effort);
        }
        alike
    }
}

/// The shape of an array or object, by its first key, or what is below a first key.
#[inline]
pub(super) fn shape(text: &[u8], start: usize) -> Shape {
    const MOST: usize = 48;
    let text = text.get(start..).unwrap_or_default();
    let head = text.get(..MOST).unwrap_or(text);
    let mut colons = (0..head.len()).filter(|&at| head.get(at) == Some(&b':'));
    let length = match colons.next() {
        Some(colon) if head.get(colon + 1) == Some(&b'{') => colons.next().unwrap_or(colon),
        Some(colon) => colon,
        // An array of numbers or strings.
        None => head.len().min(2),
    };
    Shape::of(head.get(..length).unwrap_or_default())
}
