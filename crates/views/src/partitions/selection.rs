//! Which partitions a scan reads, and what they leave to the tail.

use catalog::StoredPartition;
use model::{InsertRange, TimeRange};

use crate::insert_ranges::InsertRanges;

/// What a scan of a window of insert times is made of.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// Partitions that can hold a wanted row.
    pub(crate) partitions: Vec<StoredPartition>,
    /// How many others were ruled out.
    pub(crate) pruned: usize,
    /// Insert times that no partition covers.
    pub(crate) tail: InsertRanges,
}

/// `partitions` do not overlap. Only those inside the window count; the part of another
/// one that lies in it belongs to the tail.
pub(crate) fn select(
    partitions: Vec<StoredPartition>,
    window: &InsertRanges,
    event_range: Option<TimeRange>,
    insert_range: Option<TimeRange>,
) -> Selection {
    let inside: Vec<_> = partitions
        .into_iter()
        .filter(|stored| {
            let mut ranges = window.iter();
            ranges.any(|range| range.covers(&stored.partition.insert_range))
        })
        .collect();
    let covered = inside.iter().map(|stored| stored.partition.insert_range);
    let tail = window.without(covered);
    let tail = match insert_range {
        Some(range) => tail.within(half_open(range)),
        None => tail,
    };
    let count = inside.len();
    let partitions: Vec<_> = inside
        .into_iter()
        .filter(|stored| is_wanted(stored, event_range, insert_range))
        .collect();
    Selection {
        pruned: count - partitions.len(),
        partitions,
        tail,
    }
}

fn is_wanted(
    stored: &StoredPartition,
    event_range: Option<TimeRange>,
    insert_range: Option<TimeRange>,
) -> bool {
    // A partition without rows has no bounds.
    let Some(bounds) = stored.partition.event_range else {
        return false;
    };
    let meets = |range: TimeRange| bounds.begin <= range.end && range.begin <= bounds.end;
    let arrived = |range: TimeRange| half_open(range).overlaps(&stored.partition.insert_range);
    event_range.is_none_or(meets) && insert_range.is_none_or(arrived)
}

/// An inclusive range of insert times as a half-open one.
fn half_open(range: TimeRange) -> InsertRange {
    InsertRange::new(
        model::InsertTime(range.begin),
        model::InsertTime(range.end.saturating_add(1)),
    )
}

#[cfg(test)]
mod tests {
    use catalog::{NewPartition, PartitionFile, PartitionId};
    use model::InsertTime;

    use super::*;

    fn range(begin: i64, end: i64) -> InsertRange {
        InsertRange::new(InsertTime(begin), InsertTime(end))
    }

    /// Its events happened a hundred times later than it was inserted.
    fn stored(begin: i64, end: i64, rows: u64) -> StoredPartition {
        StoredPartition {
            id: PartitionId(begin),
            added: InsertTime(end),
            updated: 0,
            partition: NewPartition {
                view_set: "log_entries".to_owned(),
                view_instance: "global".to_owned(),
                schema_hash: bytes::Bytes::new(),
                insert_range: range(begin, end),
                event_range: (rows > 0).then_some(TimeRange {
                    begin: begin * 100,
                    end: end * 100 - 1,
                }),
                rows,
                file: (rows > 0).then(|| PartitionFile {
                    key: begin.to_string(),
                    bytes: 1,
                }),
                source_count: rows,
                sort_order: Vec::new(),
            },
        }
    }

    #[test]
    fn partitions_are_pruned_and_the_rest_is_the_tail() {
        let window = InsertRanges::of(range(10, 100));
        let partitions = || {
            vec![
                stored(0, 15, 5),
                stored(15, 20, 5),
                stored(20, 30, 0),
                stored(40, 50, 5),
            ]
        };
        let all = [range(10, 15), range(30, 40), range(50, 100)];
        let times = |begin, end| Some(TimeRange { begin, end });
        for (event_range, insert_range, ids, pruned, tail) in [
            (None, None, &[15, 40][..], 1, &all[..]),
            (times(0, 1_999), None, &[15], 2, &all),
            (times(2_000, 3_999), None, &[], 3, &all),
            (times(1_999, 4_000), None, &[15, 40], 1, &all),
            (None, times(20, 39), &[], 3, &all[1..2]),
            (None, times(19, 19), &[15], 2, &[]),
            (None, times(i64::MIN, i64::MAX), &[15, 40], 1, &all),
        ] {
            let selection = select(partitions(), &window, event_range, insert_range);
            let selected: Vec<i64> = selection.partitions.iter().map(|p| p.id.0).collect();
            assert_eq!(selected, ids, "{event_range:?} {insert_range:?}");
            assert_eq!(selection.pruned, pruned, "{event_range:?} {insert_range:?}");
            let left: Vec<_> = selection.tail.iter().collect();
            assert_eq!(left, tail, "{event_range:?} {insert_range:?}");
        }
    }
}
