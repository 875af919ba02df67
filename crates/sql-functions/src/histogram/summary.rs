//! One histogram while it grows.

use super::bins::Bins;

/// Where the bins lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub(super) start: f64,
    pub(super) end: f64,
    pub(super) bin_count: usize,
}

impl Bounds {
    /// The bin of a value. Values outside belong to the first or last bin, and so do those of
    /// bins without width; NaN belongs to the first.
    fn index(&self, value: f64) -> usize {
        let width = (self.end - self.start) / self.bin_count as f64;
        // The conversion turns NaN and what is below zero to zero.
        let index = ((value - self.start) / width).floor() as usize;
        index.min(self.bin_count.saturating_sub(1))
    }
}

/// What a histogram knows of its values beside their bins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moments {
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) sum: f64,
    pub(super) sum_sq: f64,
    pub(super) count: u64,
}

impl Moments {
    const NONE: Self = Self {
        min: f64::MAX,
        max: f64::MIN,
        sum: 0.0,
        sum_sq: 0.0,
        count: 0,
    };

    const fn of(value: f64) -> Self {
        Self {
            min: value,
            max: value,
            sum: value,
            sum_sq: value * value,
            count: 1,
        }
    }

    /// NaN is neither the least nor the greatest of values.
    fn add(&mut self, other: &Self) {
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum += other.sum;
        self.sum_sq += other.sum_sq;
        self.count = self.count.saturating_add(other.count);
    }
}

#[derive(Debug, Clone)]
pub(super) struct Summary {
    pub(super) bounds: Bounds,
    pub(super) moments: Moments,
    pub(super) bins: Bins,
}

impl Summary {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            moments: Moments::NONE,
            bins: Bins::new(bounds.bin_count),
        }
    }

    pub(super) fn add_value(&mut self, value: f64) {
        self.moments.add(&Moments::of(value));
        self.bins.add(self.bounds.index(value), 1);
    }

    /// Adds a histogram of the same bounds; bins that do not exist are passed over.
    pub(super) fn add_counts(
        &mut self,
        moments: &Moments,
        counts: impl Iterator<Item = (usize, u64)>,
    ) {
        self.moments.add(moments);
        for (index, count) in counts {
            if count > 0 && index < self.bounds.bin_count {
                self.bins.add(index, count);
            }
        }
    }
}
