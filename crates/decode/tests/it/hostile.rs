//! Whatever the bytes are, a block is refused or yields rows; nothing panics, and
//! nothing is allocated by a stranger's number.

use decode::hostile::{Parts, block};
use decode::{BlockBatches, BlockSource, DecodeOptions, EventTable, StreamPlan};
use proptest::prelude::*;
use std::sync::Arc;
use wire::lz4;

use crate::async_span_events::async_spans;
use crate::captures::Recording;
use crate::image_events::images;
use crate::support::{ALL, Block, metadata, unhex};
use crate::vectors::rust_log;

/// A small recorded block of log events, decompressed, and its payload as stored.
fn recorded() -> (Block, Vec<u8>) {
    let recording = Recording::load("generator");
    let small = recording
        .blocks
        .iter()
        .min_by_key(|block| block.payload.encoded_len());
    let small = small.expect("a block");
    let stream = &recording.streams[&small.stream_id.into()];
    assert_eq!(stream.tags, ["log"]);
    let decompress = |buffer| lz4::decompress(buffer, &lz4::Limits::default()).expect("a frame");
    let mut payload = Vec::new();
    small.payload.encode_into(&mut payload);
    let block = Block {
        table: EventTable::LogEntries,
        dependencies_metadata: stream.dependencies_metadata.to_vec(),
        objects_metadata: stream.objects_metadata.to_vec(),
        dependencies: decompress(&small.payload.dependencies),
        objects: decompress(&small.payload.objects),
        process: recording.process.as_ref().clone(),
        info: small.into(),
    };
    (block, payload)
}

fn open_stored(block: &Block, payload: Vec<u8>) -> decode::Result<usize> {
    let plan = StreamPlan::compile(&block.dependencies_metadata, &block.objects_metadata)?;
    let source = BlockSource {
        process: Arc::new(block.process.clone()),
        plan: Arc::new(plan),
        block: block.info,
        insert_time: model::InsertTime(0),
    };
    let batches = BlockBatches::open(block.table, source, &payload.into(), &ALL)?;
    batches
        .map(|batch| batch.map(|batch| batch.num_rows()))
        .sum()
}

#[test]
fn a_stored_block_cut_anywhere_is_refused() {
    let (block, payload) = recorded();
    let rows = open_stored(&block, payload.clone()).expect("valid");
    assert!(rows > 0);
    for end in 0..payload.len() {
        let cut = open_stored(&block, payload[..end].to_vec());
        assert!(cut.is_err(), "cut at {end} of {}", payload.len());
    }
}

#[test]
fn buffers_cut_anywhere_are_refused_or_shorter() {
    cut_buffers(&recorded().0);
    cut_buffers(&async_spans());
    cut_buffers(&images());
}

fn cut_buffers(block: &Block) {
    let all = block.rows().expect("valid");
    for end in 0..block.objects.len() {
        let mut cut = block.clone();
        cut.objects.truncate(end);
        if let Ok(rows) = cut.rows() {
            assert!(rows.len() < all.len());
            assert_eq!(rows, all[..rows.len()]);
        }
    }
    for end in 0..block.dependencies.len() {
        let mut cut = block.clone();
        cut.dependencies.truncate(end);
        assert!(cut.rows().is_err(), "cut at {end}");
    }
    for end in 0..block.objects_metadata.len() {
        let mut cut = block.clone();
        cut.objects_metadata.truncate(end);
        assert!(cut.rows().is_err(), "cut at {end}");
    }
}

#[test]
fn every_length_field_may_lie() {
    lie_everywhere(&recorded().0);
    lie_everywhere(&async_spans());
    lie_everywhere(&images());
}

fn lie_everywhere(block: &Block) {
    for lie in [u32::MAX, 1 << 31, i32::MAX as u32, 0] {
        for offset in 0..block.objects.len() - 4 {
            let mut lying = block.clone();
            lying.objects[offset..offset + 4].copy_from_slice(&lie.to_le_bytes());
            let _ = lying.rows();
        }
        for offset in (0..block.dependencies.len().saturating_sub(4)).step_by(3) {
            let mut lying = block.clone();
            lying.dependencies[offset..offset + 4].copy_from_slice(&lie.to_le_bytes());
            let _ = lying.rows();
        }
    }
}

#[test]
fn bombs_are_refused() {
    // A frame of 16 bytes per block that expands to 512 MiB: 128 blocks of 4 MiB.
    let zeros = vec![0u8; 4 << 20];
    let block = lz4_block(&zeros);
    let mut bomb = lz4::store(&[])[..7].to_vec();
    for _ in 0..128 {
        bomb.extend_from_slice(&(block.len() as u32).to_le_bytes());
        bomb.extend_from_slice(&block);
    }
    bomb.extend_from_slice(&[0; 4]);
    let input = Parts {
        dependencies_metadata: &metadata(&[]),
        objects_metadata: &metadata(&[]),
        dependencies: &lz4::store(&[]),
        objects: &bomb,
        compressed: true,
    };
    let error = open_stored(&rust_log(), input.payload().to_vec()).expect_err("too large");
    let text = crate::support::explain(&error);
    assert!(
        text.contains("expands to more than 268435456 bytes"),
        "{text}"
    );
}

/// One LZ4 block: a literal, a match that repeats it, five literals to end with.
fn lz4_block(content: &[u8]) -> Vec<u8> {
    let repeated = content.len() - 1 - 5 - 4;
    let mut block = vec![0x1f, content[0], 1, 0];
    let mut left = repeated - 15;
    while left >= 255 {
        block.push(255);
        left -= 255;
    }
    block.push(left as u8);
    block.push(0x50);
    block.extend_from_slice(&content[..5]);
    block
}

#[test]
fn shared_texts_can_not_multiply() {
    let mut block = rust_log();
    // A message of 40 MB, shown by 30 events of 17 bytes each.
    let text = vec![b'x'; 40_000_000];
    let mut dependencies = vec![0];
    dependencies.extend_from_slice(&(text.len() as u32 + 8).to_le_bytes());
    dependencies.extend_from_slice(&unhex("0010000000000000"));
    dependencies.extend_from_slice(&text);
    dependencies.extend_from_slice(&block.dependencies[18..]);
    block.dependencies = dependencies;
    let event = unhex("00 0020000000000000 28460f0000000000");
    block.objects = event.repeat(30);
    assert_eq!(
        block.error(),
        "the texts of the block add up to more than 1073741824 bytes"
    );
    // Without messages the same block is harmless.
    let options = DecodeOptions {
        projection: Some(vec![7, 8]),
        ..ALL
    };
    let batches = block.batches(&options).expect("valid");
    assert_eq!(batches[0].num_rows(), 30);
    // With few of them, a batch ends before it grows out of bounds.
    block.objects = event.repeat(5);
    let options = DecodeOptions {
        projection: Some(vec![10]),
        ..ALL
    };
    let batches = block.batches(&options).expect("valid");
    let counts: Vec<usize> = batches
        .iter()
        .map(arrow::array::RecordBatch::num_rows)
        .collect();
    assert_eq!(counts, [2, 2, 1]);
}

#[test]
fn shared_property_values_can_not_multiply() {
    let mut block = rust_log();
    let text = vec![b'x'; 10_000_000];
    block.dependencies.push(0);
    block
        .dependencies
        .extend_from_slice(&(text.len() as u32 + 8).to_le_bytes());
    block
        .dependencies
        .extend_from_slice(&unhex("0050000000000000"));
    block.dependencies.extend_from_slice(&text);
    block.objects.clear();
    for id in 0..20u8 {
        let set = format!(
            "03 2c000000 {id:02x}60000000000000 01000000
             3010000000000000 0000000000000000 0050000000000000 0000000000000000"
        );
        block.dependencies.extend(unhex(&set));
        let event = format!(
            "04 1d000000 0020000000000000 {id:02x}60000000000000 e0510f0000000000 02 00000000"
        );
        block.objects.extend(unhex(&event));
    }
    assert!(
        block
            .error()
            .contains("the property sets of the block hold more than")
    );
}

#[test]
fn shared_scopes_can_not_multiply() {
    let mut block = async_spans();
    let text = vec![b'x'; 30_000_000];
    block.dependencies.push(2);
    let length = text.len() as u32 + 8;
    block.dependencies.extend_from_slice(&length.to_le_bytes());
    block.dependencies.extend(unhex("5000000000000000"));
    block.dependencies.extend_from_slice(&text);
    block.objects.clear();
    for id in 0..20u8 {
        let descriptor = format!(
            "00 {id:02x}60000000000000 5000000000000000 1100000000000000 1100000000000000
                1200000000000000 07000000 03000000"
        );
        block.dependencies.extend(unhex(&descriptor));
        let event = format!(
            "02 {id:02x}60000000000000 0500000000000000 0400000000000000 4a420f0000000000
                02000000 eeeeeeee"
        );
        block.objects.extend(unhex(&event));
    }
    let problem = "the places in the code that the block names hold more than 536870912 bytes";
    assert!(block.error().contains(problem));
    // Without hashes the same block is harmless.
    let options = DecodeOptions {
        projection: Some(vec![4, 8]),
        ..ALL
    };
    let batches = block.batches(&options).expect("valid");
    assert_eq!(batches[0].num_rows(), 20);
}

pub fn damaged(part: &[u8], bits: &[usize]) -> Vec<u8> {
    let mut part = part.to_vec();
    for bit in bits {
        // Images need no dependencies.
        let Some(bit) = bit.checked_rem(part.len() * 8) else {
            break;
        };
        part[bit / 8] ^= 1 << (bit % 8);
    }
    part
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_never_panic(input in proptest::collection::vec(any::<u8>(), 0..300)) {
        block(&input);
    }

    #[test]
    fn damaged_blocks_never_panic(
        which in 0usize..5,
        kind in 0usize..3,
        bits in proptest::collection::vec(any::<usize>(), 1..6),
    ) {
        let (recorded, payload) = recorded();
        if which == 4 {
            let _ = open_stored(&recorded, damaged(&payload, &bits));
        }
        let recorded = match kind {
            0 => recorded,
            1 => async_spans(),
            _ => images(),
        };
        let mut parts = [
            recorded.dependencies_metadata,
            recorded.objects_metadata,
            recorded.dependencies,
            recorded.objects,
        ];
        if let Some(part) = parts.get_mut(which) {
            *part = damaged(part, &bits);
        }
        let parts = Parts {
            dependencies_metadata: &parts[0],
            objects_metadata: &parts[1],
            dependencies: &parts[2],
            objects: &parts[3],
            compressed: false,
        };
        let packed = parts.pack();
        prop_assert_eq!(Parts::unpack(&packed).objects, parts.objects);
        block(&packed);
    }
}
