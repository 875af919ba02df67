//! Asynchronous spans: begin and end events of a process, brought together.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::default_table_source::provider_as_source;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{JoinType, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, TableProviderFilterPushDown, TableType, cast, ident, lit,
};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use model::ProcessId;
use views::Lakehouse;

use super::SCHEMA;
use crate::nested::{Narrowing, sorting_session};
use crate::queued_union::QueuedUnionExec;

/// What threads are called where there is none.
const THREAD_NAME: &str = "async";

/// Those that begin and end within the range of the query's scans.
#[derive(Debug)]
pub(in crate::table_functions) struct AsyncSpans {
    house: Lakehouse,
    process: ProcessId,
}

impl AsyncSpans {
    pub const fn new(house: Lakehouse, process: ProcessId) -> Self {
        Self { house, process }
    }

    fn plan(&self) -> Result<LogicalPlan> {
        let begins = self.events("begin")?;
        let ends = self.events("end")?;
        let end_columns = [ident("span_id").alias("ended"), ident("time").alias("end")];
        let ends = ends.project(end_columns)?.build()?;
        let is_positive = ident("time").lt(ident("end"));
        let on = (vec!["span_id"], vec!["ended"]);
        let spans = begins.join(ends, JoinType::Inner, on, Some(is_positive))?;
        spans.project(columns())?.build()
    }

    fn events(&self, kind: &str) -> Result<LogicalPlanBuilder> {
        let events = self
            .house
            .instance("async_events", &self.process.to_string())?;
        LogicalPlanBuilder::scan(kind, provider_as_source(events), None)?
            .filter(ident("event_type").eq(lit(kind)))
    }
}

/// Of [`SCHEMA`], from those of a begin event and `end`.
fn columns() -> Vec<Expr> {
    let nanoseconds = |time| cast(ident(time), DataType::Int64);
    vec![
        constant("").alias("stream_id"),
        constant(THREAD_NAME).alias("thread_name"),
        ident("span_id").alias("id"),
        ident("parent_span_id").alias("parent"),
        ident("depth"),
        ident("hash"),
        ident("time").alias("begin"),
        ident("end"),
        (nanoseconds("end") - nanoseconds("time")).alias("duration"),
        ident("name"),
        ident("target"),
        ident("filename"),
        ident("line"),
    ]
}

/// A text that all rows of a table have.
pub(super) fn constant(text: &str) -> Expr {
    let text = ScalarValue::Utf8(Some(text.to_owned()));
    lit(ScalarValue::Dictionary(
        Box::new(DataType::Int16),
        Box::new(text),
    ))
}

#[async_trait]
impl TableProvider for AsyncSpans {
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
        let session = sorting_session(session)?;
        let narrowing = Narrowing {
            projection,
            filters,
            limit,
        };
        let plan = narrowing.apply(self.plan()?)?;
        let plan = session.create_physical_plan(&plan).await?;
        let (schema, config) = (plan.schema(), session.config().clone());
        let partitions = plan.output_partitioning().partition_count();
        let union = QueuedUnionExec::new(schema, vec![plan], partitions, config);
        Ok(Arc::new(union))
    }
}
