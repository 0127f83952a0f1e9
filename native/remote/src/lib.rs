//! Recordings in an object store that many nodes share: what is a name or a byte format there,
//! and everything that talks to it.
//!
//! Whoever calls is a native thread and waits for the answer: no caller needs to know the
//! runtime beneath. Nothing here tries again by itself; a [`Fault`] says whether that is worth
//! it, and pauses are the caller's.
#![forbid(unsafe_code)]

mod address;
mod bucket;
mod connect;
mod fault;
mod gone;
mod key;
mod lease;
mod link;
mod net;
mod node;
mod requests;
mod threads;
mod wire;

pub use address::{Address, AddressError, Options, Secret, Sse};
pub use bucket::{Bucket, Cursor, ETag, Listed, Meta, Object, Page};
pub use fault::{Fault, FaultKind};
pub use gone::{Gone, MAX_GONE_BYTES, MAX_GONE_IDS};
pub use key::{Day, Key, MAX_NAME_BYTES, Name, Tag, Time};
pub use lease::{Claim, Holder, Lease};
pub use link::{Confirmed, Link, Settings, Status};
pub use node::Presence;
pub use requests::Requests;
