//! See `hostile::names`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::names::check(bytes));
