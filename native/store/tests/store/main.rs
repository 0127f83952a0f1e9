//! The store as its users see it: on a real directory, and on one that fails.
#![expect(clippy::unwrap_used, reason = "a failed test is meant to panic")]

mod concurrency;
mod contains;
mod convert;
mod damage;
mod durability;
mod faults;
mod foreign;
mod histories;
mod interchange;
mod journal;
mod learning;
mod model;
mod names;
mod pages;
mod query;
mod reader;
mod reads;
mod retention;
mod rewrite;
mod rival;
mod saving;
mod soundness;
mod subject;
mod support;
mod told;
mod verify;

#[path = "../support/hooked.rs"]
mod hooked;

use replay_store::{FileName, FileSystem, Mapping, Metadata, OsFileSystem, Process, Stamp, Watch};
