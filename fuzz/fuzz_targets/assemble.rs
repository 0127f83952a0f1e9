//! See `hostile::assemble`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::assemble::check(bytes));
