//! Images.

use decode::{DecodeOptions, EventTable};
use model::TimeRange;

use crate::support::{ALL, Block, START, Type, block_info, metadata, process, rows, unhex};

/// The worked example, then one as Unreal sends them, then one without data.
const OBJECTS: &str = "
    00 27000000 0500000000000000 02 04000000 73686f74 02 09000000 696d6167652f706e67
       04000000 89504e47
    00 23000000 0700000000000000 01 04000000 e9002000 00 09000000 696d6167652f706e67
       00000000
    00 1a000000 0900000000000000 02 00000000 00 02000000 61ff 02000000 0102";

const ROWS: [&str; 3] = [
    "5 | shot | image/png | 4 | [89, 50, 4e, 47]",
    "7 | é  | image/png | 0 | []",
    "9 |  | a\u{fffd} | 2 | [1, 2]",
];

/// `types` = those of the dependencies.
fn block(types: &[Type<'_>]) -> Block {
    let mut process = process();
    process.start_ticks = 0;
    process.tsc_frequency = 1000;
    Block {
        table: EventTable::Images,
        dependencies_metadata: metadata(types),
        objects_metadata: metadata(&[
            ("ImageEvent", 0, &[("time", "int64", 0, 8, false)]),
            ("Mystery", 0, &[]),
        ]),
        dependencies: vec![],
        objects: unhex(OBJECTS),
        process,
        info: block_info(),
    }
}

/// As a Rust program sends them.
pub fn images() -> Block {
    block(&[])
}

#[test]
fn images_are_rows() {
    assert_eq!(images().rows().expect("valid"), ROWS);
    let unreal = block(&[("StaticStringDependency", 0, &[])]);
    assert_eq!(unreal.rows().expect("valid"), ROWS);
}

#[test]
fn other_events_are_ignored() {
    let mut block = images();
    block.objects.extend(unhex("01 02000000 1234"));
    assert_eq!(block.open(&ALL).expect("valid").ignored_events(), 1);
    assert_eq!(block.rows().expect("valid"), ROWS);
}

#[test]
fn columns_and_times_can_be_chosen() {
    const MS: i64 = 1_000_000;
    let full = &images().batches(&ALL).expect("valid")[0];
    assert_eq!(full.schema(), EventTable::Images.schema());
    for column in 0..full.num_columns() {
        let options = DecodeOptions {
            projection: Some(vec![column]),
            ..ALL
        };
        let one = images().batches(&options).expect("valid");
        assert_eq!(one[0].column(0), full.column(column));
    }
    let options = DecodeOptions {
        range: Some(TimeRange {
            begin: START + 7 * MS,
            end: START + 9 * MS,
        }),
        batch_rows: 1,
        ..ALL
    };
    let batches = images().batches(&options).expect("valid");
    let found: Vec<String> = batches.iter().flat_map(rows).collect();
    assert_eq!(found, ROWS[1..]);
}

#[test]
fn large_images_leave_in_batches_of_their_own() {
    let data = vec![0x55; 33 << 20];
    let mut event = unhex("0500000000000000 02 00000000 02 03000000 706e67");
    event.extend_from_slice(&(data.len() as u32).to_le_bytes());
    event.extend_from_slice(&data);
    let mut objects = vec![0];
    objects.extend_from_slice(&(event.len() as u32).to_le_bytes());
    objects.extend_from_slice(&event);
    let block = Block {
        objects: objects.repeat(3),
        ..images()
    };
    let counts = |projection: Vec<usize>| -> Vec<usize> {
        let options = DecodeOptions {
            projection: Some(projection),
            ..ALL
        };
        let batches = block.batches(&options).expect("valid");
        batches
            .iter()
            .map(arrow::array::RecordBatch::num_rows)
            .collect()
    };
    assert_eq!(counts(vec![8, 11]), [2, 1]);
    // Sizes alone are small.
    assert_eq!(counts(vec![8, 10]), [3]);
}

#[test]
fn corrupt_images_fail_the_block() {
    for (objects, expected) in [
        ("00 04000000 05000000", "too short"),
        (
            "00 12000000 0500000000000000 02 00000000 02 00000000",
            "too short",
        ),
        (
            "00 17000000 0500000000000000 02 00000000 02 00000000 ffffffff",
            "past the end",
        ),
        (
            "00 16000000 0500000000000000 02 00000000 02 00000000 ffffffff",
            "too short",
        ),
        (
            "00 16000000 0500000000000000 03 00000000 02 00000000 00000000",
            "codec 3 is not known",
        ),
        (
            "00 17000000 0500000000000000 01 01000000 61 02 00000000 00000000",
            "an odd number",
        ),
    ] {
        let mut block = images();
        block.objects = unhex(objects);
        let error = block.error();
        assert!(
            error.contains(expected),
            "{error}\nshould contain {expected}"
        );
    }
}

#[test]
fn formats_are_bounded() {
    // Each image has a format of its own, of a megabyte.
    let mut block = images();
    block.objects.clear();
    for image in 0..20u8 {
        let mut event = unhex("0500000000000000 02 00000000 02");
        event.extend_from_slice(&(1u32 << 20).to_le_bytes());
        event.extend(vec![b'a' + image; 1 << 20]);
        event.extend_from_slice(&[0; 4]);
        block.objects.push(0);
        let length = event.len() as u32;
        block.objects.extend_from_slice(&length.to_le_bytes());
        block.objects.extend_from_slice(&event);
    }
    assert!(block.error().contains("the image formats of the block"));
    // Nobody minds who does not want them.
    let options = DecodeOptions {
        projection: Some(vec![7, 8]),
        ..ALL
    };
    let batches = block.batches(&options).expect("valid");
    assert_eq!(batches[0].num_rows(), 20);
}
