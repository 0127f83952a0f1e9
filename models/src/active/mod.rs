//! The engine's queue, with jobs that are only counted.

#[path = "../../../native/store/src/active/drained.rs"]
mod drained;
mod job;
mod models;
#[path = "../../../native/store/src/active/queue.rs"]
mod queue;
