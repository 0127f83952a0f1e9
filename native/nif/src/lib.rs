//! The boundary between the BEAM and the engine: terms become bytes, bytes
//! become terms, and nothing else is decided here.
//!
//! Of the workspace's crates this one talks to C: every `unsafe` block says
//! why it is sound.

mod active;
mod active_changes;
mod atoms;
mod buffer;
mod changes;
mod codec;
mod decode;
mod directories;
mod encode;
mod erase;
mod errors;
mod filter;
mod frame;
mod later;
mod load;
mod notices;
mod opening;
mod options;
mod query;
mod remote;
mod resource;
mod rewrite;
mod role;
mod search;
mod session;
mod sink;
mod stats;
mod store;
mod subject;
mod summary;
mod terms;
mod verify;
mod view;
mod vm;
mod workers;
