//! The shape of a recording. Its field names and the types of its events live here only.
//!
//! A recording is a map of seven atom keys. Keys may come in any order, and keys that are not
//! known are skipped, so that a later shape can still be read.

mod append;
mod assemble;
pub mod changes;
mod elsewhere;
mod event;
mod field;
mod names;
mod search;
mod summary;
mod view;

pub use assemble::{Frame, offset_and_kind};
pub use elsewhere::is_read_elsewhere;
pub use event::{EventCounts, EventHead, EventKind, event};
pub(crate) use event::{NAME, clamped};
pub(crate) use field::Absent;
pub use field::Field;
pub use names::{MAX_NAME_BYTES, MAX_NAMES};
pub use search::contains;
pub(crate) use summary::{Events, Parts, key};
pub use summary::{Summary, summarize};
pub use view::View;
