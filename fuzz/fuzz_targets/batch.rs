//! See `hostile::batch`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::batch::check(bytes));
