use std::ops::Range;

use super::{Leaf, Point, Shape, Templated, Templates, add};

/// A value that was written after a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::json) struct Copied {
    /// Where it ends.
    pub(in crate::json) end: usize,
    /// How many terms it counts.
    pub(in crate::json) terms: u64,
}

/// Writes the array or object that begins at a point, of this shape, after one that is like it but
/// for its leaves. `None` leaves what has been written as it was.
///
/// `leaf` reads the leaf that begins at an offset and writes it, and tells where it ends. It may
/// answer `None` to anything that is wrong with it, which is found once more when all of the value
/// is read in turn.
#[inline]
pub(in crate::json) fn apply<W: Templated>(
    writer: &mut W,
    at: Point<'_>,
    shape: Shape,
    leaf: impl FnMut(&mut W, usize) -> Option<usize>,
) -> Option<Copied> {
    let (templates, out) = writer.templates()?;
    let (mark, written) = (templates.mark(), out.len());
    let follow = Follow::new(templates, at, shape)?;
    let copied = follow.along(writer, at, leaf);
    let (templates, out) = writer.templates()?;
    if copied.is_none() {
        out.truncate(written);
    }
    if copied.is_none() || templates.open.is_empty() {
        // If it was alike, the template remains, as no other value comes to hold this one.
        templates.forget_leaves(mark);
    }
    copied
}

/// The way along a template.
#[derive(Debug)]
struct Follow {
    template: usize,
    /// The next leaf that may differ.
    leaf: usize,
    /// What has been read and compared so far: up to here in the value, in the template, and in
    /// what was written for the template.
    here: usize,
    there: usize,
    written: usize,
}

/// What comes next on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A leaf that differs begins here. It is to be read and written.
    Leaf(usize),
    /// All has been written.
    Done(Copied),
    /// The value is not like the template.
    Differs,
}

impl Follow {
    /// Finds a template for what begins at a point, if there may be as many terms as it has.
    #[inline]
    fn new(templates: &Templates, at: Point<'_>, shape: Shape) -> Option<Self> {
        let index = *templates.slots.get(shape.slot(at.level))? as usize;
        let template = templates.templates.get(index)?;
        (template.level == at.level && template.terms <= at.terms_left).then_some(Follow {
            template: index,
            leaf: template.leaves.start,
            here: at.offset,
            there: template.source.start,
            written: template.written.start,
        })
    }

    /// Goes along it to the end of the value, if that is like it.
    #[inline]
    fn along<W: Templated>(
        mut self,
        writer: &mut W,
        at: Point<'_>,
        mut leaf: impl FnMut(&mut W, usize) -> Option<usize>,
    ) -> Option<Copied> {
        loop {
            let (templates, out) = writer.templates()?;
            match self.step(templates, at.source, out) {
                Step::Leaf(start) => {
                    let written = out.len();
                    let end = leaf(writer, start)?;
                    let (templates, out) = writer.templates()?;
                    templates.leaf(at.level, start..end, written..out.len());
                    self.here = end;
                }
                Step::Done(copied) => return Some(copied),
                Step::Differs => return None,
            }
        }
    }

    /// Goes on to the next leaf that differs, and writes what comes before it.
    fn step(&mut self, templates: &mut Templates, source: &[u8], out: &mut Vec<u8>) -> Step {
        let Some(template) = templates.templates.get(self.template) else {
            return Step::Differs;
        };
        let here = source.get(self.here..).unwrap_or_default();
        let there = source.get(self.there..template.source.end);
        let same = common(here, there.unwrap_or_default());
        let reached = self.there + same;
        let moved = Moved {
            source: self.here - self.there,
            written: out.len() - self.written,
        };
        while let Some(leaf) = templates.leaves.get(self.leaf)
            && self.leaf < template.leaves.end
        {
            let (begins, ends) = (leaf.source.start as usize, leaf.source.end as usize);
            if ends + templates.delimiter <= reached {
                let leaf = moved.leaf(leaf);
                add(&mut templates.leaves, leaf);
                self.leaf += 1;
                continue;
            }
            if begins > reached || reached >= template.source.end {
                break;
            }
            out.extend_from_within(self.written..leaf.written.start as usize);
            self.here += begins - self.there;
            self.there = ends;
            self.written = leaf.written.end as usize;
            self.leaf += 1;
            return Step::Leaf(self.here);
        }
        if reached >= template.source.end {
            out.extend_from_within(self.written..template.written.end);
            templates.credit.alike(template.source.len());
            return Step::Done(Copied {
                end: self.here + same,
                terms: template.terms,
            });
        }
        templates.credit.in_vain(reached - template.source.start);
        Step::Differs
    }
}

/// How much further on a value is than its template.
struct Moved {
    source: usize,
    written: usize,
}

impl Moved {
    #[inline]
    fn leaf(&self, leaf: &Leaf) -> Leaf {
        // Both lie within buffers whose positions have been checked to fit.
        let by =
            |range: &Range<u32>, bytes: usize| range.start + bytes as u32..range.end + bytes as u32;
        Leaf {
            source: by(&leaf.source, self.source),
            written: by(&leaf.written, self.written),
        }
    }
}

/// How many bytes are the same.
#[inline]
fn common(here: &[u8], there: &[u8]) -> usize {
    let (here_chunks, _) = here.as_chunks::<16>();
    let (there_chunks, _) = there.as_chunks::<16>();
    let mut same = 0;
    for (here, there) in here_chunks.iter().zip(there_chunks) {
        let differ = u128::from_le_bytes(*here) ^ u128::from_le_bytes(*there);
        if differ != 0 {
            return same + differ.trailing_zeros() as usize / 8;
        }
        same += 16;
    }
    let (here, there) = (here.iter().skip(same), there.iter().skip(same));
    same + here
        .zip(there)
        .take_while(|(here, there)| here == there)
        .count()
}
