//! `cargo fuzz run weights`: see `countenance_fuzz::weights`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| countenance_fuzz::weights(bytes));
