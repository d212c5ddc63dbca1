//! `cargo fuzz run frame`: see `countenance_fuzz::frame`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| countenance_fuzz::frame(bytes));
