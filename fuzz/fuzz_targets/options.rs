//! `cargo fuzz run options`: see `countenance_fuzz::options`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| countenance_fuzz::options(bytes));
