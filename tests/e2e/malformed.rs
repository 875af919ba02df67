//! Hostile bodies get their status; the server stays up, and its memory stays bounded.

use anyhow::{Context, Result};
use bytes::Bytes;
use test_kit::Capture;

use crate::deployment::{Backend, Deployment};
use crate::memory::peak_resident_bytes;
use crate::replay::post_in_order;

const MIB: usize = 1024 * 1024;
/// More than any run needs, far less than what the bodies below claim.
const RESIDENT_BYTES_MAX: usize = 1200 * MIB;

#[tokio::test(flavor = "multi_thread")]
async fn malformed_bodies_get_their_status() -> Result<()> {
    let deployment = Deployment::start(Backend::Embedded).await?;
    let capture = Capture::load("ledger")?;
    let block = capture
        .requests
        .iter()
        .find(|request| request.path.ends_with("insert_block"))
        .context("no block in the recording")?
        .body
        .clone();
    let cases: Vec<(&str, Bytes, u16)> = vec![
        ("empty", Bytes::new(), 400),
        ("not CBOR", Bytes::from_static(b"\xff\xff\xff"), 400),
        ("JSON", Bytes::from_static(b"{\"block_id\": 1}"), 400),
        ("an array", Bytes::from_static(b"\x80"), 400),
        ("an empty map", Bytes::from_static(b"\xa0"), 400),
        ("a map that never ends", Bytes::from_static(b"\xbf"), 400),
        (
            "a map of 2^64 entries",
            Bytes::from_static(b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff"),
            400,
        ),
        (
            "a text of 2^63 bytes",
            Bytes::from_static(b"\xa1\x7b\x7f\xff\xff\xff\xff\xff\xff\xff"),
            400,
        ),
        ("deep nesting", nested_arrays(), 400),
        ("truncated", block.slice(..block.len() / 2), 400),
        (
            "a bad UUID",
            replaced(&block, b"block_id\x78\x24", b"zzzzzzzz"),
            400,
        ),
        (
            "a bad time",
            replaced(&block, b"begin_time\x78\x23", b"not-a-time"),
            400,
        ),
        (
            "wrong type of payload",
            replaced(&block, b"payload", b"\x01"),
            400,
        ),
        ("101 MiB", vec![0; 101 * MIB].into(), 413),
    ];
    for route in ["insert_process", "insert_stream", "insert_block"] {
        for (what, body, expected) in &cases {
            let status = deployment
                .post(&format!("/ingestion/{route}"), body.clone())
                .await;
            // A server may answer 413 and close before the whole body was sent.
            if let Ok(status) = status {
                assert_eq!(status.as_u16(), *expected, "{what} to {route}");
            } else {
                assert_eq!(*expected, 413, "{what} to {route} got no answer");
            }
        }
    }
    assert_eq!(deployment.count("SELECT count(*) FROM blocks").await?, 0);
    post_in_order(&deployment, &capture).await?;
    let entries = "SELECT count(*) FROM log_entries WHERE target LIKE 'ledger::%'";
    assert_eq!(deployment.count(entries).await?, 4000);
    let resident = peak_resident_bytes(deployment.server.id())?;
    assert!(
        resident < RESIDENT_BYTES_MAX,
        "{} MiB resident",
        resident / MIB
    );
    Ok(())
}

/// Blocks whose envelope is sound and whose payload is not: stored, skipped when read.
#[tokio::test(flavor = "multi_thread")]
async fn a_corrupt_block_costs_its_own_rows() -> Result<()> {
    let deployment = Deployment::start(Backend::Embedded).await?;
    let capture = Capture::load("ledger")?;
    post_in_order(&deployment, &capture).await?;
    let count = "SELECT count(*) FROM log_entries";
    let entries = deployment.count(count).await?;
    let log_block = capture
        .requests
        .iter()
        .filter(|request| request.path.ends_with("insert_block"))
        .min_by_key(|request| request.body.len())
        .context("no block in the recording")?;
    for (copy, position) in [(1, 0.3), (2, 0.6), (3, 0.9)] {
        let mut renamed = capture.renamed(copy);
        renamed
            .requests
            .retain(|request| request.path != log_block.path);
        post_in_order(&deployment, &renamed).await?;
        let index = capture
            .requests
            .iter()
            .position(|request| request == log_block);
        let copies = capture.renamed(copy).requests;
        let original = &copies[index.context("the block is in the recording")?];
        let mut body = original.body.to_vec();
        let at = (body.len() as f64 * position) as usize;
        body[at] ^= 0x55;
        let status = deployment
            .post("/ingestion/insert_block", body.into())
            .await?;
        assert_eq!(status, 200);
    }
    assert_eq!(
        deployment.count("SELECT count(*) FROM blocks").await?,
        5 + 3
    );
    assert_eq!(deployment.count(count).await?, entries);
    Ok(())
}

fn nested_arrays() -> Bytes {
    let mut body = vec![0xa1, 0x61, b'x'];
    body.resize(MIB, 0x81);
    body.into()
}

/// `body` with the bytes after `key` overwritten.
fn replaced(body: &Bytes, key: &[u8], value: &[u8]) -> Bytes {
    let start = body
        .windows(key.len())
        .position(|window| window == key)
        .expect("the key is there");
    let mut body = body.to_vec();
    body[start + key.len()..start + key.len() + value.len()].copy_from_slice(value);
    body.into()
}
