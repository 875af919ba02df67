//! The spans of all threads of a process.

use std::sync::Arc;

use async_trait::async_trait;
use catalog::StoredStream;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::default_table_source::provider_as_source;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, TableProviderFilterPushDown, TableType, ident,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use futures::future::ready;
use futures::stream::{self, StreamExt, TryStreamExt};
use model::ProcessId;
use views::{Lakehouse, ScanContext, thread_name};

use super::async_spans::constant;
use super::{SCHEMA, TAG};
use crate::nested::{Narrowing, nested_session};
use crate::queued_union::QueuedUnionExec;

/// Threads that are planned at the same time: each asks the catalog for its partitions.
const PLANNED: usize = 8;

/// `thread_spans` of each thread that was active in the range of the query, with the
/// thread's name.
#[derive(Debug)]
pub(super) struct ThreadSpans {
    house: Lakehouse,
    process: ProcessId,
}

impl ThreadSpans {
    pub const fn new(house: Lakehouse, process: ProcessId) -> Self {
        Self { house, process }
    }

    fn thread(&self, stream: &StoredStream) -> Result<LogicalPlan> {
        let id = stream.info.stream_id.to_string();
        let mut columns = vec![
            constant(&id).alias("stream_id"),
            constant(&thread_name(&stream.info)).alias("thread_name"),
        ];
        let spans = self.house.instance("thread_spans", &id)?;
        let fields = SCHEMA.fields().iter().skip(columns.len());
        columns.extend(fields.map(|field| ident(field.name())));
        LogicalPlanBuilder::scan("thread_spans", provider_as_source(spans), None)?
            .project(columns)?
            .build()
    }
}

#[async_trait]
impl TableProvider for ThreadSpans {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&SCHEMA)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Exact; filters.len()])
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let context = ScanContext::of(session.config());
        let Some(range) = context.range() else {
            return plan_err!(
                "query range mandatory for thread spans view: send the begin and the end of a \
                 time range with the query"
            );
        };
        let streams = self
            .house
            .active_streams(&context, self.process, TAG, Some(range));
        let streams = streams.await?;
        let narrowing = Narrowing {
            projection,
            filters,
            limit,
        };
        let parallelism = session.config().target_partitions();
        let session = &session_of_each(session, streams.len())?;
        let plans: Vec<_> = stream::iter(streams)
            .map(|stream| async move {
                let plan = narrowing.apply(self.thread(&stream)?)?;
                session.create_physical_plan(&plan).await
            })
            .buffered(PLANNED)
            .try_filter(|plan| ready(!plan.is::<EmptyExec>()))
            .try_collect()
            .await?;
        let schema = match projection {
            Some(columns) => Arc::new(SCHEMA.project(columns)?),
            None => Arc::clone(&SCHEMA),
        };
        let config = session.config().clone();
        let union = QueuedUnionExec::new(schema, plans, parallelism, config);
        Ok(Arc::new(union))
    }
}

/// Threads run beside each other, so each gets its part of the cores.
fn session_of_each(session: &dyn Session, threads: usize) -> Result<SessionState> {
    let mut session = nested_session(session)?;
    let execution = &mut session.config_mut().options_mut().execution;
    execution.target_partitions = (execution.target_partitions / threads.max(1)).max(1);
    Ok(session)
}
