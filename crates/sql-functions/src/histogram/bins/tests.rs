//! Few bins and all bins hold the same.

use super::{Bins, DENSE_BINS};

fn occupied(bins: &Bins) -> Vec<(usize, u64)> {
    let mut occupied = Vec::new();
    bins.for_each_occupied(|index, count| occupied.push((index, count)));
    occupied.sort_unstable();
    occupied
}

#[test]
fn bins_fill_up() {
    for length in [1, DENSE_BINS, DENSE_BINS + 1, 10 * DENSE_BINS] {
        let mut bins = Bins::new(length);
        let mut expected = vec![0; length];
        // Every bin twice, far apart.
        for step in 0..2 * length {
            let index = step * 7919 % length;
            bins.add(index, step as u64 + 1);
            expected[index] += step as u64 + 1;
        }
        assert_eq!(bins.to_counts(), expected);
        assert_eq!(bins.len(), length);
        assert!(matches!(bins, Bins::Dense(_)));
    }
}

#[test]
fn few_of_many_bins_are_kept_as_few() {
    let mut bins = Bins::new(1_000_000);
    bins.add(999_999, 1);
    bins.add(0, 2);
    bins.add(999_999, u64::MAX);
    assert!(matches!(bins, Bins::Sparse { .. }));
    assert_eq!(occupied(&bins), [(0, 2), (999_999, u64::MAX)]);
    assert_eq!(bins.to_counts().len(), 1_000_000);
}
