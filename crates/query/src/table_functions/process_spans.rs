//! `process_spans(process_id, span_types)`: what a process was busy with.

mod async_spans;
mod span_types;
mod thread_spans;

use std::sync::{Arc, LazyLock};

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::default_table_source::provider_as_source;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{ScalarValue, plan_err};
use datafusion::datasource::ViewTable;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use model::ProcessId;
use views::Lakehouse;

use crate::times::time_type;
use thread_spans::ThreadSpans;

pub(super) use async_spans::AsyncSpans;
pub(super) use span_types::SpanTypes;

const NAME: &str = "process_spans";

/// The tag of the streams that spans come from.
pub(super) const TAG: &str = "cpu";

/// Columns of `thread_spans` behind the two that tell threads apart.
static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let fields = [
        ("stream_id", dictionary(DataType::Int16)),
        ("thread_name", dictionary(DataType::Int16)),
        ("id", DataType::Int64),
        ("parent", DataType::Int64),
        ("depth", DataType::UInt32),
        ("hash", DataType::UInt32),
        ("begin", time_type()),
        ("end", time_type()),
        ("duration", DataType::Int64),
        ("name", dictionary(DataType::Int32)),
        ("target", dictionary(DataType::Int32)),
        ("filename", dictionary(DataType::Int32)),
        ("line", DataType::UInt32),
    ];
    let fields = fields.map(|(name, kind)| Field::new(name, kind, false));
    Arc::new(Schema::new(fields.to_vec()))
});

fn dictionary(keys: DataType) -> DataType {
    DataType::Dictionary(Box::new(keys), Box::new(DataType::Utf8))
}

#[derive(Debug)]
pub(super) struct ProcessSpans {
    house: Lakehouse,
}

impl ProcessSpans {
    pub const fn new(house: Lakehouse) -> Self {
        Self { house }
    }
}

impl TableFunctionImpl for ProcessSpans {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let [process, types] = args.exprs() else {
            return plan_err!(
                "{NAME} takes two arguments, {NAME}('<process id>', '<span types>'), given: {}",
                args.exprs().len()
            );
        };
        let process = process_argument(NAME, process)?;
        let types = SpanTypes::argument(NAME, types)?;
        let Ok(process) = process.parse() else {
            return plan_err!(
                "First argument to {NAME} must be a valid UUID (the process ID), given: {process}"
            );
        };
        table(&self.house, process, types)
    }
}

fn table(
    house: &Lakehouse,
    process: ProcessId,
    types: SpanTypes,
) -> Result<Arc<dyn TableProvider>> {
    let threads = || Arc::new(ThreadSpans::new(house.clone(), process));
    let asynchronous = || Arc::new(AsyncSpans::new(house.clone(), process));
    match types {
        SpanTypes::Thread => Ok(threads()),
        SpanTypes::Async => Ok(asynchronous()),
        SpanTypes::Both => {
            let asynchronous = scan("asynchronous", asynchronous())?.build()?;
            let both = scan("threads", threads())?.union(asynchronous)?;
            Ok(Arc::new(ViewTable::new(both.build()?, None)))
        }
    }
}

fn scan(name: &str, table: Arc<dyn TableProvider>) -> Result<LogicalPlanBuilder> {
    LogicalPlanBuilder::scan(name, provider_as_source(table), None)
}

/// The text that stands where a process id is expected.
pub(super) fn process_argument<'a>(function: &str, argument: &'a Expr) -> Result<&'a str> {
    match argument.as_literal().and_then(ScalarValue::try_as_str) {
        Some(Some(text)) => Ok(text),
        _ => plan_err!(
            "First argument to {function} must be a string (the process ID), given: {argument}"
        ),
    }
}
