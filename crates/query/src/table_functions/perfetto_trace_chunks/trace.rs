//! What a trace is made of, and the plans that read it.

use std::sync::Arc;

use catalog::{StoredProcess, StoredStream};
use datafusion::catalog::TableProvider;
use datafusion::catalog::default_table_source::provider_as_source;
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, ident};
use model::{ProcessId, StreamId, TimeRange};
use views::{Lakehouse, ScanContext};

use super::span_rows::COLUMNS;
use crate::table_functions::process_spans::{AsyncSpans, SpanTypes, TAG};

#[derive(Debug)]
pub(super) struct Trace {
    pub house: Lakehouse,
    /// As the caller spelled it.
    pub process: String,
    pub types: SpanTypes,
    /// Of everything that is read, whatever the range of the query is.
    pub range: TimeRange,
}

impl Trace {
    pub async fn process(&self, context: &ScanContext) -> Result<Arc<StoredProcess>> {
        let process = match self.process.parse() {
            Ok(id) => {
                self.house
                    .find_process(context, id, Some(self.range))
                    .await?
            }
            Err(_) => None,
        };
        match process {
            Some(process) => Ok(process),
            None => exec_err!(
                "Trace generation failed: Process {} not found",
                self.process
            ),
        }
    }

    pub async fn threads(
        &self,
        context: &ScanContext,
        process: ProcessId,
    ) -> Result<Vec<Arc<StoredStream>>> {
        let streams = self
            .house
            .active_streams(context, process, TAG, Some(self.range));
        Ok(streams.await?)
    }

    /// Views of threads are in that order already, so that nothing is sorted.
    pub fn thread_spans(&self, stream: StreamId) -> Result<LogicalPlan> {
        let spans = self.house.instance("thread_spans", &stream.to_string())?;
        by_begin("thread_spans", spans)
    }

    pub fn async_spans(&self, process: ProcessId) -> Result<LogicalPlan> {
        let spans = AsyncSpans::new(self.house.clone(), process);
        by_begin("async_spans", Arc::new(spans))
    }
}

fn by_begin(name: &str, spans: Arc<dyn TableProvider>) -> Result<LogicalPlan> {
    LogicalPlanBuilder::scan(name, provider_as_source(spans), None)?
        .project(COLUMNS.map(ident))?
        .sort([ident("begin").sort(true, false)])?
        .build()
}
