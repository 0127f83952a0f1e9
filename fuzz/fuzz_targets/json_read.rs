//! See `hostile::json_read`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::json_read::check(bytes));
