//! The engine's chains, above one segment of a few blocks.

#[path = "../../../native/store/src/slab/append.rs"]
mod append;
#[path = "../../../native/store/src/slab/chain.rs"]
mod chain;
#[path = "../../../native/store/src/slab/chunk.rs"]
mod chunk;
#[path = "../../../native/store/src/slab/error.rs"]
mod error;
#[path = "../../../native/store/src/slab/frames.rs"]
mod frames;
#[path = "../../../native/store/src/slab/header.rs"]
mod header;
#[path = "../../../native/store/src/slab/left.rs"]
mod left;
mod models;
#[path = "../../../native/store/src/slab/moving.rs"]
mod moving;
mod segment;
mod segments;
#[path = "../../../native/store/src/slab/settings.rs"]
mod settings;
mod space;
#[path = "../../../native/store/src/slab/tail.rs"]
mod tail;
#[path = "../../../native/store/src/slab/unwiped.rs"]
mod unwiped;
#[path = "../../../native/store/src/slab/wait.rs"]
mod wait;
