//! Table functions open to every caller.

mod list_partitions;
mod list_view_sets;
mod parse_block;
mod perfetto_trace_chunks;
mod process_spans;
mod view_instance;

use std::sync::Arc;

use datafusion::common::{ScalarValue, plan_err};
use datafusion::error::Result;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::Expr;
use views::Lakehouse;

use list_partitions::ListPartitions;
use list_view_sets::ListViewSets;
use parse_block::ParseBlock;
use perfetto_trace_chunks::PerfettoTraceChunks;
use process_spans::ProcessSpans;
use view_instance::ViewInstance;

pub(crate) fn register(session: &mut SessionState, house: &Lakehouse) {
    let instance = ViewInstance::new(house.clone());
    session.register_udtf("view_instance", Arc::new(instance));
    let view_sets = ListViewSets::new(house.clone());
    session.register_udtf("list_view_sets", Arc::new(view_sets));
    let partitions = ListPartitions::new(house.clone());
    session.register_udtf("list_partitions", Arc::new(partitions));
    let parse_block = ParseBlock::new(house.clone());
    session.register_udtf("parse_block", Arc::new(parse_block));
    let spans = ProcessSpans::new(house.clone());
    session.register_udtf("process_spans", Arc::new(spans));
    let chunks = PerfettoTraceChunks::new(house.clone());
    session.register_udtf("perfetto_trace_chunks", Arc::new(chunks));
}

pub(crate) fn literal_text<'a>(what: &str, argument: &'a Expr) -> Result<&'a str> {
    match argument {
        Expr::Literal(
            ScalarValue::Utf8(Some(text))
            | ScalarValue::LargeUtf8(Some(text))
            | ScalarValue::Utf8View(Some(text)),
            _,
        ) => Ok(text),
        other => plan_err!("{what} must be a literal string, given: {other}"),
    }
}

/// Refuse what a function without arguments was given.
pub(crate) fn no_arguments(function: &str, arguments: &[Expr]) -> Result<()> {
    match arguments.len() {
        0 => Ok(()),
        given => plan_err!("{function} takes no arguments, given: {given}"),
    }
}
