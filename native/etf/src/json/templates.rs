//! What is alike is written after what was there before it.
//!
//! The events of a session are mostly alike: the same form with one letter more. So each array and
//! object that has been read becomes a template for those to come: where it was, what was written
//! for it, and where its leaves, its numbers and strings, were in both. Of what follows, what is
//! the same is compared and copied, many bytes at a time, and only the leaves that differ are read.
//!
//! An example, from JSON to terms, which are shown here as Elixir writes them. This was read, and
//! what was written for it is below. It has two leaves, `a` and `b`:
//!
//! ```text
//! source    {"name":"Ad","age":36}
//!                   aaaa       bb
//! written   %{"name" => "Ad", "age" => 36}
//!                       aaaa           bb
//! ```
//!
//! Then this comes, and [`apply()`] goes along the template:
//!
//! ```text
//! source    {"name":"Ada","age":36}
//!           ───────────              the same, up to within a: so a differs,
//!                   ─────            and is read
//!                        ──────────  the same, b too, to the end of the template
//! written   %{"name" => "Ada", "age" => 36}
//!           ────────────             copied: what was written up to a
//!                       ─────        written for the new a
//!                            ──────────────  copied: all that was written after a
//! ```
//!
//! Of 23 bytes 5 were read. As long as nothing but leaves differs, the keys are the same, hence as
//! distinct, the lists as long, and all is nested as deeply. Where more than leaves differ the
//! template comes to nothing, and all of the value is read as if there had been none. How much may
//! be compared in vain is limited by what has been found before.
//!
//! Whoever reads tells [`Templates`] where values [begin](Templates::begin) and
//! [end](Templates::end), and where [leaves](Templates::leaf) are, and asks [`apply()`] first
//! whether the value that comes can be written after a template.

mod credit;
#[cfg(test)]
mod example;
mod follow;
mod shape;

use std::ops::Range;

use credit::Credit;
pub(super) use follow::apply;
pub(super) use shape::Shape;

/// What is written with templates.
pub(super) trait Templated {
    /// The templates, and what their positions are positions in; `None` as long as what is written
    /// can't be copied.
    fn templates(&mut self) -> Option<(&mut Templates, &mut Vec<u8>)>;
}

/// Arrays and objects that have been read, and what was written for them.
pub(super) struct Templates {
    templates: Vec<Template>,
    leaves: Vec<Leaf>,
    /// The latest template of each shape, as far as its first bytes tell.
    slots: Vec<u32>,
    /// What is being read and may become a template, outermost first.
    open: Vec<Start>,
    /// How many bytes after a leaf are needed to tell that it ends there.
    delimiter: usize,
    credit: Credit,
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
    /// How many more terms there may be.
    pub(super) terms_left: u64,
}

/// Where a value that may become a template begins.
#[derive(Debug, Clone, Copy)]
struct Start {
    shape: Shape,
    offset: usize,
    written: usize,
    level: usize,
    terms_left: u64,
    /// How many leaves had been added before it.
    leaves: usize,
}

/// How much had been added at some time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    templates: usize,
    leaves: usize,
}

const NONE: u32 = u32::MAX;

/// What is nested deeper is always read: comparing it takes time at each level. At 16 the recordings
/// of `test/fixtures` take as long, at 4 three to five times as long: no session was seen that is
/// nested deeper than 20.
const MAX_LEVEL: usize = 64;

/// As much as the events of a session differ in; fresh memory costs more than learning it again.
/// An eighth of either makes the recordings of `test/fixtures` up to 4 % (templates) and 9 %
/// (leaves) slower, half of it none; where events hold a hundred kinds of objects half of it costs
/// 3 %, and 9 % with 200. More gains at most 7 %, with 200 kinds, for many times the memory.
const MAX_TEMPLATES: usize = 1 << 10;
const MAX_LEAVES: usize = 1 << 13;

impl Templates {
    /// For a source in which so many bytes after a leaf tell that it ends.
    pub(super) fn new(delimiter: usize) -> Self {
        Templates {
            // Enough for a short recording. A guess, not measured.
            templates: Vec::with_capacity(32),
            leaves: Vec::with_capacity(64),
            slots: vec![NONE; shape::SLOTS],
            open: Vec::new(),
            delimiter,
            credit: Credit::full(),
        }
    }

    /// Whether looking for what is alike has been worth it lately. If not, nothing is added either.
    #[inline]
    pub(super) fn is_active(&self) -> bool {
        self.credit.is_left()
    }

    /// An array or object begins at this point, and what is written for it there.
    #[inline]
    pub(super) fn begin(&mut self, at: Point<'_>, shape: Shape, written: usize) {
        let around = self.open.last();
        debug_assert!(around.is_none_or(|around| around.level < at.level));
        self.open.push(Start {
            shape,
            offset: at.offset,
            written,
            level: at.level,
            terms_left: at.terms_left,
            leaves: self.leaves.len(),
        });
    }

    /// A leaf has been read, with so many arrays and objects around it.
    #[inline]
    pub(super) fn leaf(&mut self, level: usize, source: Range<usize>, written: Range<usize>) {
        if level < MAX_LEVEL
            && self.is_active()
            && let (Some(source), Some(written)) = (positions(source), positions(written))
        {
            add(&mut self.leaves, Leaf { source, written });
        }
    }

    /// What began at this level has ended at this point, and what was written for it there.
    pub(super) fn end(&mut self, at: Point<'_>, written: usize) {
        // What began when nothing was to be added is not there.
        let Some(start) = self.open.pop_if(|start| start.level == at.level) else {
            return;
        };
        let full = self.templates.len() >= MAX_TEMPLATES;
        if full || at.level >= MAX_LEVEL || !self.is_active() {
            return;
        }
        self.credit.added();
        if let Some(slot) = self.slots.get_mut(start.shape.slot(at.level)) {
            *slot = self.templates.len() as u32;
        }
        self.templates.push(Template {
            source: start.offset..at.offset,
            written: start.written..written,
            leaves: start.leaves..self.leaves.len(),
            level: at.level,
            terms: start.terms_left - at.terms_left,
        });
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            templates: self.templates.len(),
            leaves: self.leaves.len(),
        }
    }

    /// Forgets the leaves since the mark.
    pub(super) fn forget_leaves(&mut self, mark: Mark) {
        self.leaves.truncate(mark.leaves);
    }

    /// Follows what has been written since the mark: a few bytes were inserted before it.
    pub(super) fn shift(&mut self, mark: Mark, bytes: usize) {
        for template in self.templates.iter_mut().skip(mark.templates) {
            let Range { start, end } = template.written;
            template.written = start + bytes..end + bytes;
        }
        for leaf in self.leaves.iter_mut().skip(mark.leaves) {
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
        self.credit.next_event();
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.templates.clear();
        self.leaves.clear();
        self.open.clear();
        self.slots.fill(NONE);
    }
}

#[inline]
fn add(leaves: &mut Vec<Leaf>, leaf: Leaf) {
    if leaves.len() < MAX_LEAVES {
        leaves.push(leaf);
    }
}

/// Positions that leave room for [`Templates::shift`].
#[inline]
fn positions(range: Range<usize>) -> Option<Range<u32>> {
    let end = u32::try_from(range.end).ok()?;
    (end <= u32::MAX / 2).then_some(range.start as u32..end)
}
