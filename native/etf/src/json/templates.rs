mod shape;

use std::ops::Range;

pub(super) use shape::Shape;

/// Remembers arrays and objects that have been read, and what was written for them, as templates
/// for those to come.
///
/// The events of a session are mostly alike: the same form with one letter more. What is alike is
/// compared and copied, many bytes at a time, and only the numbers and strings that differ, the
/// leaves, are read. As long as nothing but leaves differs, the keys are the same, hence as
/// distinct, the lists as long, and all is nested as deeply.
///
/// A template is followed by a [`Follow`]. Where more than leaves differ it comes to nothing, and
/// all of the value is to be read as if there had been no template. How much may be compared in
/// vain is limited by what has been found before.
pub(super) struct Templates {
    templates: Vec<Template>,
    leaves: Vec<Leaf>,
    /// The latest template of each shape, as far as its first bytes tell.
    slots: Vec<u32>,
    /// How many bytes after a leaf are needed to tell that it ends there.
    delimiter: usize,
    /// How much more may be done in vain, in bytes that could be read meanwhile.
    credit: usize,
    /// Events since the credit was used up.
    idle: u32,
}

#[derive(Debug)]
struct Template {
    source: Range<usize>,
    written: Range<usize>,
    leaves: Range<usize>,
    level: usize,
    terms: u64,
}

/// A leaf, and what was written for it.
#[derive(Debug, Clone)]
struct Leaf {
    source: Range<u32>,
    written: Range<u32>,
}

/// How far reading has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point<'a> {
    pub(super) source: &'a [u8],
    pub(super) offset: usize,
    /// How many arrays and objects are open.
    pub(super) level: usize,
    /// How many terms have been counted.
    pub(super) terms: u64,
}

/// Where a value that may be added begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    shape: Shape,
    pub(super) offset: usize,
    pub(super) written: usize,
    level: usize,
    terms: u64,
    /// How many leaves had been added before it.
    pub(super) leaves: usize,
}

/// The way along a template.
#[derive(Debug)]
pub(super) struct Follow {
    template: usize,
    /// The next leaf that may differ.
    leaf: usize,
    /// What has been read and compared so far: up to here in the value, in the template, and in
    /// what was written for the template.
    here: usize,
    there: usize,
    written: usize,
    pub(super) start: Start,
}

/// What comes next on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A leaf that differs begins here. It is to be read and written.
    Leaf(usize),
    /// All has been written of a value that ends here and counts so many terms.
    Done(usize, u64),
    /// The value is not like the template.
    Differs,
}

const NONE: u32 = u32::MAX;

/// What is nested deeper is always read: comparing it takes time at each level.
const MAX_LEVEL: usize = 64;

/// As much as the events of a session differ in; fresh memory costs more than learning it again.
const MAX_TEMPLATES: usize = 1 << 10;
const MAX_LEAVES: usize = 1 << 13;

/// Comparing so many bytes takes as long as reading one.
const COMPARED: usize = 16;

/// How much may be done in vain at first, and at most.
const MAX_CREDIT: usize = 1 << 14;
/// The same after so many events that nothing was done for.
const NEXT_CREDIT: usize = 1 << 11;
const IDLE_EVENTS: u32 = 64;

/// What trying costs even if nothing is alike, and what adding a template costs.
const TRY: usize = 32;
const ADD: usize = 16;

impl Templates {
    /// For a source in which so many bytes after a leaf tell that it ends.
    pub(super) fn new(delimiter: usize) -> Self {
        Templates {
            // Enough for a short recording.
            templates: Vec::with_capacity(32),
            leaves: Vec::with_capacity(64),
            slots: vec![NONE; shape::SLOTS],
            delimiter,
            credit: MAX_CREDIT,
            idle: 0,
        }
    }

    /// Whether looking for what is alike has been worth it lately. If not, nothing is added either.
    #[inline]
    pub(super) fn is_active(&self) -> bool {
        self.credit >= TRY
    }

    /// Notes where an array or object begins.
    #[inline]
    pub(super) fn start(&self, at: Point<'_>, shape: Shape, written: usize) -> Start {
        Start {
            shape,
            offset: at.offset,
            written,
            level: at.level,
            terms: at.terms,
            leaves: self.leaves.len(),
        }
    }

    /// Finds a template for what begins there.
    #[inline]
    pub(super) fn follow(&self, start: Start) -> Option<Follow> {
        if !self.is_active() {
            return None;
        }
        let index = *self.slots.get(start.shape.slot(start.level))? as usize;
        let template = self.templates.get(index)?;
        (template.level == start.level).then_some(Follow {
            template: index,
            leaf: template.leaves.start,
            here: start.offset,
            there: template.source.start,
            written: template.written.start,
            start,
        })
    }

    /// Goes on to the next leaf that differs, and writes what comes before it.
    pub(super) fn step(&mut self, follow: &mut Follow, source: &[u8], out: &mut Vec<u8>) -> Step {
        let Some(template) = self.templates.get(follow.template) else {
            return Step::Differs;
        };
        let here = source.get(follow.here..).unwrap_or_default();
        let there = source.get(follow.there..template.source.end);
        let same = common(here, there.unwrap_or_default());
        let reached = follow.there + same;
        let moved = Moved {
            source: follow.here - follow.there,
            written: out.len() - follow.written,
        };
        while let Some(leaf) = self.leaves.get(follow.leaf)
            && follow.leaf < template.leaves.end
        {
            let (begins, ends) = (leaf.source.start as usize, leaf.source.end as usize);
            if ends + self.delimiter <= reached {
                let leaf = moved.leaf(leaf);
                add(&mut self.leaves, leaf);
                follow.leaf += 1;
                continue;
            }
            if begins > reached || reached >= template.source.end {
                break;
            }
            out.extend_from_within(follow.written..leaf.written.start as usize);
            follow.here += begins - follow.there;
            follow.there = ends;
            follow.written = leaf.written.end as usize;
            follow.leaf += 1;
            return Step::Leaf(follow.here);
        }
        if reached >= template.source.end {
            out.extend_from_within(follow.written..template.written.end);
            self.credit = MAX_CREDIT.min(self.credit + template.source.len());
            return Step::Done(follow.here + same, template.terms);
        }
        let vain = reached - template.source.start;
        self.credit = self.credit.saturating_sub(vain / COMPARED + TRY);
        Step::Differs
    }

    /// Goes on after a leaf that has been read up to `offset`, and written.
    pub(super) fn resume(&mut self, follow: &mut Follow, offset: usize, written: Range<usize>) {
        let level = follow.start.level;
        self.add_leaf(level, follow.here..offset, written);
        follow.here = offset;
    }

    /// Forgets all leaves but the first ones.
    pub(super) fn forget(&mut self, leaves: usize) {
        self.leaves.truncate(leaves);
    }

    /// Adds a leaf.
    #[inline]
    pub(super) fn add_leaf(&mut self, level: usize, source: Range<usize>, written: Range<usize>) {
        if level < MAX_LEVEL
            && self.is_active()
            && let (Some(source), Some(written)) = (positions(source), positions(written))
        {
            add(&mut self.leaves, Leaf { source, written });
        }
    }

    /// Adds a value that ends at a point.
    #[inline]
    pub(super) fn add(&mut self, start: Start, at: Point<'_>, written: usize) {
        let full = self.templates.len() >= MAX_TEMPLATES;
        if full || at.level >= MAX_LEVEL || !self.is_active() {
            return;
        }
        self.credit -= ADD;
        if let Some(slot) = self.slots.get_mut(start.shape.slot(at.level)) {
            *slot = self.templates.len() as u32;
        }
        self.templates.push(Template {
            source: start.offset..at.offset,
            written: start.written..written,
            leaves: start.leaves..self.leaves.len(),
            level: at.level,
            terms: at.terms - start.terms,
        });
    }

    /// How much is remembered; a mark for [`Templates::shift`].
    pub(super) fn mark(&self) -> (usize, usize) {
        (self.templates.len(), self.leaves.len())
    }

    /// Follows what has been written since the mark: a few bytes were inserted before it.
    pub(super) fn shift(&mut self, (templates, leaves): (usize, usize), bytes: usize) {
        for template in self.templates.iter_mut().skip(templates) {
            let Range { start, end } = template.written;
            template.written = start + bytes..end + bytes;
        }
        for leaf in self.leaves.iter_mut().skip(leaves) {
            let Range { start, end } = leaf.written;
            leaf.written = start + bytes as u32..end + bytes as u32;
        }
    }

    /// Prepares for another event: makes room, if there is none left, and begins to look for what
    /// is alike again.
    pub(super) fn make_room(&mut self) {
        if self.templates.len() >= MAX_TEMPLATES || self.leaves.len() >= MAX_LEAVES {
            self.clear();
        }
        if !self.is_active() {
            self.idle += 1;
            if self.idle == IDLE_EVENTS {
                (self.idle, self.credit) = (0, NEXT_CREDIT);
            }
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.templates.clear();
        self.leaves.clear();
        self.slots.fill(NONE);
    }
}

#[inline]
fn add(leaves: &mut Vec<Leaf>, leaf: Leaf) {
    if leaves.len() < MAX_LEAVES {
        leaves.push(leaf);
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

/// Positions that leave room for [`Templates::shift`].
#[inline]
fn positions(range: Range<usize>) -> Option<Range<u32>> {
    let end = u32::try_from(range.end).ok()?;
    (end <= u32::MAX / 2).then_some(range.start as u32..end)
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
