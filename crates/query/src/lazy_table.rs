//! Tables of one batch that is made when the table is read, never while planning.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::future::BoxFuture;

type Make = dyn Fn() -> BoxFuture<'static, Result<RecordBatch>> + Send + Sync;

/// `make` returns a batch of `schema`; nothing happens before its future is polled.
pub(crate) fn lazy_table(
    schema: SchemaRef,
    make: impl Fn() -> BoxFuture<'static, Result<RecordBatch>> + Send + Sync + 'static,
) -> Result<Arc<dyn TableProvider>> {
    let partition = LazyBatch {
        schema: Arc::clone(&schema),
        make: Box::new(make),
    };
    let table = StreamingTable::try_new(schema, vec![Arc::new(partition)])?;
    Ok(Arc::new(table))
}

struct LazyBatch {
    schema: SchemaRef,
    make: Box<Make>,
}

impl fmt::Debug for LazyBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyBatch")
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

impl PartitionStream for LazyBatch {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batch = futures::stream::once((self.make)());
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            batch,
        ))
    }
}
