//! The command as it is used: the built program, on recordings of a real application.
#![expect(clippy::unwrap_used, reason = "a failed test is meant to panic")]

mod beside;
mod bucket;
mod changing;
mod charts;
mod exchange;
mod hostile;
mod listing;
mod shell;
mod showing;
mod support;
mod tail;
