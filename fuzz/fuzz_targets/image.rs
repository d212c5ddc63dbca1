//! `cargo fuzz run image`: see `countenance_fuzz::image`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| countenance_fuzz::image(bytes));
