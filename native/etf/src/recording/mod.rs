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
mod pages;
mod search;
mod summary;
mod texts;
mod view;
mod visits;

pub use assemble::{Frame, offset_and_kind};
pub use elsewhere::is_read_elsewhere;
pub use event::{EventCounts, EventHead, EventKind, event};
pub(crate) use event::{NAME, URL, clamped};
pub(crate) use field::Absent;
pub use field::Field;
pub use pages::{
    MAX_PAGE_BYTES, MAX_PAGES, MAX_PAGES_BYTES, Pages, origin, page, path, path_and_query,
};
pub use search::contains;
pub(crate) use summary::{Events, Parts, key};
pub use summary::{Summary, summarize};
pub use texts::{MAX_NAME_BYTES, MAX_NAMES};
pub use view::View;
pub use visits::each_url;
