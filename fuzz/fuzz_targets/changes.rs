//! See `hostile::changes`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::changes::check(bytes));
