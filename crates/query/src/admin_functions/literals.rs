//! Literal arguments of administrative functions.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{ScalarValue, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use model::TimeNs;

use crate::times::time_type;

/// A timestamp, or RFC 3339 text; without a zone it is UTC.
pub(super) fn literal_time(what: &str, argument: &Expr) -> Result<TimeNs> {
    let time = match argument {
        Expr::Literal(value, _) if is_time(&value.data_type()) => value.cast_to(&time_type()).ok(),
        _ => None,
    };
    match time {
        Some(ScalarValue::TimestampNanosecond(Some(time), _)) => Ok(time),
        _ => plan_err!(
            "{what} must be a literal time, such as '2026-01-31T12:00:00Z', given: {argument}"
        ),
    }
}

fn is_time(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64
    ) || kind.is_string()
}

/// A whole number of seconds.
pub(super) fn literal_seconds(what: &str, argument: &Expr) -> Result<i64> {
    let seconds = match argument {
        Expr::Literal(value, _) if value.data_type().is_integer() => {
            value.cast_to(&DataType::Int64).ok()
        }
        _ => None,
    };
    match seconds {
        Some(ScalarValue::Int64(Some(seconds))) => Ok(seconds),
        _ => plan_err!("{what} must be a literal whole number of seconds, given: {argument}"),
    }
}
