//! What must hold for any bytes at all, in one place for property tests and fuzzing.

use bytes::Bytes;

use crate::envelope::{BlockEnvelope, Payload, ProcessEnvelope, StreamEnvelope};

/// Every document parser answers; a payload it accepts survives being stored.
pub fn envelopes(input: &[u8]) {
    let body = Bytes::copy_from_slice(input);
    let _ = ProcessEnvelope::parse(&body);
    let _ = StreamEnvelope::parse(&body);
    let block = BlockEnvelope::parse(&body).map(|block| block.payload);
    for payload in [block, Payload::parse(&body)].into_iter().flatten() {
        let mut stored = Vec::new();
        payload.encode_into(&mut stored);
        assert_eq!(stored.len(), payload.encoded_len());
        assert_eq!(Payload::parse(&stored.into()), Ok(payload));
    }
}
