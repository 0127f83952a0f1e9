//! A server for tests that speaks as S3 does, and a proxy before it that makes trouble.
//!
//! No part of what is shipped. The server's protocol and its signatures are those of a library of
//! its own; what is below, a folder, is here. Both listen on this machine alone.
#![forbid(unsafe_code)]

mod elsewhere;
mod proxy;
mod server;
mod shelf;

pub use elsewhere::Elsewhere;
pub use proxy::{Proxy, Rule, Seen, Trouble};
pub use server::{Config, Server};
pub use shelf::{Conditions, Quirks};
