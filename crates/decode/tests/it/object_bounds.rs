//! Blocks that are larger when they are shown than they are.

use crate::objects::error;
use crate::support::{Block, Type, metadata, unhex};
use crate::vectors::rust_log;

/// Descriptors of two references each, the first one of a text twice, each further one of
/// the one before; an event that refers to the last of them.
fn chain(length: u64, text: &[u8]) -> Block {
    let node: Type<'_> = (
        "Node",
        24,
        &[
            ("id", "u64", 0, 8, false),
            ("left", "Node*", 8, 8, true),
            ("right", "Node*", 16, 8, true),
        ],
    );
    let event: Type<'_> = ("Event", 8, &[("node", "Node*", 0, 8, true)]);
    let mut dependencies = vec![0];
    dependencies.extend_from_slice(&(text.len() as u32 + 8).to_le_bytes());
    dependencies.extend_from_slice(&1000u64.to_le_bytes());
    dependencies.extend_from_slice(text);
    for id in 1001..=1000 + length {
        dependencies.push(1);
        for word in [id, id - 1, id - 1] {
            dependencies.extend_from_slice(&word.to_le_bytes());
        }
    }
    let mut objects = vec![0];
    objects.extend_from_slice(&(1000 + length).to_le_bytes());
    Block {
        dependencies_metadata: metadata(&[("StaticString", 0, &[]), node]),
        objects_metadata: metadata(&[event]),
        dependencies,
        objects,
        ..rust_log()
    }
}

#[test]
fn nested_references_are_bounded() {
    let shown = chain(2, b"x").objects().expect("valid");
    assert_eq!(
        shown,
        [
            r#"0 Event {"__type":"Event","node":{"__type":"Node","id":1002,"left":{"__type":"Node","id":1001,"left":"x","right":"x"},"right":{"__type":"Node","id":1001,"left":"x","right":"x"}}}"#
        ]
    );
    assert!(chain(15, b"").objects().is_ok());
    for length in [16, 17, 100_000] {
        assert!(error(&chain(length, b"")).contains("nested more than 16 deep"));
    }
    // However they are reached: each event adds one to what is known by then.
    let mut block = chain(40, b"");
    block.objects.clear();
    for id in 1001..=1040u64 {
        block.objects.push(0);
        block.objects.extend_from_slice(&id.to_le_bytes());
    }
    assert!(error(&block).starts_with("event 15 "));
}

#[test]
fn shared_references_can_not_multiply() {
    // 20 KB doubled twelve times are 80 MB.
    assert!(error(&chain(12, &[b'x'; 20_000])).contains("it takes more than 67108864 bytes"));
    // No descriptor is too large, but all together are.
    let mut block = chain(0, &[b'x'; 1_000_000]);
    for id in 1001..1100u64 {
        block.dependencies.push(1);
        for word in [id, 1000, 1000] {
            block.dependencies.extend_from_slice(&word.to_le_bytes());
        }
        block.objects.push(0);
        block.objects.extend_from_slice(&id.to_le_bytes());
    }
    let problem = "what the events of the block refer to takes more than 134217728 bytes";
    assert!(error(&block).contains(problem));
    // Events that share a text of 50 MB.
    let mut block = chain(0, &[b'x'; 50_000_000]);
    block.objects = block.objects.repeat(30);
    let mut objects = block.open_objects().expect("valid");
    let mut rows = 0;
    let error = loop {
        match objects.next_batch(1000) {
            Ok(Some(batch)) => rows += batch.num_rows(),
            Ok(None) => panic!("1.5 GB"),
            Err(error) => break error,
        }
        assert!(objects.memory_bytes() > 100_000_000);
    };
    assert_eq!(rows, 21);
    assert_eq!(
        error.to_string(),
        "the events of the block take more than 1073741824 bytes when they are written out"
    );
}

#[test]
fn types_with_long_names_can_not_multiply() {
    let name = "x".repeat(1 << 20);
    let mut block = rust_log();
    block.objects_metadata = metadata(&[(name.as_str(), 0, &[])]);
    block.objects = unhex("00 00000000").repeat(600);
    assert!(error(&block).starts_with("the events of the block take more than"));
}

#[test]
fn large_documents_leave_in_batches_of_their_own() {
    let mut block = chain(0, &[b'x'; 10_000_000]);
    block.objects = block.objects.repeat(5);
    let mut objects = block.open_objects().expect("valid");
    let mut counts = Vec::new();
    while let Some(batch) = objects.next_batch(1000).expect("valid") {
        counts.push(batch.num_rows());
    }
    assert_eq!(counts, [2, 2, 1]);
}
