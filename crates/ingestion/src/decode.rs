//! From request bodies to records. Envelopes only: payloads are stored as they are.

use std::sync::Arc;

use bytes::Bytes;
use model::{BlockInfo, ProcessInfo, StreamInfo};
use tokio::sync::Semaphore;
use wire::envelope::{BlockEnvelope, Error, ProcessEnvelope, StreamEnvelope};

use crate::refusal::Refusal;
use crate::reserved::drop_reserved;

/// Larger bodies are decoded beside the threads that serve connections.
const INLINE_BYTES_MAX: usize = 256 * 1024;

/// A block ready to be stored.
#[derive(Debug)]
pub(crate) struct DecodedBlock {
    pub info: BlockInfo,
    /// The payload in its stored form.
    pub payload: Bytes,
}

/// Runs decoders. While one works, its body and its result are both in memory; large ones are
/// therefore limited to one per core. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Decoder {
    large: Arc<Semaphore>,
}

impl Decoder {
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            large: Arc::new(Semaphore::new(cores)),
        }
    }

    /// Consumes `body`, so that its memory is free when this returns.
    pub async fn run<T: Send + 'static>(
        &self,
        body: Bytes,
        decode: fn(&Bytes) -> Result<T, Error>,
    ) -> Result<T, Refusal> {
        if body.len() <= INLINE_BYTES_MAX {
            return decode(&body).map_err(Refusal::Malformed);
        }
        let turn = Arc::clone(&self.large).acquire_owned().await;
        let decoding = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            decode(&body)
        });
        let decoded = decoding
            .await
            .map_err(|error| Refusal::Lost(error.into()))?;
        decoded.map_err(Refusal::Malformed)
    }
}

pub(crate) fn process(body: &Bytes) -> Result<ProcessInfo, Error> {
    let mut process = ProcessInfo::from(ProcessEnvelope::parse(body)?);
    drop_reserved(&mut process.properties, &process.process_id);
    Ok(process)
}

pub(crate) fn stream(body: &Bytes) -> Result<StreamInfo, Error> {
    let mut stream = StreamInfo::from(StreamEnvelope::parse(body)?);
    drop_reserved(&mut stream.properties, &stream.stream_id);
    Ok(stream)
}

pub(crate) fn block(body: &Bytes) -> Result<DecodedBlock, Error> {
    let envelope = BlockEnvelope::parse(body)?;
    let mut payload = Vec::with_capacity(envelope.payload.encoded_len());
    envelope.payload.encode_into(&mut payload);
    Ok(DecodedBlock {
        info: BlockInfo::from(&envelope),
        payload: payload.into(),
    })
}
