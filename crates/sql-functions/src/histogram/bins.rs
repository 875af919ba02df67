//! The counts of one histogram while it grows.
//!
//! The number of bins is the caller's, and a group often has few values: many bins are kept
//! as those that are not empty until that saves nothing. So a batch can not allocate more than
//! its rows account for, however many groups it opens.

use datafusion::common::HashMap;

#[cfg(test)]
mod tests;

/// Up to this number all bins are allocated at once.
const DENSE_BINS: usize = 256;

/// Empty bins per occupied one below which all bins are allocated; an entry of the map takes up
/// to five times the eight bytes of a bin.
const SPARSENESS: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bins {
    Dense(Vec<u64>),
    Sparse {
        length: usize,
        occupied: HashMap<usize, u64>,
    },
}

impl Bins {
    pub(super) fn new(length: usize) -> Self {
        if length <= DENSE_BINS {
            return Self::Dense(vec![0; length]);
        }
        Self::Sparse {
            length,
            occupied: HashMap::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Dense(counts) => counts.len(),
            Self::Sparse { length, .. } => *length,
        }
    }

    /// Adds to a bin, which the caller knows to exist.
    pub(super) fn add(&mut self, index: usize, count: u64) {
        match self {
            Self::Dense(counts) => counts[index] = counts[index].saturating_add(count),
            Self::Sparse { length, occupied } => {
                let slot = occupied.entry(index).or_default();
                *slot = slot.saturating_add(count);
                if occupied.len() > *length / SPARSENESS {
                    *self = Self::Dense(self.to_counts());
                }
            }
        }
    }

    /// Those that are not empty, in any order.
    pub(super) fn for_each_occupied(&self, mut visit: impl FnMut(usize, u64)) {
        match self {
            Self::Dense(counts) => {
                let counts = counts.iter().copied().enumerate();
                counts
                    .filter(|(_, count)| *count > 0)
                    .for_each(|(index, count)| visit(index, count));
            }
            Self::Sparse { occupied, .. } => {
                occupied
                    .iter()
                    .for_each(|(index, count)| visit(*index, *count));
            }
        }
    }

    /// All of them in order.
    pub(super) fn to_counts(&self) -> Vec<u64> {
        let mut counts = vec![0; self.len()];
        self.for_each_occupied(|index, count| counts[index] = count);
        counts
    }
}
