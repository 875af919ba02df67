//! `parse_block('<block id>')`: whatever is in a block, event by event.
//!
//! | column | type | |
//! |---|---|---|
//! | `object_index` | Int64 | position of the event in its stream: the first one is at the block's `object_offset` |
//! | `type_name` | Utf8 | the type of the event, as its producer calls it |
//! | `value` | Binary | the event as a JSONB object; see [`BlockObjects`] |
//!
//! An argument that is not a literal id is refused while planning. A block that does not
//! exist, is of a format that is not read here, or can not be decoded, is an error when the
//! table is read, never an empty table. Rows before a corrupt event may have been answered.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{exec_datafusion_err, exec_err, plan_datafusion_err, plan_err};
use datafusion::error::Result;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::stream;
use model::{BlockId, TRANSIT_FORMAT};
use views::{BlockObjects, Error, Lakehouse, ScanContext};

use super::literal_text;

#[derive(Debug)]
pub(super) struct ParseBlock {
    house: Lakehouse,
}

impl ParseBlock {
    pub const fn new(house: Lakehouse) -> Self {
        Self { house }
    }
}

impl TableFunctionImpl for ParseBlock {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let [block] = args.exprs() else {
            return plan_err!(
                "parse_block takes one argument, parse_block('<block id>'), given: {}",
                args.exprs().len()
            );
        };
        let text = literal_text("The argument to parse_block", block)?;
        let block = text.parse().map_err(|_| {
            plan_datafusion_err!(
                "The argument to parse_block must be the UUID of a block, given: '{text}'"
            )
        })?;
        let events = Events {
            house: self.house.clone(),
            block,
            schema: BlockObjects::schema(),
        };
        let table = StreamingTable::try_new(BlockObjects::schema(), vec![Arc::new(events)])?;
        Ok(Arc::new(table))
    }
}

/// The events of one block.
struct Events {
    house: Lakehouse,
    block: BlockId,
    schema: SchemaRef,
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("block", &self.block)
            .finish_non_exhaustive()
    }
}

impl PartitionStream for Events {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (house, block) = (self.house.clone(), self.block);
        let batches = stream::try_unfold(None, move |reading: Option<Reading>| {
            let (house, context) = (house.clone(), Arc::clone(&context));
            async move {
                let mut reading = match reading {
                    Some(reading) => reading,
                    None => Reading::open(&house, &context, block).await?,
                };
                Ok(reading.next_batch()?.map(|batch| (batch, Some(reading))))
            }
        });
        let schema = SchemaRef::clone(&self.schema);
        Box::pin(RecordBatchStreamAdapter::new(schema, batches))
    }
}

/// A block that is being shown.
struct Reading {
    block: BlockId,
    objects: BlockObjects,
    batch_rows: usize,
    memory: MemoryReservation,
}

impl Reading {
    async fn open(house: &Lakehouse, context: &TaskContext, id: BlockId) -> Result<Self> {
        let scan = ScanContext::of(context.session_config());
        let block = house.find_block(&scan, id).await?;
        let block = block.ok_or_else(|| exec_datafusion_err!("block {id} not found"))?;
        let format = &block.stream.info.format;
        if format != TRANSIT_FORMAT {
            return exec_err!(
                "parse_block reads blocks of the format {TRANSIT_FORMAT}, and block {id} is of \
                 the format {format}"
            );
        }
        let memory = MemoryConsumer::new("parse_block").register(context.memory_pool());
        memory.try_grow(usize::try_from(block.payload_size()).unwrap_or(usize::MAX))?;
        let payload = house.payload(&scan, &block).await?;
        let objects = house.block_objects(&block, &payload).await?;
        Ok(Self {
            block: id,
            objects,
            batch_rows: context.session_config().batch_size(),
            memory,
        })
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        self.memory.try_resize(self.objects.memory_bytes())?;
        let batch = self.objects.next_batch(self.batch_rows);
        Ok(batch.map_err(|error| Error::undecodable(self.block, error))?)
    }
}
