//! Sets of insert times, as disjoint half-open ranges.

use model::{InsertRange, InsertTime};

/// Disjoint ranges in ascending order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct InsertRanges(Vec<InsertRange>);

impl InsertRanges {
    /// One range; none if it is empty.
    pub(crate) fn of(range: InsertRange) -> Self {
        Self(if range.is_empty() {
            Vec::new()
        } else {
            vec![range]
        })
    }

    /// Disjoint sets, of which each lies after those before it, as one.
    pub(crate) fn joined(sets: impl IntoIterator<Item = Self>) -> Self {
        Self(sets.into_iter().flat_map(|set| set.0).collect())
    }

    /// What is left without `covered`, which may overlap and come in any order.
    pub(crate) fn without(&self, covered: impl IntoIterator<Item = InsertRange>) -> Self {
        let mut covered: Vec<_> = covered.into_iter().filter(|r| !r.is_empty()).collect();
        covered.sort_unstable();
        let mut left = Vec::new();
        for range in &self.0 {
            let mut begin = range.begin;
            for hole in covered.iter().filter(|hole| hole.overlaps(range)) {
                if hole.begin > begin {
                    left.push(InsertRange::new(begin, hole.begin));
                }
                begin = begin.max(hole.end);
            }
            if begin < range.end {
                left.push(InsertRange::new(begin, range.end));
            }
        }
        Self(left)
    }

    pub(crate) fn within(&self, bounds: InsertRange) -> Self {
        Self(
            self.0
                .iter()
                .filter_map(|range| range.intersect(&bounds))
                .collect(),
        )
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = InsertRange> + '_ {
        self.0.iter().copied()
    }

    /// The first time of the first range.
    pub(crate) fn begin(&self) -> Option<InsertTime> {
        self.0.first().map(|range| range.begin)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(begin: i64, end: i64) -> InsertRange {
        InsertRange::new(InsertTime(begin), InsertTime(end))
    }

    #[test]
    fn what_is_covered_is_taken_out() {
        let all = InsertRanges::of(range(0, 100));
        for (covered, expected) in [
            (vec![], vec![range(0, 100)]),
            (vec![range(0, 100)], vec![]),
            (vec![range(-5, 200)], vec![]),
            (vec![range(10, 20)], vec![range(0, 10), range(20, 100)]),
            (
                vec![range(50, 60), range(10, 20), range(15, 30), range(30, 40)],
                vec![range(0, 10), range(40, 50), range(60, 100)],
            ),
            (vec![range(90, 120), range(100, 110)], vec![range(0, 90)]),
            (vec![range(5, 5)], vec![range(0, 100)]),
        ] {
            let left = all.without(covered.clone());
            assert_eq!(left.iter().collect::<Vec<_>>(), expected, "{covered:?}");
        }
    }

    #[test]
    fn several_ranges_are_cut_each() {
        let some = InsertRanges::of(range(0, 100)).without([range(40, 60)]);
        let left = some.without([range(30, 70), range(0, 5)]);
        assert_eq!(
            left.iter().collect::<Vec<_>>(),
            [range(5, 30), range(70, 100)]
        );
        let bounded = some.within(range(20, 80));
        assert_eq!(
            bounded.iter().collect::<Vec<_>>(),
            [range(20, 40), range(60, 80)]
        );
        assert!(some.within(range(45, 50)).is_empty());
        assert!(InsertRanges::of(range(3, 3)).is_empty());
    }
}
