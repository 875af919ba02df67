use super::{InsertRange, InsertTime};

fn range(begin: i64, end: i64) -> InsertRange {
    InsertRange::new(InsertTime(begin), InsertTime(end))
}

#[test]
fn a_range_holds_its_begin_and_not_its_end() {
    let held: Vec<i64> = (0..6)
        .filter(|time| range(2, 4).contains(InsertTime(*time)))
        .collect();
    assert_eq!(held, [2, 3]);
    for (empty, expected) in [
        (range(2, 4), false),
        (range(2, 2), true),
        (range(4, 2), true),
    ] {
        assert_eq!(empty.is_empty(), expected, "{empty:?}");
    }
}

/// The operations agree with those on the sets of times.
#[test]
fn ranges_are_sets_of_times() {
    let times = |range: InsertRange| -> Vec<i64> {
        (0..5)
            .filter(|time| range.contains(InsertTime(*time)))
            .collect()
    };
    let bounds = (0..5).flat_map(|begin| (0..5).map(move |end| range(begin, end)));
    let all: Vec<_> = bounds.collect();
    for a in &all {
        for b in &all {
            let mut shared = times(*a);
            shared.retain(|time| times(*b).contains(time));
            assert_eq!(a.overlaps(b), !shared.is_empty(), "{a:?} {b:?}");
            assert_eq!(a.intersect(b).map_or(vec![], times), shared, "{a:?} {b:?}");
            assert_eq!(a.covers(b), shared == times(*b), "{a:?} {b:?}");
        }
    }
}
