//! The page that shows a session.
#![forbid(unsafe_code)]

pub mod page;
