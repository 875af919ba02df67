//! Times as queries give and take them.

use chrono::{DateTime, SecondsFormat};
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use model::{InsertRange, TimeNs};

/// The time zone of every time that queries answer with.
pub(crate) const UTC: &str = "+00:00";

pub(crate) fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some(UTC.into()))
}

/// RFC 3339, as precise as it has to be.
pub(crate) fn time_text(time: TimeNs) -> String {
    DateTime::from_timestamp_nanos(time).to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

pub(crate) fn range_text(range: &InsertRange) -> String {
    let (begin, end) = (time_text(range.begin.0), time_text(range.end.0));
    format!("[{begin}, {end})")
}
