//! The chunks of one trace as a table.

use std::fmt;
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result;
use datafusion::execution::session_state::SessionState;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use views::ScanContext;

use super::production::Production;
use super::trace::Trace;
use crate::nested::{sorting_session, task_context};

/// Chunks that may wait for the client; then the work waits, too.
const CHUNKS_WAITING: usize = 16;

pub(super) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("chunk_id", DataType::Int32, false),
        Field::new("chunk_data", DataType::Binary, false),
    ]))
});

#[derive(Debug)]
pub(super) struct TraceChunks {
    trace: Arc<Trace>,
}

impl TraceChunks {
    pub fn new(trace: Trace) -> Self {
        let trace = Arc::new(trace);
        Self { trace }
    }
}

#[async_trait]
impl TableProvider for TraceChunks {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&SCHEMA)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// What the trace reads is planned as it is needed, in the trace's own time range.
    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let context = ScanContext::of(session.config());
        let context = context.with_range(Some(self.trace.range));
        let mut session = sorting_session(session)?;
        context.install(session.config_mut());
        let chunks = ChunkStream {
            trace: Arc::clone(&self.trace),
            session: Arc::new(session),
        };
        Ok(Arc::new(StreamingTableExec::try_new(
            Arc::clone(&SCHEMA),
            vec![Arc::new(chunks)],
            projection,
            [],
            false,
            limit,
        )?))
    }
}

struct ChunkStream {
    trace: Arc<Trace>,
    session: Arc<SessionState>,
}

impl fmt::Debug for ChunkStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkStream")
            .field("trace", &self.trace)
            .finish_non_exhaustive()
    }
}

impl PartitionStream for ChunkStream {
    fn schema(&self) -> &SchemaRef {
        &SCHEMA
    }

    /// Dropping the stream ends the work.
    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let config = self.session.config().clone();
        let context = task_context(context.session_id(), config, context.runtime_env());
        let mut chunks = RecordBatchReceiverStreamBuilder::new(Arc::clone(&SCHEMA), CHUNKS_WAITING);
        let production = Production::new(
            Arc::clone(&self.trace),
            Arc::clone(&self.session),
            context,
            chunks.tx(),
        );
        chunks.spawn(production.run());
        chunks.build()
    }
}
