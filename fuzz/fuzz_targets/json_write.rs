//! See `hostile::json_write`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::json_write::check(bytes));
