//! Body of `insert_block`.

use bytes::Bytes;
use uuid::Uuid;

use super::{Error, Payload};
use crate::cbor::{Reader, Slot};

/// One block of events and what its producer says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockEnvelope {
    pub block_id: Uuid,
    pub stream_id: Uuid,
    pub process_id: Uuid,
    /// Nanoseconds since the Unix epoch.
    pub begin_time: i64,
    /// Relative to the start of the process; may be negative.
    pub begin_ticks: i64,
    /// Nanoseconds since the Unix epoch.
    pub end_time: i64,
    /// Relative to the start of the process; may be negative.
    pub end_ticks: i64,
    pub payload: Payload,
    /// Events in all earlier blocks of the stream.
    pub object_offset: i64,
    /// Events in this block; not negative.
    pub nb_objects: i32,
}

impl BlockEnvelope {
    pub fn parse(body: &Bytes) -> Result<Self, Error> {
        let mut block_id = Slot::new("block_id");
        let mut stream_id = Slot::new("stream_id");
        let mut process_id = Slot::new("process_id");
        let mut begin_time = Slot::new("begin_time");
        let mut begin_ticks = Slot::new("begin_ticks");
        let mut end_time = Slot::new("end_time");
        let mut end_ticks = Slot::new("end_ticks");
        let mut payload = Slot::new("payload");
        let mut object_offset = Slot::new("object_offset");
        let mut nb_objects = Slot::new("nb_objects");
        Reader::new(body).map("block", |reader, key| match key {
            "block_id" => block_id.read(reader, Reader::uuid),
            "stream_id" => stream_id.read(reader, Reader::uuid),
            "process_id" => process_id.read(reader, Reader::uuid),
            "begin_time" => begin_time.read(reader, Reader::time_ns),
            "begin_ticks" => begin_ticks.read(reader, Reader::i64),
            "end_time" => end_time.read(reader, Reader::time_ns),
            "end_ticks" => end_ticks.read(reader, Reader::i64),
            "payload" => payload.read(reader, |r, key| Payload::read(r, key, body)),
            "object_offset" => object_offset.read(reader, Reader::i64),
            "nb_objects" => nb_objects.read(reader, Reader::count),
            _ => reader.skip(),
        })?;
        Ok(Self {
            block_id: block_id.take()?,
            stream_id: stream_id.take()?,
            process_id: process_id.take()?,
            begin_time: begin_time.take()?,
            begin_ticks: begin_ticks.take()?,
            end_time: end_time.take()?,
            end_ticks: end_ticks.take()?,
            payload: payload.take()?,
            object_offset: object_offset.take()?,
            nb_objects: nb_objects.take()?,
        })
    }
}
