//! See `hostile::index`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::index::check(bytes));
