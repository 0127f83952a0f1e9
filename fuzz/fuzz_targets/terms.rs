//! See `hostile::terms`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::terms::check(bytes));
