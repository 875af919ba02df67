//! Whatever the bytes are, a chain is refused or yields rows; nothing panics, and
//! nothing is allocated by a stranger's number.

use decode::hostile::{Parts, block};
use proptest::prelude::*;

use super::net_events::net;
use super::steps::{chain, parse};
use super::support::{Chain, spans};
use crate::hostile::damaged;

fn samples() -> [Chain; 2] {
    [
        chain(&parse("a( b( b) a) . b) a) a("), (0, 100)),
        net(&[&["(>conn", "[Actor", "=Hp 8", "] 12", "{Fire", "} 5", ") 17"]]),
    ]
}

fn parts(chain: &Chain) -> [Vec<u8>; 4] {
    let block = &chain.blocks[0];
    [
        chain.dependencies_metadata.clone(),
        chain.objects_metadata.clone(),
        block.dependencies.clone(),
        block.objects.clone(),
    ]
}

fn run(parts: &[Vec<u8>; 4]) {
    let parts = Parts {
        dependencies_metadata: &parts[0],
        objects_metadata: &parts[1],
        dependencies: &parts[2],
        objects: &parts[3],
        compressed: false,
    };
    block(&parts.pack());
}

#[test]
fn buffers_cut_anywhere_are_refused_or_shorter() {
    for sample in samples() {
        let all = sample.batch();
        for end in 0..sample.blocks[0].objects.len() {
            let mut cut = sample.clone();
            cut.blocks[0].objects.truncate(end);
            if cut.decode().is_ok() {
                assert!(cut.batch().num_rows() <= all.num_rows());
            }
        }
        for end in 0..sample.blocks[0].dependencies.len() {
            let mut cut = sample.clone();
            cut.blocks[0].dependencies.truncate(end);
            // Not every dependency is used.
            assert!(cut.decode().is_err() || cut.batch() == all, "cut at {end}");
        }
    }
}

#[test]
fn every_number_may_lie() {
    for sample in samples() {
        let parts = parts(&sample);
        for lie in [u32::MAX, 1 << 31, 0] {
            for which in 2..4 {
                for offset in 0..parts[which].len() - 4 {
                    let mut lying = parts.clone();
                    lying[which][offset..offset + 4].copy_from_slice(&lie.to_le_bytes());
                    run(&lying);
                }
            }
        }
    }
}

#[test]
fn any_ticks_and_offsets_are_taken() {
    for mut sample in samples() {
        for (begin, end) in [
            (i64::MIN, i64::MAX),
            (i64::MAX, i64::MIN),
            (i64::MIN, i64::MIN),
        ] {
            for start in [i64::MIN, -1, i64::MAX] {
                sample.process.start_ticks = start;
                sample.process.tsc_frequency = 1;
                sample.ticks = (begin, end);
                sample.blocks[0].object_offset = start;
                let rows = sample.build().expect("a chain");
                let batch = rows.batch(0..rows.len(), None).expect("a batch");
                assert_eq!(batch.num_rows(), rows.len());
            }
        }
    }
}

#[test]
fn ends_without_begins_nest_without_bounds() {
    let steps = parse(&"a) ".repeat(20_000));
    let rows = spans(&chain(&steps, (0, 30_000)).batch());
    assert_eq!(rows.len(), 20_001);
    let last = &rows[20_000];
    assert_eq!((last.id, last.parent, last.depth), (0, 1, 20_000));
    let steps = parse(&"a( ".repeat(20_000));
    let rows = spans(&chain(&steps, (0, 30_000)).batch());
    let last = &rows[19_999];
    assert_eq!((last.id, last.parent, last.depth), (19_999, 19_998, 19_999));
}

/// Descriptors of a few bytes that share one long text.
#[test]
fn shared_texts_can_not_multiply() {
    let mut chain = chain(&parse("a("), (0, 100));
    let part = &mut chain.blocks[0];
    let text = vec![b'x'; 10_000_000];
    part.dependencies.push(2);
    part.dependencies
        .extend((text.len() as u32 + 8).to_le_bytes());
    part.dependencies.extend(0x50_0000u64.to_le_bytes());
    part.dependencies.extend(text);
    part.objects.clear();
    for id in 0x60_0000u64..0x60_0020 {
        part.dependencies.push(0);
        part.dependencies.extend(id.to_le_bytes());
        part.dependencies
            .extend([0x50_0000u64; 4].into_iter().flat_map(u64::to_le_bytes));
        part.dependencies.extend([0; 8]);
        part.objects.push(0);
        part.objects.extend(id.to_le_bytes());
        part.objects.extend([0; 8]);
    }
    let error = chain.error();
    let expected = "the places in the code that the block names hold more than 268435456 bytes";
    assert!(error.ends_with(expected), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_blocks_never_panic(
        sample in 0usize..2,
        which in 0usize..4,
        bits in proptest::collection::vec(any::<usize>(), 1..6),
    ) {
        let mut parts = parts(&samples()[sample]);
        parts[which] = damaged(&parts[which], &bits);
        run(&parts);
    }
}
