//! Timestamps as RFC 3339 text.
//!
//! Neighbouring rows are usually of the same second, and nearly always of the same day, so
//! the text up to the second is kept from row to row.

use arrow::array::timezone::Tz;
use arrow::array::{ArrayRef, AsArray};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::{
    TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{DateTime, Datelike, Offset, TimeZone, Timelike};

use super::text;

/// Quote, date, `T`, time to the second.
const PREFIX_LEN: usize = 20;
/// The prefix, a point with nine digits, an offset of six, the closing quote.
const TEXT_LEN_MAX: usize = PREFIX_LEN + 10 + 6 + 1;

/// How the local time of a column is found and named.
#[derive(Debug, Clone, Copy)]
pub(super) enum Zone {
    /// No zone: the time is printed without a suffix.
    None,
    /// Universal time: `Z`.
    Utc,
    /// Any other: fixed offset or name.
    Local(Tz),
}

impl Zone {
    pub(super) fn parse(name: &str) -> Result<Self, ArrowError> {
        match name {
            "UTC" | "Etc/UTC" | "GMT" | "Z" | "+00:00" => Ok(Self::Utc),
            _ => Ok(Self::Local(name.parse()?)),
        }
    }

    /// Seconds east of universal time at a moment.
    fn offset_seconds(self, second: i64) -> Option<i64> {
        let Self::Local(zone) = self else {
            return Some(0);
        };
        let moment = DateTime::from_timestamp(second, 0)?.naive_utc();
        let offset = zone.offset_from_utc_datetime(&moment).fix();
        Some(i64::from(offset.local_minus_utc()))
    }
}

/// A timestamp column with the text of its last second.
#[derive(Debug)]
pub(super) struct TimestampColumn {
    array: ArrayRef,
    values: ScalarBuffer<i64>,
    unit: TimeUnit,
    zone: Zone,
    second: Option<i64>,
    prefix: [u8; PREFIX_LEN],
    suffix: [u8; 7],
    suffix_len: usize,
}

impl TimestampColumn {
    pub(super) fn new(
        array: &ArrayRef,
        unit: TimeUnit,
        zone: Option<&str>,
    ) -> Result<Self, ArrowError> {
        let values = match unit {
            TimeUnit::Second => array.as_primitive::<TimestampSecondType>().values(),
            TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().values(),
            TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().values(),
            TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().values(),
        };
        Ok(Self {
            array: array.clone(),
            values: values.clone(),
            unit,
            zone: zone.map_or(Ok(Zone::None), Zone::parse)?,
            second: None,
            prefix: [0; PREFIX_LEN],
            suffix: [0; 7],
            suffix_len: 0,
        })
    }

    pub(super) fn write(&mut self, row: usize, out: &mut Vec<u8>) {
        let (second, nanoseconds) = split(self.values[row], self.unit);
        if self.second != Some(second) && self.move_to(second).is_none() {
            self.second = None;
            return self.write_unusual(row, out);
        }
        let mut text = [0; TEXT_LEN_MAX];
        text[..PREFIX_LEN].copy_from_slice(&self.prefix);
        let fraction_end = PREFIX_LEN + write_fraction(nanoseconds, &mut text[PREFIX_LEN..]);
        let end = fraction_end + self.suffix_len;
        text[fraction_end..end].copy_from_slice(&self.suffix[..self.suffix_len]);
        out.extend_from_slice(&text[..end]);
    }

    /// Prepares the text of another second; `None` for what four-digit years and whole
    /// minutes of offset cannot say.
    fn move_to(&mut self, second: i64) -> Option<()> {
        let offset = self.zone.offset_seconds(second)?;
        let local = DateTime::from_timestamp(second.checked_add(offset)?, 0)?;
        let year = u32::try_from(local.year()).ok().filter(|y| *y <= 9999)?;
        if offset % 60 != 0 {
            return None;
        }
        self.prefix = *b"\"0000-00-00T00:00:00";
        put_digits(&mut self.prefix[1..5], year);
        put_digits(&mut self.prefix[6..8], local.month());
        put_digits(&mut self.prefix[9..11], local.day());
        put_digits(&mut self.prefix[12..14], local.hour());
        put_digits(&mut self.prefix[15..17], local.minute());
        put_digits(&mut self.prefix[18..20], local.second());
        self.set_suffix(offset);
        self.second = Some(second);
        Some(())
    }

    fn set_suffix(&mut self, offset: i64) {
        let minutes = u32::try_from(offset.abs() / 60).expect("an offset is below a day");
        let sign = if offset < 0 { b'-' } else { b'+' };
        self.suffix_len = match (self.zone, offset) {
            (Zone::None, _) => {
                self.suffix[0] = b'"';
                1
            }
            (_, 0) => {
                self.suffix[..2].copy_from_slice(b"Z\"");
                2
            }
            _ => {
                self.suffix = [sign, b'0', b'0', b':', b'0', b'0', b'"'];
                put_digits(&mut self.suffix[1..3], minutes / 60);
                put_digits(&mut self.suffix[4..6], minutes % 60);
                7
            }
        };
    }

    /// Times outside the years 0 to 9999 are rare enough to be left to the Arrow library.
    fn write_unusual(&self, row: usize, out: &mut Vec<u8>) {
        let options = FormatOptions::new().with_display_error(true);
        match ArrayFormatter::try_new(self.array.as_ref(), &options) {
            Ok(formatter) => {
                text::write_string(formatter.value(row).to_string().as_bytes(), out);
            }
            Err(_) => out.extend_from_slice(b"null"),
        }
    }
}

/// Whole seconds, rounded down, and the nanoseconds within the second.
fn split(value: i64, unit: TimeUnit) -> (i64, u32) {
    // A constant divisor per unit: the compiler replaces the division.
    let (second, rest) = match unit {
        TimeUnit::Second => return (value, 0),
        TimeUnit::Millisecond => (value.div_euclid(1_000), value.rem_euclid(1_000) * 1_000_000),
        TimeUnit::Microsecond => (
            value.div_euclid(1_000_000),
            value.rem_euclid(1_000_000) * 1_000,
        ),
        TimeUnit::Nanosecond => (
            value.div_euclid(1_000_000_000),
            value.rem_euclid(1_000_000_000),
        ),
    };
    (second, rest as u32)
}

/// Writes nothing, or a point with 3, 6 or 9 digits: as many as the value needs.
fn write_fraction(nanoseconds: u32, out: &mut [u8]) -> usize {
    if nanoseconds == 0 {
        return 0;
    }
    out[0] = b'.';
    let micros = nanoseconds / 1_000;
    put_digits(&mut out[1..4], micros / 1_000);
    if nanoseconds.is_multiple_of(1_000_000) {
        return 4;
    }
    put_digits(&mut out[4..7], micros % 1_000);
    if nanoseconds.is_multiple_of(1_000) {
        return 7;
    }
    put_digits(&mut out[7..10], nanoseconds % 1_000);
    10
}

/// Writes a number with leading zeros over the whole of `out`.
fn put_digits(out: &mut [u8], mut number: u32) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}
