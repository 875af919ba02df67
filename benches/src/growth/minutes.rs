//! Where the copies of the recording lie in time.

/// A day without a second to spare for leaps, long before the data is sent.
const DAY: &str = "2026-11-20";
const FIRST_HOUR: i64 = 10;

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;

/// So many programs start within every minute, evenly.
#[derive(Debug, Clone, Copy)]
pub(super) struct Minutes {
    pub programs: u32,
}

impl Minutes {
    /// When the program with this number starts, in nanoseconds of the day.
    pub fn start_of(self, copy: u32) -> i64 {
        let minute = i64::from(copy / self.programs);
        let within = i64::from(copy % self.programs) * MINUTE / i64::from(self.programs);
        FIRST_HOUR * 60 * MINUTE + minute * MINUTE + within
    }

    /// First and last moment of a minute, as texts.
    pub fn range(self, minute: u32) -> (String, String) {
        let begin = self.start_of(minute * self.programs);
        let text = |nanos| format!("{}Z", text_of(nanos));
        (text(begin), text(begin + MINUTE - 1))
    }
}

/// Date and time to the nanosecond, without a zone: always 29 characters.
pub(super) fn text_of(nanos_of_day: i64) -> String {
    let (seconds, nanos) = (nanos_of_day / SECOND, nanos_of_day % SECOND);
    format!(
        "{DAY}T{:02}:{:02}:{:02}.{nanos:09}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// The time of day in such a text, of whatever day.
pub(super) fn nanos_of_day(text: &str) -> Option<i64> {
    let (_, time) = text.split_once('T')?;
    let number = |from: usize, to: usize| time.get(from..to)?.parse::<i64>().ok();
    let seconds = (number(0, 2)? * 60 + number(3, 5)?) * 60 + number(6, 8)?;
    Some(seconds * SECOND + number(9, 18)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_start_within_their_minute() {
        let minutes = Minutes { programs: 50 };
        assert_eq!(
            minutes.range(0),
            (
                "2026-11-20T10:00:00.000000000Z".to_owned(),
                "2026-11-20T10:00:59.999999999Z".to_owned()
            )
        );
        for (copy, expected) in [
            (0, "2026-11-20T10:00:00.000000000"),
            (49, "2026-11-20T10:00:58.800000000"),
            (50, "2026-11-20T10:01:00.000000000"),
            (4_999, "2026-11-20T11:39:58.800000000"),
        ] {
            let start = minutes.start_of(copy);
            assert_eq!(text_of(start), expected);
            assert_eq!(nanos_of_day(expected), Some(start));
        }
        assert_eq!(nanos_of_day("2026-11-20 10:00"), None);
    }
}
