//! What the slab's chains and the finalizer's queue synchronize with: a place of its own, so that
//! `models/` can put a model checker's in its place and run these files as they are.

pub(crate) use std::sync::Arc;
pub(crate) use std::thread;

pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
