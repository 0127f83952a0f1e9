use super::Encoder;
use crate::json::templates::{Follow, Point, Shape, Step};
use crate::{Error, Walker, tag};

impl Encoder<'_> {
    /// Writes the array or object that comes next, if it is like one before.
    #[inline]
    pub(super) fn copy(&mut self, around: usize) -> Result<bool, Error> {
        if !self.templates.is_active() || !self.overrides.is_clean() {
            return Ok(false);
        }
        let at = self.point(around);
        match self.etf.get(at.offset) {
            Some(&(tag::MAP | tag::LIST | tag::SMALL_TUPLE)) => {}
            _ => return Ok(false),
        }
        let shape = shape(self.etf, at.offset);
        let start = self.templates.start(at, shape, self.json.len());
        match self.templates.follow(start) {
            Some(follow) => self.copy_like(follow, at),
            None => Ok(false),
        }
    }

    fn copy_like(&mut self, mut follow: Follow, at: Point<'_>) -> Result<bool, Error> {
        loop {
            match self.templates.step(&mut follow, self.etf, &mut self.json) {
                Step::Leaf(start) => {
                    let text = self.json.len();
                    let Some(end) = self.leaf_at(start) else {
                        break;
                    };
                    // The comma, or what replaces it, is copied.
                    self.json.pop();
                    self.templates
                        .resume(&mut follow, end, text..self.json.len());
                }
                Step::Done(end, _) => {
                    self.json.push(b',');
                    if self.open.is_empty() {
                        // The template remains: no other value comes to hold this one.
                        self.templates.forget(follow.start.leaves);
                    }
                    self.walker.skip_equal(end - at.offset)?;
                    return Ok(true);
                }
                Step::Differs => break,
            }
        }
        self.templates.forget(follow.start.leaves);
        self.json.truncate(follow.start.written);
        Ok(false)
    }

    /// Writes the leaf that begins at an offset; returns where it ends. What is wrong with it is
    /// for the walker to say, once it comes there.
    fn leaf_at(&mut self, start: usize) -> Option<usize> {
        let term = self.etf.get(start..)?;
        if let Some(&(tag::MAP | tag::LIST | tag::SMALL_TUPLE | tag::LARGE_TUPLE)) = term.first() {
            return None;
        }
        let mut walker = Walker::bare(term, &self.limits);
        let leaf = walker.token().ok()?;
        self.leaf(leaf).ok()?;
        Some(start + walker.offset())
    }
}

/// The shape of a term: its head and that of what it begins with, but no leaf.
#[inline]
pub(super) fn shape(etf: &[u8], start: usize) -> Shape {
    let term = etf.get(start..).unwrap_or_default();
    let mut length = 0;
    // Below the only key of a map is what tells it from others.
    for _ in 0..2 {
        let (head, alone) = match term.get(length..).unwrap_or_default() {
            [tag::MAP, _, _, _, pairs, tag::SMALL_ATOM_UTF8, key, ..] => {
                (7 + usize::from(*key), *pairs == 1)
            }
            [tag::MAP, _, _, _, pairs, tag::BINARY, 0, 0, 0, key, ..] => {
                (10 + usize::from(*key), *pairs == 1)
            }
            [tag::MAP | tag::LIST, ..] => (5, false),
            [tag::SMALL_TUPLE, _, tag::SMALL_ATOM_UTF8, first, ..] => {
                (4 + usize::from(*first), false)
            }
            [tag::SMALL_TUPLE, ..] => (2, false),
            _ => (0, false),
        };
        length += head;
        if !alone {
            break;
        }
    }
    Shape::of(term.get(..length).unwrap_or(term))
}
