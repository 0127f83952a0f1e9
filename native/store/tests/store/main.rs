//! The store as its users see it: on a real directory, and on one that fails.

mod concurrency;
mod damage;
mod faults;
mod foreign;
mod interchange;
mod model;
mod names;
mod saving;
mod support;
