//! When tasks are due. Knows no clock: what time it is, the caller says.

use std::time::Duration;

use model::TimeNs;

#[cfg(test)]
mod tests;

pub(crate) const SECOND: TimeNs = 1_000_000_000;
pub(crate) const MINUTE: TimeNs = 60 * SECOND;
pub(crate) const HOUR: TimeNs = 60 * MINUTE;
pub(crate) const DAY: TimeNs = 24 * HOUR;

/// The tasks, each with a schedule of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Partitions of the last seconds, where many bytes wait.
    Second,
    /// Partitions of the last minutes, and seconds merged.
    Minute,
    /// The end of old data; then partitions of the last hours, and minutes merged.
    Hour,
    /// Partitions of all days that are over, and hours merged.
    Day,
    /// Objects that nothing refers to.
    Orphans,
}

impl Task {
    pub const ALL: [Self; 5] = [
        Self::Second,
        Self::Minute,
        Self::Hour,
        Self::Day,
        Self::Orphans,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Orphans => "orphans",
        }
    }

    /// Ticks come every period, shifted by an offset that lets the others finish.
    const fn ticks(self) -> (TimeNs, TimeNs) {
        match self {
            Self::Second => (SECOND, SECOND / 2),
            Self::Minute => (MINUTE, MINUTE / 2),
            Self::Hour => (HOUR, 10 * MINUTE),
            Self::Day => (DAY, 4 * HOUR),
            Self::Orphans => (DAY, 5 * HOUR),
        }
    }

    /// The first tick after `time`.
    fn tick_after(self, time: TimeNs) -> TimeNs {
        let (period, offset) = self.ticks();
        floor(time.saturating_sub(offset), period)
            .saturating_add(period)
            .saturating_add(offset)
    }
}

/// The start of the period of this width that `time` lies in, since the Unix epoch, UTC.
pub(crate) const fn floor(time: TimeNs, width: TimeNs) -> TimeNs {
    time.saturating_sub(time.rem_euclid(width))
}

/// When one task runs: at once, and then at every tick that finds it idle.
#[derive(Debug)]
pub(crate) struct Timer {
    task: Task,
    due: Option<TimeNs>,
}

impl Timer {
    pub(crate) const fn new(task: Task) -> Self {
        Self { task, due: None }
    }

    /// How long it is until the task is due.
    pub(crate) fn wait(&mut self, now: TimeNs) -> Duration {
        let Some(due) = self.due else {
            return Duration::ZERO;
        };
        // A clock that was set back must not stop the task for that long.
        let due = due.min(self.task.tick_after(now));
        self.due = Some(due);
        Duration::from_nanos(u64::try_from(due.saturating_sub(now)).unwrap_or(0))
    }

    /// A run is over; returns how many ticks came while it lasted, which are skipped.
    pub(crate) fn finish(&mut self, began: TimeNs, ended: TimeNs) -> u64 {
        let next = self.task.tick_after(ended);
        let (period, _) = self.task.ticks();
        let skipped = next.saturating_sub(self.task.tick_after(began)) / period;
        self.due = Some(next);
        u64::try_from(skipped).unwrap_or(0)
    }
}
