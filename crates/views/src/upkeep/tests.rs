use bytes::Bytes;
use catalog::{NewPartition, PartitionFile, PartitionId};

use super::*;

/// One with that many bytes; without any it has no rows.
fn part(id: i64, bytes: u64) -> StoredPartition {
    let has_rows = bytes > 0;
    StoredPartition {
        id: PartitionId(id),
        added: InsertTime(0),
        updated: 0,
        partition: NewPartition {
            view_set: "set".to_owned(),
            view_instance: "global".to_owned(),
            schema_hash: Bytes::new(),
            insert_range: InsertRange::new(InsertTime(id), InsertTime(id + 1)),
            event_range: has_rows.then_some(model::TimeRange { begin: 0, end: 0 }),
            rows: u64::from(has_rows),
            file: has_rows.then(|| PartitionFile {
                key: id.to_string(),
                bytes,
            }),
            source_count: 0,
            sort_order: Vec::new(),
        },
    }
}

#[test]
fn small_neighbours_are_merged_up_to_a_size() {
    const MIB: u64 = 1 << 20;
    let cases: [(&[u64], &[&[i64]]); 8] = [
        (&[], &[]),
        (&[1], &[]),
        (&[1, 1], &[&[0, 1]]),
        (&[0, 0], &[&[0, 1]]),
        (&[1, 0, 1], &[&[0, 1, 2]]),
        // One that is full separates the others.
        (&[1, 1, FULL_BYTES, 1, 1], &[&[0, 1], &[3, 4]]),
        (&[1, FULL_BYTES, 1], &[]),
        (
            &[40 * MIB, 40 * MIB, 40 * MIB, 1, 47 * MIB],
            &[&[0, 1], &[2, 3, 4]],
        ),
    ];
    for (sizes, expected) in cases {
        let parts = (0..)
            .zip(sizes)
            .map(|(id, bytes)| part(id, *bytes))
            .collect();
        let found: Vec<Vec<i64>> = runs(parts)
            .iter()
            .map(|run| run.iter().map(|part| part.id.0).collect())
            .collect();
        assert_eq!(found, expected, "{sizes:?}");
    }
}
