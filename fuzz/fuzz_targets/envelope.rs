//! Bodies of the native ingestion routes, and stored payloads.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wire::hostile::envelopes(input));
