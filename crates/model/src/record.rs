//! Processes, streams and blocks as producers register them.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::{BlockId, ProcessId, StreamId, TimeNs};

/// Free-form text attributes of a process, a stream or an event.
pub type Properties = BTreeMap<String, String>;

/// Property keys with this prefix belong to the server; clients can not set them.
pub const RESERVED_PROPERTY_PREFIX: &str = "micromegas.";

/// Longer descriptive fields of a process are truncated, not refused: a producer
/// would retry a refusal for ever.
pub const MAX_NAME_CHARS: usize = 255;

/// `StreamInfo::format` of streams written by native producers.
pub const TRANSIT_FORMAT: &str = "micromegas-transit";

/// What a producer says of its process, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessInfo {
    pub process_id: ProcessId,
    pub exe: String,
    pub username: String,
    pub realname: String,
    pub computer: String,
    pub distro: String,
    pub cpu_brand: String,
    /// Ticks per second of the clock behind every tick value; 0 = unknown.
    pub tsc_frequency: i64,
    pub start_time: TimeNs,
    /// Tick counter at `start_time`.
    pub start_ticks: i64,
    pub parent_process_id: Option<ProcessId>,
    pub properties: Properties,
}

/// What a producer says of one of its streams, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamInfo {
    pub stream_id: StreamId,
    pub process_id: ProcessId,
    /// CBOR array of type descriptions, as received.
    pub dependencies_metadata: Bytes,
    /// CBOR array of type descriptions, as received.
    pub objects_metadata: Bytes,
    pub tags: Vec<String>,
    pub properties: Properties,
    /// [`TRANSIT_FORMAT`] or the name of a foreign payload format.
    pub format: String,
}

/// What a producer says of a block, apart from its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockInfo {
    pub block_id: BlockId,
    pub stream_id: StreamId,
    pub process_id: ProcessId,
    pub begin_time: TimeNs,
    /// Relative to the start of the process; may be negative.
    pub begin_ticks: i64,
    pub end_time: TimeNs,
    pub end_ticks: i64,
    /// Events in all earlier blocks of the stream.
    pub object_offset: i64,
    /// Events in this block.
    pub nb_objects: i32,
}

/// The longest prefix of `text` with at most `max` characters.
pub fn truncate_chars(text: &str, max: usize) -> &str {
    text.char_indices()
        .nth(max)
        .map_or(text, |(end, _)| &text[..end])
}

impl From<wire::envelope::ProcessEnvelope> for ProcessInfo {
    fn from(envelope: wire::envelope::ProcessEnvelope) -> Self {
        Self {
            process_id: envelope.process_id.into(),
            exe: envelope.exe,
            username: envelope.username,
            realname: envelope.realname,
            computer: envelope.computer,
            distro: envelope.distro,
            cpu_brand: envelope.cpu_brand,
            tsc_frequency: envelope.tsc_frequency,
            start_time: envelope.start_time,
            start_ticks: envelope.start_ticks,
            parent_process_id: envelope.parent_process_id.map(Into::into),
            properties: envelope.properties.into_iter().collect(),
        }
    }
}

impl From<wire::envelope::StreamEnvelope> for StreamInfo {
    fn from(envelope: wire::envelope::StreamEnvelope) -> Self {
        Self {
            stream_id: envelope.stream_id.into(),
            process_id: envelope.process_id.into(),
            dependencies_metadata: envelope.dependencies_metadata,
            objects_metadata: envelope.objects_metadata,
            tags: envelope.tags,
            properties: envelope.properties.into_iter().collect(),
            format: TRANSIT_FORMAT.to_owned(),
        }
    }
}

impl From<&wire::envelope::BlockEnvelope> for BlockInfo {
    fn from(envelope: &wire::envelope::BlockEnvelope) -> Self {
        Self {
            block_id: envelope.block_id.into(),
            stream_id: envelope.stream_id.into(),
            process_id: envelope.process_id.into(),
            begin_time: envelope.begin_time,
            begin_ticks: envelope.begin_ticks,
            end_time: envelope.end_time,
            end_ticks: envelope.end_ticks,
            object_offset: envelope.object_offset,
            nb_objects: envelope.nb_objects,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::truncate_chars;

    #[test]
    fn truncation_counts_characters_not_bytes() {
        assert_eq!(truncate_chars("héllo", 2), "hé");
        assert_eq!(truncate_chars("hé", 2), "hé");
        assert_eq!(truncate_chars("", 2), "");
    }
}
