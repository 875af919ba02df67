//! Body of `insert_stream`.

use bytes::Bytes;
use uuid::Uuid;

use super::{Error, MAX_PROPERTIES, MAX_TAGS};
use crate::cbor::{Reader, Slot};
use crate::transit::read_types;

/// What a producer says of one of its streams, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamEnvelope {
    pub process_id: Uuid,
    pub stream_id: Uuid,
    /// The CBOR array as received (a slice of the body), known to parse as a type table.
    pub dependencies_metadata: Bytes,
    /// The CBOR array as received (a slice of the body), known to parse as a type table.
    pub objects_metadata: Bytes,
    pub tags: Vec<String>,
    /// In the order received; a name may repeat.
    pub properties: Vec<(String, String)>,
}

impl StreamEnvelope {
    pub fn parse(body: &Bytes) -> Result<Self, Error> {
        let mut process_id = Slot::new("process_id");
        let mut stream_id = Slot::new("stream_id");
        let mut dependencies_metadata = Slot::new("dependencies_metadata");
        let mut objects_metadata = Slot::new("objects_metadata");
        let mut tags = Slot::new("tags");
        let mut properties = Slot::new("properties");
        let metadata = |reader: &mut Reader<'_>, key| raw_types(reader, key, body);
        Reader::new(body).map("stream", |reader, key| match key {
            "process_id" => process_id.read(reader, Reader::uuid),
            "stream_id" => stream_id.read(reader, Reader::uuid),
            "dependencies_metadata" => dependencies_metadata.read(reader, metadata),
            "objects_metadata" => objects_metadata.read(reader, metadata),
            "tags" => tags.read(reader, |r, key| r.list(key, MAX_TAGS, |r| r.string(key))),
            "properties" => properties.read(reader, |r, key| r.text_map(key, MAX_PROPERTIES)),
            _ => reader.skip(),
        })?;
        Ok(Self {
            process_id: process_id.take()?,
            stream_id: stream_id.take()?,
            dependencies_metadata: dependencies_metadata.take()?,
            objects_metadata: objects_metadata.take()?,
            tags: tags.take()?,
            properties: properties.take()?,
        })
    }
}

/// Check that a type table parses, and keep its bytes as they are.
fn raw_types(reader: &mut Reader<'_>, key: &'static str, body: &Bytes) -> Result<Bytes, Error> {
    reader.kind()?;
    let start = reader.position();
    read_types(reader, key)?;
    Ok(body.slice(start..reader.position()))
}
