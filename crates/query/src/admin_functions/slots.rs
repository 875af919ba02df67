//! A range of insert times, cut into slots of equal width.

use model::{InsertRange, InsertTime, TimeNs};

const SECOND: TimeNs = 1_000_000_000;
const DAY_SECONDS: i64 = 24 * 60 * 60;
/// Slots of one call. A longer range takes several calls.
const SLOTS_MAX: i128 = 1000;

/// Neighbours, each within one UTC day: old data is given up by days, so no partition may
/// reach from one into the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slots {
    begin: TimeNs,
    width: TimeNs,
    count: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Error {
    #[error(
        "delta must divide a day, such as 3600 or 86400: slots do not cross midnight UTC; \
         given: {0} seconds"
    )]
    Width(i64),
    #[error("begin lies after end")]
    Reversed,
    #[error("begin must be a multiple of delta, counted from midnight UTC")]
    Unaligned,
    #[error("end - begin must be a multiple of delta, and not zero")]
    Remainder,
    #[error("a call may span {SLOTS_MAX} slots, not {0}: choose a larger delta, or several calls")]
    TooMany(i128),
}

impl Slots {
    /// Those of the grid that lie within `[begin, end)`.
    pub fn inside(begin: TimeNs, end: TimeNs, delta_seconds: i64) -> Result<Self, Error> {
        let width = width(delta_seconds)?;
        if begin > end {
            return Err(Error::Reversed);
        }
        let (wide, from) = (i128::from(width), i128::from(begin));
        let first = from + (-from).rem_euclid(wide);
        let count = (i128::from(end) - first).div_euclid(wide).max(0);
        // Where nothing fits, the grid may have no time left either.
        let first = TimeNs::try_from(first).unwrap_or(begin);
        Self::new(first, width, count)
    }

    /// Those that `[begin, end)` is made of, without a remainder.
    pub fn exactly(begin: TimeNs, end: TimeNs, delta_seconds: i64) -> Result<Self, Error> {
        let width = width(delta_seconds)?;
        let length = i128::from(end) - i128::from(begin);
        if length < 0 {
            return Err(Error::Reversed);
        }
        if length == 0 || length % i128::from(width) != 0 {
            return Err(Error::Remainder);
        }
        if begin.rem_euclid(width) != 0 {
            return Err(Error::Unaligned);
        }
        Self::new(begin, width, length / i128::from(width))
    }

    fn new(begin: TimeNs, width: TimeNs, count: i128) -> Result<Self, Error> {
        if count > SLOTS_MAX {
            return Err(Error::TooMany(count));
        }
        let count = i64::try_from(count).map_err(|_| Error::TooMany(count))?;
        Ok(Self {
            begin,
            width,
            count,
        })
    }

    pub const fn count(&self) -> i64 {
        self.count
    }

    pub const fn width(&self) -> TimeNs {
        self.width
    }

    /// All of them together.
    pub const fn range(&self) -> InsertRange {
        InsertRange::new(
            InsertTime(self.begin),
            InsertTime(self.begin + self.count * self.width),
        )
    }

    /// The slot with this number, counted from 0.
    pub fn slot(&self, number: i64) -> Option<InsertRange> {
        (0..self.count).contains(&number).then(|| {
            let begin = self.begin + number * self.width;
            InsertRange::new(InsertTime(begin), InsertTime(begin + self.width))
        })
    }
}

fn width(delta_seconds: i64) -> Result<TimeNs, Error> {
    if delta_seconds <= 0 || DAY_SECONDS % delta_seconds != 0 {
        return Err(Error::Width(delta_seconds));
    }
    Ok(delta_seconds * SECOND)
}

#[cfg(test)]
mod tests;
