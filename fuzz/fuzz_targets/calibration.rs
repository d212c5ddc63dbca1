//! `cargo fuzz run calibration`: see `countenance_fuzz::calibration`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| countenance_fuzz::calibration(bytes));
