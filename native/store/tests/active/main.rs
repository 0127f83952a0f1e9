//! Recordings from their first event to their file.
#![expect(clippy::unwrap_used, reason = "a failed test is meant to panic")]

mod again;
mod changes;
mod contains;
mod durability;
mod elsewhere;
mod erase;
mod faults;
mod forgotten;
mod left;
mod life;
mod limits;
mod parts;
mod query;
mod reader;
mod recovery;
mod refusals;
mod removed;
mod subject;
mod support;
mod threads;
mod unread;
