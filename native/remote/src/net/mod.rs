//! Requests on the wire: connections, time-outs, limits of bodies, and what an answer means.

mod ask;
mod body;
mod client;
mod listing;
mod pace;
mod transport;
mod xml;

pub(crate) use ask::Ask;
pub(crate) use client::{Trust, client};
pub(crate) use listing::Listing;
#[cfg(test)]
pub(crate) use listing::Raw;
pub(crate) use transport::{Connector, Transport};
