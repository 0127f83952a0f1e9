//! Assigns → an event that is written as what changed, under a sanitizer's rules or none.
//!
//! Data does not change: of what a view assigns, everything that was not made anew is the same
//! term as before, in the same place. So what is to be written and what was written last are
//! walked side by side, and where their words are equal nothing is asked and nothing is encoded.
//!
//! That needs both terms to be arguments of the same call: a process that collects its heap moves
//! terms, but never during a call, and always those it holds all together.

mod assigns;
mod clean;
mod element;
mod event;
mod rules;
mod table;
mod walk;

pub use assigns::{Assigns, News};
pub use event::assigns_in;
pub use table::Table;

use table::Modules;

use crate::encode::Encoder;
use crate::sink::{Full, Grow};
use crate::vm::Raw;

/// Why something could not be written.
#[derive(Clone, Copy)]
pub enum Stop {
    /// It needs more room, or more effort.
    Full,
    /// The rules do not say what to do with it, or do not allow it.
    Refused,
    /// Whether structs of this module are a schema's is not known.
    Module(Raw),
    /// So much has changed that it is to be written in full.
    Fruitless,
}

impl From<Full> for Stop {
    fn from(_: Full) -> Self {
        Stop::Full
    }
}

/// How a term is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// As it is.
    Raw,
    /// As the rules have it.
    Clean,
    /// As `nil`, whatever it is.
    Nil,
    /// As an empty list, whatever it is.
    Empty,
}

/// Writes values of assigns.
struct Writer<'w, 'a, 'b, G: Grow> {
    encoder: Encoder<'a, 'b, G>,
    /// Which modules are those of schemas, as far as is known.
    modules: &'w Modules,
    /// How many bytes more the value has in full than the one it is compared with.
    growth: i64,
    /// How much may still turn out to have changed before it is written in full.
    credit: i64,
}

/// The word of a term.
#[inline]
fn word(term: Raw) -> usize {
    crate::atoms::word(term)
}
