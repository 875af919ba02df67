//! Parsers answer whatever the bytes are.

use proptest::prelude::*;
use wire::transit::{Dependencies, TypeTable};

const BLOCK: &[u8] = include_bytes!("../../../../tests/captures/ledger/000007.bin");
const PROCESS: &[u8] = include_bytes!("../../../../tests/captures/ledger/000000.bin");
const STREAM: &[u8] = include_bytes!("../../../../tests/captures/ledger/000005.bin");

/// Bytes that are CBOR heads more often than chance has it.
fn cbor_like() -> impl Strategy<Value = Vec<u8>> {
    let head = prop_oneof![
        any::<u8>(),
        Just(0x9f),
        Just(0xbf),
        Just(0xff),
        Just(0xa1),
        Just(0x81),
        Just(0x1b),
    ];
    proptest::collection::vec(head, 0..300)
}

fn flipped(bytes: &[u8], bits: &[usize]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for bit in bits {
        let bit = bit % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    bytes
}

proptest! {
    #[test]
    fn any_bytes_never_panic(input in cbor_like()) {
        wire::hostile::envelopes(&input);
    }

    #[test]
    fn damaged_envelopes_never_panic(bits in proptest::collection::vec(any::<usize>(), 1..8)) {
        for body in [PROCESS, STREAM, BLOCK] {
            wire::hostile::envelopes(&flipped(body, &bits));
        }
    }

    #[test]
    fn any_buffer_never_panics(buffer in proptest::collection::vec(0u8..8, 0..400)) {
        let stream = wire::envelope::StreamEnvelope::parse(&bytes::Bytes::from_static(STREAM));
        let metadata = stream.expect("recorded").dependencies_metadata;
        let types = TypeTable::parse(&metadata).expect("recorded");
        let _ = Dependencies::parse(&types, buffer);
    }
}

#[test]
fn envelopes_cut_anywhere_are_refused() {
    for body in [PROCESS, STREAM] {
        for end in 0..body.len() {
            wire::hostile::envelopes(&body[..end]);
        }
    }
}
