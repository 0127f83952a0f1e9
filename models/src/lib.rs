//! The slab's chains of chunks, and the finalizer's queue, in a model checker (loom): it runs
//! them with each order of steps that several threads can take, and each value that the memory
//! model lets a load see, up to a bound.
//!
//! The files are the engine's own, by their paths. What is beneath them is made for this:
//! locks and threads are loom's, memory is a piece of the heap that notices who reads and writes
//! it without an order between the two ([`disk::map`]), there is one segment, and time stands
//! still. So what is not looked at here is the file system, and that mapped memory survives the
//! process.
#![cfg(test)]

mod active;
mod crew;
mod disk;
mod slab;
mod sync;
