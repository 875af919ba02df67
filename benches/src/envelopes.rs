//! Requests of a producer, built before the clock starts.

use uuid::Uuid;

use crate::cbor::Writer;
use crate::random::Random;

const BEGIN_TIME: &str = "2026-01-02T03:04:05.000000000+00:00";
const END_TIME: &str = "2026-01-02T03:04:06.000000000+00:00";
/// What the envelope of a block holds beside its payload, in bytes.
const ENVELOPE_BYTES: usize = 327;

/// A program with one stream, and the requests that register them.
#[derive(Debug, Clone, Copy)]
pub struct Producer {
    pub process_id: Uuid,
    pub stream_id: Uuid,
}

impl Producer {
    pub fn new() -> Self {
        Self {
            process_id: Uuid::new_v4(),
            stream_id: Uuid::new_v4(),
        }
    }

    /// Body of `insert_process`.
    pub fn process(&self) -> Vec<u8> {
        let mut body = Writer::default();
        body.map(12);
        body.text("process_id").text(&self.process_id.to_string());
        for name in [
            "exe",
            "username",
            "realname",
            "computer",
            "distro",
            "cpu_brand",
        ] {
            body.text(name).text("load");
        }
        body.text("tsc_frequency").unsigned(1_000_000_000);
        body.text("start_time").text(BEGIN_TIME);
        body.text("start_ticks").unsigned(0);
        body.text("parent_process_id").text("");
        body.text("properties").map(0);
        body.finish()
    }

    /// Body of `insert_stream`: a log stream whose events have no type.
    pub fn stream(&self) -> Vec<u8> {
        let mut body = Writer::default();
        body.map(6);
        body.text("process_id").text(&self.process_id.to_string());
        body.text("stream_id").text(&self.stream_id.to_string());
        body.text("dependencies_metadata").array(0);
        body.text("objects_metadata").array(0);
        body.text("tags").array(1).text("log");
        body.text("properties").map(0);
        body.finish()
    }
}

impl Default for Producer {
    fn default() -> Self {
        Self::new()
    }
}

/// Body of `insert_block` in which only the identifier changes between requests.
#[derive(Debug, Clone)]
pub struct BlockTemplate {
    body: Vec<u8>,
    id_at: usize,
    random: Random,
}

impl BlockTemplate {
    /// About `bytes` long; its content does not compress, and differs by `seed`.
    pub fn new(producer: &Producer, bytes: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let objects = random.bytes(bytes.saturating_sub(ENVELOPE_BYTES));
        let mut body = Writer::default();
        body.map(10);
        body.text("block_id");
        let id_at = body.position() + 2; // after the head of a text of 36 bytes
        body.text(&Uuid::nil().to_string());
        body.text("stream_id").text(&producer.stream_id.to_string());
        body.text("process_id")
            .text(&producer.process_id.to_string());
        body.text("begin_time").text(BEGIN_TIME);
        body.text("begin_ticks").unsigned(0);
        body.text("end_time").text(END_TIME);
        body.text("end_ticks").unsigned(1_000_000_000);
        body.text("payload").map(2);
        body.text("dependencies").bytes(&[]);
        body.text("objects").bytes(&objects);
        body.text("object_offset").unsigned(0);
        body.text("nb_objects").unsigned(1);
        Self {
            body: body.finish(),
            id_at,
            // Identifiers must not repeat between runs over one lake.
            random: Random::new(Uuid::new_v4().as_u64_pair().0),
        }
    }

    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Where the 36 characters of the identifier are.
    pub fn id_range(&self) -> std::ops::Range<usize> {
        self.id_at..self.id_at + 36
    }

    /// Characters of the next identifier.
    pub fn next_id(&mut self) -> [u8; 36] {
        let (high, low) = (self.random.next_u64(), self.random.next_u64());
        let id = uuid::Builder::from_u128(u128::from(high) << 64 | u128::from(low))
            .with_version(uuid::Version::Random)
            .with_variant(uuid::Variant::RFC4122)
            .into_uuid();
        let mut text = [0; 36];
        id.hyphenated().encode_lower(&mut text);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_the_asked_size_and_fresh_ids() {
        let producer = Producer::new();
        for bytes in [2_900, 120_000] {
            let mut template = BlockTemplate::new(&producer, bytes, 1);
            let difference = template.body().len().abs_diff(bytes);
            assert!(difference < 16, "{difference} bytes off");
            let nil = Uuid::nil().to_string();
            assert_eq!(&template.body()[template.id_range()], nil.as_bytes());
            assert_ne!(template.next_id(), template.next_id());
        }
    }
}
