//! See `hostile::slab`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::slab::check(bytes));
