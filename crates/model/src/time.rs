//! Times: nanoseconds since the Unix epoch, UTC, everywhere.

/// Nanoseconds since the Unix epoch, UTC.
pub type TimeNs = i64;

/// A moment of the catalog's commit clock, in nanoseconds since the Unix epoch.
///
/// Strictly increasing from commit to commit: a reader that sees insert time T has
/// seen everything up to T. It never comes from a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InsertTime(pub TimeNs);

/// A range of event time, inclusive at both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeRange {
    pub begin: TimeNs,
    pub end: TimeNs,
}

impl TimeRange {
    pub const fn contains(&self, time: TimeNs) -> bool {
        self.begin <= time && time <= self.end
    }

    /// Whether `[begin, end]` shares at least one instant with this range.
    pub const fn overlaps(&self, begin: TimeNs, end: TimeNs) -> bool {
        begin <= self.end && end >= self.begin
    }
}

/// A half-open range of insert times: `begin` is in it, `end` is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InsertRange {
    pub begin: InsertTime,
    pub end: InsertTime,
}

impl InsertRange {
    pub const fn new(begin: InsertTime, end: InsertTime) -> Self {
        Self { begin, end }
    }

    pub const fn is_empty(&self) -> bool {
        self.begin.0 >= self.end.0
    }

    pub const fn contains(&self, time: InsertTime) -> bool {
        self.begin.0 <= time.0 && time.0 < self.end.0
    }

    /// Whether every time of `other` is in this range.
    pub fn covers(&self, other: &Self) -> bool {
        other.is_empty() || (self.begin <= other.begin && other.end <= self.end)
    }

    /// Whether the ranges share at least one time.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.intersect(other).is_some()
    }

    /// The times that both ranges hold; `None` when there are none.
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let shared = Self::new(self.begin.max(other.begin), self.end.min(other.end));
        (!shared.is_empty()).then_some(shared)
    }
}

#[cfg(test)]
mod tests;
