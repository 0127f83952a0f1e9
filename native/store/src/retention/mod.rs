//! What is deleted by itself.

pub(crate) mod alarm;
pub(crate) mod evictor;
pub(crate) mod limits;
pub(crate) mod pace;

pub use limits::{Limit, Removed, Retention};
