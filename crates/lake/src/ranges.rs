//! Many ranges of one object in few requests.

use std::ops::Range;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, Result};

/// A gap up to this long is fetched rather than paid for with a request of its own.
const GAP: u64 = 1 << 20;
/// Ranges are not joined beyond this, so that large reads run side by side.
const JOINED: u64 = 16 << 20;
/// Requests of one call at the same time.
pub(crate) const PARALLEL: usize = 8;

/// The bytes of each range, in the order given; fewer where the object ends before.
pub(crate) async fn read_ranges(
    store: &dyn ObjectStore,
    path: &Path,
    ranges: &[Range<u64>],
) -> Result<Vec<Bytes>> {
    let requests = join(ranges);
    let fetched: Vec<Bytes> = stream::iter(requests.iter().cloned())
        .map(|request| store.get_range(path, request))
        .buffered(PARALLEL)
        .try_collect()
        .await?;
    let bytes = ranges.iter().map(|range| {
        let request = requests.partition_point(|request| request.start <= range.start);
        match request.checked_sub(1) {
            Some(index) if !range.is_empty() => {
                slice(&fetched[index], requests[index].start, range)
            }
            _ => Bytes::new(),
        }
    });
    Ok(bytes.collect())
}

/// Ascending ranges that cover the given ones; empty ones need no cover.
pub(crate) fn join(ranges: &[Range<u64>]) -> Vec<Range<u64>> {
    join_within(ranges, GAP, JOINED)
}

/// The same for a file of this machine, where a read costs little: what overlaps is
/// one.
pub(crate) fn join_overlapping(ranges: &[Range<u64>]) -> Vec<Range<u64>> {
    join_within(ranges, 0, 0)
}

fn join_within(ranges: &[Range<u64>], gap: u64, joined_bytes: u64) -> Vec<Range<u64>> {
    let mut sorted: Vec<_> = ranges.iter().filter(|range| !range.is_empty()).collect();
    sorted.sort_unstable_by_key(|range| (range.start, range.end));
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in sorted {
        match joined.last_mut() {
            // One that begins inside belongs here whatever the length.
            Some(last)
                if range.start < last.end
                    || range.start - last.end <= gap && range.end - last.start <= joined_bytes =>
            {
                last.end = last.end.max(range.end);
            }
            _ => joined.push(range.clone()),
        }
    }
    joined
}

/// The part of `bytes`, which begin at `start`, that lies in `range`.
pub(crate) fn slice(bytes: &Bytes, start: u64, range: &Range<u64>) -> Bytes {
    let position = |end: u64| {
        let position = usize::try_from(end - start).unwrap_or(usize::MAX);
        position.min(bytes.len())
    };
    bytes.slice(position(range.start)..position(range.end))
}

#[cfg(test)]
#[allow(
    clippy::single_range_in_vec_init,
    reason = "lists of ranges are the input"
)]
mod tests {
    use super::*;

    #[test]
    fn near_ranges_are_joined_and_far_or_large_ones_are_not() {
        const MIB: u64 = 1 << 20;
        let cases: [(&[Range<u64>], &[Range<u64>]); 6] = [
            (&[], &[]),
            (&[5..5], &[]),
            (&[10..20, 0..10, 30..40], &[0..40]),
            (&[0..1, 2 + MIB..3 + MIB], &[0..1, 2 + MIB..3 + MIB]),
            (
                &[0..10 * MIB, 10 * MIB..20 * MIB],
                &[0..10 * MIB, 10 * MIB..20 * MIB],
            ),
            (&[0..10 * MIB, MIB..20 * MIB], &[0..20 * MIB]),
        ];
        for (ranges, expected) in cases {
            assert_eq!(join(ranges), expected, "{ranges:?}");
        }
    }

    #[test]
    fn slices_end_with_the_bytes() {
        let bytes = Bytes::from_static(b"0123456789");
        for (range, expected) in [(100..103, "012"), (108..200, "89"), (150..160, "")] {
            assert_eq!(slice(&bytes, 100, &range), expected);
        }
    }
}
