//! See `hostile::filter`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::filter::check(bytes));
