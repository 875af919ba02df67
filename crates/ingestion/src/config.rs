//! The limits of ingestion.

use std::time::Duration;

/// The limits of ingestion. See [`Config::default`] for the values in production.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Largest request body in bytes; a larger one is refused with 413.
    pub body_bytes_max: usize,
    /// Bytes of request bodies that may be in memory, from before a body is read until its
    /// request is answered. When full: 503 with `Retry-After`.
    pub in_flight_bytes_max: usize,
    /// Payload bytes of one segment; a single larger block gets a segment of its own.
    pub segment_bytes_max: usize,
    /// Blocks of one segment.
    pub segment_blocks_max: usize,
    /// Groups being written or committed at the same time. Two let the write of a segment overlap
    /// the commit of the one before; more make groups smaller and commits more numerous.
    pub flights_max: usize,
    /// Blocks that may wait for a group. When full: 503 with `Retry-After`.
    pub queue_blocks_max: usize,
    /// Longest time from one piece of a body to the next; after it: 503.
    pub body_idle_timeout: Duration,
    /// Longest time for a whole body; after it: 503.
    pub body_timeout: Duration,
    /// Longest time to write and commit one group; after it its requests are answered with 500.
    pub store_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            body_bytes_max: 100 * MIB,
            in_flight_bytes_max: 512 * MIB,
            segment_bytes_max: 16 * MIB,
            segment_blocks_max: 1024,
            flights_max: 2,
            queue_blocks_max: 16 * 1024,
            body_idle_timeout: Duration::from_secs(15),
            body_timeout: Duration::from_secs(120),
            store_timeout: Duration::from_secs(60),
        }
    }
}

/// Limits that can not work together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error(
        "the budget of {in_flight_bytes_max} bytes in flight can not hold one request body of \
         {body_bytes_max} bytes"
    )]
    BudgetBelowBody {
        in_flight_bytes_max: usize,
        body_bytes_max: usize,
    },
    #[error("{name} must be between 1 and {max}")]
    OutOfRange { name: &'static str, max: usize },
}

/// What a semaphore can count, and one request take from it.
const COUNT_MAX: usize = u32::MAX as usize >> 3;

impl Config {
    /// # Errors
    /// The first limit that can not work.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let counts = [
            ("body_bytes_max", self.body_bytes_max, COUNT_MAX),
            (
                "in_flight_bytes_max",
                self.in_flight_bytes_max,
                usize::MAX >> 3,
            ),
            ("segment_bytes_max", self.segment_bytes_max, usize::MAX >> 3),
            ("segment_blocks_max", self.segment_blocks_max, COUNT_MAX),
            ("flights_max", self.flights_max, 64),
            ("queue_blocks_max", self.queue_blocks_max, COUNT_MAX),
        ];
        for (name, value, max) in counts {
            if !(1..=max).contains(&value) {
                return Err(ConfigError::OutOfRange { name, max });
            }
        }
        if self.in_flight_bytes_max < self.body_bytes_max {
            return Err(ConfigError::BudgetBelowBody {
                in_flight_bytes_max: self.in_flight_bytes_max,
                body_bytes_max: self.body_bytes_max,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_can_not_work_are_named() {
        assert_eq!(Config::default().validate(), Ok(()));
        let small = Config {
            in_flight_bytes_max: 10,
            body_bytes_max: 11,
            ..Config::default()
        };
        assert_eq!(
            small.validate().unwrap_err().to_string(),
            "the budget of 10 bytes in flight can not hold one request body of 11 bytes"
        );
        let idle = Config {
            flights_max: 0,
            ..Config::default()
        };
        assert_eq!(
            idle.validate().unwrap_err().to_string(),
            "flights_max must be between 1 and 64"
        );
    }
}
