//! The bucket as a real server has it, and as it is behind a network that fails.
#![expect(clippy::unwrap_used, reason = "a failed test is meant to panic")]
#![expect(clippy::panic, reason = "a failed test is meant to panic")]

mod credentials;
mod faults;
mod leases;
mod listings;
mod objects;
mod support;
mod tls;
