//! How changes that others make to the directory are noticed.

pub(crate) mod freshness;
pub(crate) mod learn;
pub(crate) mod probe;
pub(crate) mod refresh;
pub(crate) mod scan;
mod standing;
pub(crate) mod told;
mod written;
