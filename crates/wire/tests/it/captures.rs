//! Every recorded request parses, and its payload survives being stored.

use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use wire::envelope::{BlockEnvelope, Payload, ProcessEnvelope, StreamEnvelope};
use wire::transit::parse_types;

/// Path and body of each recorded request, in the order sent.
fn requests(folder: &str) -> Vec<(String, Bytes)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/captures")
        .join(folder);
    (0..)
        .map_while(|index| {
            let head = fs::read_to_string(folder.join(format!("{index:06}.json"))).ok()?;
            let body = fs::read(folder.join(format!("{index:06}.bin"))).ok()?;
            let path = head.split("/ingestion/").nth(1)?.split('"').next()?;
            Some((path.to_owned(), body.into()))
        })
        .collect()
}

fn check(folder: &str, expected: [usize; 3]) {
    let mut counts = [0; 3];
    for (path, body) in requests(folder) {
        match path.as_str() {
            "insert_process" => {
                let process = ProcessEnvelope::parse(&body).expect("a process");
                assert!(!process.exe.is_empty());
                counts[0] += 1;
            }
            "insert_stream" => {
                let stream = StreamEnvelope::parse(&body).expect("a stream");
                let types = parse_types(&stream.objects_metadata).expect("a type table");
                assert!(!types.is_empty());
                counts[1] += 1;
            }
            "insert_block" => {
                let block = BlockEnvelope::parse(&body).expect("a block");
                let mut stored = Vec::new();
                block.payload.encode_into(&mut stored);
                assert_eq!(stored.len(), block.payload.encoded_len());
                assert_eq!(Payload::parse(&stored.into()), Ok(block.payload));
                counts[2] += 1;
            }
            other => panic!("unexpected request {other}"),
        }
    }
    assert_eq!(counts, expected);
}

#[test]
fn recorded_requests_parse() {
    check("ledger", [1, 5, 5]);
    check("generator", [1, 5, 6]);
}
