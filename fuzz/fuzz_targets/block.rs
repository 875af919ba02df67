//! Type tables, buffers and events of a block: input as `decode::hostile::Parts` packs it.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| decode::hostile::block(input));
