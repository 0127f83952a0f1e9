//! See `hostile::note`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::note::check(bytes));
