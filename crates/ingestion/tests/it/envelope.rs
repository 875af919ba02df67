//! Request bodies as producers write them.

use bytes::Bytes;
use minicbor::Encoder;
use uuid::Uuid;

pub const PROCESS: &str = "/ingestion/insert_process";
pub const STREAM: &str = "/ingestion/insert_stream";
pub const BLOCK: &str = "/ingestion/insert_block";

/// A program with one stream.
#[derive(Debug, Clone, Copy)]
pub struct Producer {
    pub process: Uuid,
    pub stream: Uuid,
}

impl Producer {
    pub fn new() -> Self {
        Self {
            process: Uuid::new_v4(),
            stream: Uuid::new_v4(),
        }
    }

    pub fn process_body(&self, properties: &[(&str, &str)]) -> Bytes {
        let id = self.process.to_string();
        let mut cbor = Encoder::new(Vec::new());
        cbor.map(12).unwrap();
        let names = [
            "exe",
            "username",
            "realname",
            "computer",
            "distro",
            "cpu_brand",
        ];
        text(&mut cbor, "process_id", &id);
        for name in names {
            text(&mut cbor, name, "test");
        }
        int(&mut cbor, "tsc_frequency", 1_000_000_000);
        text(&mut cbor, "start_time", "2026-01-02T03:04:05.123456789Z");
        int(&mut cbor, "start_ticks", 12);
        cbor.str("parent_process_id").unwrap().null().unwrap();
        text_map(&mut cbor, "properties", properties);
        cbor.into_writer().into()
    }

    pub fn stream_body(&self, properties: &[(&str, &str)]) -> Bytes {
        let mut cbor = Encoder::new(Vec::new());
        cbor.map(6).unwrap();
        text(&mut cbor, "process_id", &self.process.to_string());
        text(&mut cbor, "stream_id", &self.stream.to_string());
        for table in ["dependencies_metadata", "objects_metadata"] {
            cbor.str(table).unwrap().array(0).unwrap();
        }
        cbor.str("tags")
            .unwrap()
            .array(1)
            .unwrap()
            .str("log")
            .unwrap();
        text_map(&mut cbor, "properties", properties);
        cbor.into_writer().into()
    }

    pub fn block_body(&self, block: Uuid, objects: &[u8]) -> Bytes {
        let mut cbor = Encoder::new(Vec::new());
        cbor.map(10).unwrap();
        text(&mut cbor, "block_id", &block.to_string());
        text(&mut cbor, "stream_id", &self.stream.to_string());
        text(&mut cbor, "process_id", &self.process.to_string());
        text(
            &mut cbor,
            "begin_time",
            "2026-01-02T03:04:05.123456789+00:00",
        );
        int(&mut cbor, "begin_ticks", -1);
        text(&mut cbor, "end_time", "2026-01-02T03:04:06.123456789+00:00");
        int(&mut cbor, "end_ticks", 1_000_000_000);
        cbor.str("payload").unwrap();
        payload_map(&mut cbor, objects);
        int(&mut cbor, "object_offset", 0);
        int(&mut cbor, "nb_objects", 1);
        cbor.into_writer().into()
    }
}

/// A payload in its stored form.
pub fn stored_payload(objects: &[u8]) -> Bytes {
    let mut cbor = Encoder::new(Vec::new());
    payload_map(&mut cbor, objects);
    cbor.into_writer().into()
}

fn payload_map(cbor: &mut Encoder<Vec<u8>>, objects: &[u8]) {
    cbor.map(2).unwrap();
    cbor.str("dependencies").unwrap().bytes(b"").unwrap();
    cbor.str("objects").unwrap().bytes(objects).unwrap();
}

fn text(cbor: &mut Encoder<Vec<u8>>, key: &str, value: &str) {
    cbor.str(key).unwrap().str(value).unwrap();
}

fn int(cbor: &mut Encoder<Vec<u8>>, key: &str, value: i64) {
    cbor.str(key).unwrap().i64(value).unwrap();
}

fn text_map(cbor: &mut Encoder<Vec<u8>>, key: &str, values: &[(&str, &str)]) {
    cbor.str(key).unwrap().map(values.len() as u64).unwrap();
    for (key, value) in values {
        text(cbor, key, value);
    }
}
