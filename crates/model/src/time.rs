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
