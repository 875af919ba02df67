//! The batches of an upload, from messages that nobody vouches for.
//!
//! The decoder validates arrays, but trusts the shape of messages: it panics on odd schemas and
//! ranges, and allocates what compressed buffers announce. So messages are inspected first, and
//! what panics all the same is an error of the upload.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc;
use arrow_flight::FlightData;
use arrow_flight::decode::{DecodedPayload, FlightDataDecoder};
use arrow_flight::error::FlightError;
use futures::{FutureExt, Stream, StreamExt};
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tonic::Status;

use crate::error::{Error, Result};

/// Longest time from one message to the next.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Bytes of dictionaries that an upload may keep: they serve all of its later batches.
const DICTIONARY_BYTES_MAX: usize = 256 * 1024 * 1024;

/// A part of an upload.
#[derive(Debug)]
pub(crate) enum Part {
    /// The first one.
    Schema(SchemaRef),
    Batch(RecordBatch),
}

/// Decodes one message at a time, when it is asked for.
#[derive(Debug)]
pub(crate) struct UploadBatches {
    decoder: FlightDataDecoder,
    has_schema: bool,
}

impl UploadBatches {
    pub fn new(messages: impl Stream<Item = Result<FlightData, Status>> + Send + 'static) -> Self {
        let mut dictionaries = Dictionaries::default();
        let inspected = messages
            // Without a header there is nothing to decode, only metadata for the application.
            .filter(|message| {
                let is_empty = |message: &FlightData| message.data_header.is_empty();
                std::future::ready(!message.as_ref().is_ok_and(is_empty))
            })
            .map(move |message| {
                let message = message?;
                dictionaries.inspect(&message).map_err(Status::from)?;
                Ok(message)
            });
        Self {
            decoder: FlightDataDecoder::new(inspected.map(|message| {
                message.map_err(|status: Status| FlightError::Tonic(Box::new(status)))
            })),
            has_schema: false,
        }
    }

    /// `None` at the end of the upload.
    pub async fn next(&mut self) -> Result<Option<Part>, Status> {
        loop {
            let decoding = AssertUnwindSafe(self.decoder.next()).catch_unwind();
            let Ok(decoded) = tokio::time::timeout(IDLE_TIMEOUT, decoding).await else {
                return Err(Error::UploadTooSlow.into());
            };
            let Ok(decoded) = decoded else {
                return Err(Error::BadUpload("the message can not be decoded").into());
            };
            let part = match decoded.transpose().map_err(status_of)? {
                None => return Ok(None),
                Some(message) => message.payload,
            };
            match part {
                DecodedPayload::Schema(_) if self.has_schema => {
                    return Err(Error::BadUpload("there is more than one schema").into());
                }
                DecodedPayload::Schema(schema) => {
                    self.has_schema = true;
                    return Ok(Some(Part::Schema(schema)));
                }
                DecodedPayload::RecordBatch(batch) => return Ok(Some(Part::Batch(batch))),
                DecodedPayload::None => {}
            }
        }
    }
}

/// What the transport or the inspection said stays as it is.
fn status_of(error: FlightError) -> Status {
    match error {
        FlightError::Tonic(status) => *status,
        error => Error::UndecodableUpload(error).into(),
    }
}

/// Bytes of the dictionaries that the decoder holds, by their ids.
#[derive(Debug, Default)]
struct Dictionaries(HashMap<i64, usize>);

impl Dictionaries {
    fn inspect(&mut self, message: &FlightData) -> Result<()> {
        let header = ipc::root_as_message(&message.data_header)
            .map_err(|_| Error::BadUpload("a message is not Arrow IPC"))?;
        let bytes = message.data_body.len();
        if let Some(batch) = header.header_as_record_batch() {
            inspect_batch(batch, bytes)?;
        } else if let Some(dictionary) = header.header_as_dictionary_batch() {
            let batch = dictionary.data();
            inspect_batch(batch.ok_or(Error::BadUpload("an empty dictionary"))?, bytes)?;
            self.hold(dictionary.id(), dictionary.isDelta(), bytes)?;
        }
        Ok(())
    }

    fn hold(&mut self, id: i64, is_delta: bool, bytes: usize) -> Result<()> {
        let held = self.0.entry(id).or_default();
        *held = if is_delta { *held + bytes } else { bytes };
        if self.0.values().sum::<usize>() > DICTIONARY_BYTES_MAX {
            return Err(Error::BadUpload("the dictionaries are too large together"));
        }
        Ok(())
    }
}

/// Buffers lie inside the body without overlap, so that decoding allocates no more than arrived.
fn inspect_batch(batch: ipc::RecordBatch<'_>, body_bytes: usize) -> Result<()> {
    if batch.compression().is_some() {
        return Err(Error::BadUpload(
            "compressed batches are not accepted; send them without compression",
        ));
    }
    let mut end = 0;
    for buffer in batch.buffers().into_iter().flatten() {
        let (start, length) = (buffer.offset(), buffer.length());
        // Empty ones may stand anywhere.
        let is_ordered = start >= end || length == 0;
        let buffer_end = start.checked_add(length);
        let is_inside = buffer_end.is_some_and(|end| {
            start >= 0 && length >= 0 && usize::try_from(end).is_ok_and(|end| end <= body_bytes)
        });
        if !is_ordered || !is_inside {
            return Err(Error::BadUpload("a buffer lies outside of its message"));
        }
        end = buffer_end.unwrap_or(end).max(end);
    }
    let is_negative = |node: &ipc::FieldNode| node.length() < 0 || node.null_count() < 0;
    if batch.length() < 0 || batch.nodes().into_iter().flatten().any(is_negative) {
        return Err(Error::BadUpload("a length is negative"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
