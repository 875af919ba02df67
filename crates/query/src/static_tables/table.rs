//! A file as a table.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use futures::stream;

use super::rows::{Rows, Source};

#[derive(Debug)]
pub(super) struct StaticTable(pub Source);

#[async_trait]
impl TableProvider for StaticTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.0.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut source = self.0.clone();
        if let Some(columns) = projection {
            source.schema = Arc::new(source.schema.project(columns)?);
        }
        let schema = Arc::clone(&source.schema);
        let rows: Arc<dyn PartitionStream> = Arc::new(Scan(source));
        let scan = StreamingTableExec::try_new(schema, vec![rows], None, [], false, limit)?;
        Ok(Arc::new(scan))
    }
}

struct Scan(Source);

impl fmt::Debug for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scan").field(&self.0.table).finish()
    }
}

enum Reading {
    Begin(Source),
    Rows(Box<Rows>),
}

impl PartitionStream for Scan {
    fn schema(&self) -> &SchemaRef {
        &self.0.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let begin = Reading::Begin(self.0.clone());
        let batches = stream::try_unfold(begin, move |reading| {
            let context = Arc::clone(&context);
            async move {
                let mut rows = match reading {
                    Reading::Begin(source) => {
                        let consumer = MemoryConsumer::new("static table");
                        let memory = consumer.register(context.memory_pool());
                        Box::new(source.open(memory).await?)
                    }
                    Reading::Rows(rows) => rows,
                };
                let batch = rows.next_batch().await?;
                Ok(batch.map(|batch| (batch, Reading::Rows(rows))))
            }
        });
        let schema = Arc::clone(&self.0.schema);
        Box::pin(RecordBatchStreamAdapter::new(schema, batches))
    }
}
