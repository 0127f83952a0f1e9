//! See `hostile::owner`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::owner::check(bytes));
