//! `perfetto_trace_chunks(process_id, span_types, begin, end)`: the spans of a process as a
//! Perfetto trace, cut in small pieces.

mod production;
mod span_rows;
mod table;
mod trace;

use std::sync::Arc;

use chrono::DateTime;
use datafusion::arrow::datatypes::DataType;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{ScalarValue, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use model::{TimeNs, TimeRange};
use views::Lakehouse;

use super::process_spans::{SpanTypes, process_argument};
use crate::times::{UTC, time_type};
use table::TraceChunks;
use trace::Trace;

const NAME: &str = "perfetto_trace_chunks";

#[derive(Debug)]
pub(super) struct PerfettoTraceChunks {
    house: Lakehouse,
}

impl PerfettoTraceChunks {
    pub const fn new(house: Lakehouse) -> Self {
        Self { house }
    }
}

impl TableFunctionImpl for PerfettoTraceChunks {
    /// Whether the process exists is found out when the table is read; a text that is no id is
    /// one of the processes that do not.
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let [process, types, begin, end] = args.exprs() else {
            return plan_err!(
                "{NAME} takes four arguments, \
                 {NAME}('<process id>', '<span types>', '<begin>', '<end>'), given: {}",
                args.exprs().len()
            );
        };
        let trace = Trace {
            house: self.house.clone(),
            process: process_argument(NAME, process)?.to_owned(),
            types: SpanTypes::argument(NAME, types)?,
            range: TimeRange {
                begin: time_argument("Third", begin)?,
                end: time_argument("Fourth", end)?,
            },
        };
        Ok(Arc::new(TraceChunks::new(trace)))
    }
}

fn time_argument(which: &str, argument: &Expr) -> Result<TimeNs> {
    match argument.as_literal().and_then(literal_time) {
        Some(time) => Ok(time),
        None => plan_err!(
            "{which} argument to {NAME} must be a timestamp in UTC or a text as in RFC 3339, \
             given: {argument}"
        ),
    }
}

fn literal_time(value: &ScalarValue) -> Option<TimeNs> {
    if let Some(text) = value.try_as_str() {
        return DateTime::parse_from_rfc3339(text?)
            .ok()?
            .timestamp_nanos_opt();
    }
    match value.data_type() {
        DataType::Timestamp(_, None) => {}
        DataType::Timestamp(_, Some(zone)) if *zone == *UTC => {}
        _ => return None,
    }
    match value.cast_to(&time_type()).ok()? {
        ScalarValue::TimestampNanosecond(time, _) => time,
        _ => None,
    }
}
