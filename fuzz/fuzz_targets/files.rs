//! See `hostile::files`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::files::check(bytes));
