//! Ticks of a process to wall-clock time.

use model::{BlockInfo, ProcessInfo, TimeNs};

use crate::error::{Error, Result};

/// Converts the ticks inside the events of one block.
///
/// All arithmetic is on 64-bit floats, so that two readers of one event agree to the
/// nanosecond. A process must run for weeks before that rounds the time by more than
/// its clock does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TickClock {
    start_time: TimeNs,
    start_ticks: i64,
    /// Ticks per second, positive.
    frequency: f64,
}

impl TickClock {
    /// A producer that does not know its frequency leaves it to be estimated from
    /// the end of the block.
    pub(crate) fn for_block(process: &ProcessInfo, block: &BlockInfo) -> Result<Self> {
        let frequency = if process.tsc_frequency > 0 {
            process.tsc_frequency as f64
        } else {
            let elapsed_ns = block.end_time.saturating_sub(process.start_time);
            (block.end_ticks as f64 / (elapsed_ns as f64 / 1e9)).round()
        };
        if !(frequency.is_finite() && frequency > 0.0) {
            return Err(Error::UnknownFrequency);
        }
        Ok(Self {
            start_time: process.start_time,
            start_ticks: process.start_ticks,
            frequency,
        })
    }

    /// The time of an event. What does not fit saturates.
    #[inline]
    pub(crate) fn time_ns(&self, ticks: i64) -> TimeNs {
        let ticks = ticks.saturating_sub(self.start_ticks) as f64;
        let since_start = rounded(ticks * 1e9 / self.frequency);
        self.start_time.saturating_add(since_start)
    }

    /// A duration in seconds.
    #[inline]
    pub(crate) fn seconds(&self, ticks: u64) -> f64 {
        ticks as f64 / self.frequency
    }
}

/// The nearest integer, of two the one farther from zero; what does not fit saturates.
/// `f64::round` is a call on processors of the oldest kind that this is compiled for.
#[inline]
fn rounded(value: f64) -> i64 {
    let whole = value as i64;
    let rest = value - whole as f64;
    whole
        .saturating_add(i64::from(rest >= 0.5))
        .saturating_sub(i64::from(rest <= -0.5))
}

#[cfg(test)]
mod tests {
    use super::{TickClock, rounded};

    #[test]
    fn rounding_is_that_of_the_standard_library() {
        let borders = [
            0.0,
            0.5,
            1.0,
            1.5,
            2.5,
            0.49999999999999994,
            1e15 + 0.5,
            4503599627370495.5,
        ];
        let large = [
            2f64.powi(52),
            2f64.powi(53) + 2.0,
            2f64.powi(62),
            2f64.powi(63),
            1e300,
        ];
        for value in borders.into_iter().chain(large) {
            for value in [value, -value, value.next_up(), value.next_down()] {
                assert_eq!(rounded(value), value.round() as i64, "{value}");
            }
        }
        assert_eq!(rounded(f64::NAN), 0);
        assert_eq!(rounded(f64::INFINITY), i64::MAX);
        assert_eq!(rounded(f64::NEG_INFINITY), i64::MIN);
    }

    fn clock(start_ticks: i64, frequency: f64) -> TickClock {
        TickClock {
            start_time: 1_767_323_045_000_000_000,
            start_ticks,
            frequency,
        }
    }

    #[test]
    fn ticks_become_nanoseconds() {
        let start = 1_767_323_045_000_000_000;
        for (start_ticks, frequency, ticks, expected) in [
            (1_000_000, 10_000.0, 1_001_000, 100_000_000),
            (1_000_000, 10_000.0, 999_999, -100_000),
            (0, 3e9, 1, 0),
            (0, 3e9, 2, 1),
            (0, 1e9, 1 << 50, 1 << 50),
            (i64::MIN, 1e9, i64::MIN + 5, 5),
        ] {
            let time = clock(start_ticks, frequency).time_ns(ticks);
            assert_eq!(time - start, expected, "{ticks} at {frequency}");
        }
    }

    #[test]
    fn what_does_not_fit_saturates() {
        assert_eq!(clock(0, 1.0).time_ns(i64::MAX), i64::MAX);
        assert_eq!(
            clock(i64::MAX, 1.0).time_ns(i64::MIN),
            i64::MIN + 1_767_323_045_000_000_000
        );
    }
}
