//! Events straight from their blocks, decoded by all cores.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use catalog::StoredBlock;
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use decode::{BlockBatches, BlockSource, DecodeOptions, EventTable};
use futures::stream::TryStreamExt;

use crate::blocks_scan::{BlockQueue, BlockScan};
use crate::context::ScanCounters;
use crate::rounds::Rounds;
use crate::{Lakehouse, Result};

/// Rows of small blocks leave together, up to about so many bytes: messages can be long.
const SMALL_BYTES: usize = 4 << 20;

/// Which blocks to decode, and what of them.
#[derive(Debug)]
pub(crate) struct EventsScan {
    pub(crate) house: Lakehouse,
    pub(crate) counters: Arc<ScanCounters>,
    pub(crate) table: EventTable,
    pub(crate) blocks: BlockScan,
    pub(crate) options: DecodeOptions,
    /// Of the projected columns.
    pub(crate) schema: SchemaRef,
}

impl EventsScan {
    pub(crate) fn plan(
        self,
        partitions: usize,
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let partitions = partitions.max(1);
        let schema = Arc::clone(&self.schema);
        let shared = Arc::new(Shared {
            scan: self,
            rounds: Rounds::new(partitions),
        });
        let partitions = (0..partitions)
            .map(|_| Arc::new(EventsPartition(Arc::clone(&shared))) as Arc<dyn PartitionStream>)
            .collect();
        Ok(Arc::new(StreamingTableExec::try_new(
            schema,
            partitions,
            None,
            [],
            false,
            limit,
        )?))
    }
}

/// What the partitions of one scan share.
#[derive(Debug)]
struct Shared {
    scan: EventsScan,
    rounds: Rounds<BlockQueue>,
}

impl Shared {
    fn queue(&self) -> Arc<BlockQueue> {
        self.rounds.join(|| {
            let scan = &self.scan;
            let counters = Arc::clone(&scan.counters);
            BlockQueue::new(&scan.house, &scan.blocks, counters)
        })
    }
}

#[derive(Debug)]
struct EventsPartition(Arc<Shared>);

impl PartitionStream for EventsPartition {
    fn schema(&self) -> &SchemaRef {
        &self.0.scan.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let consumer = MemoryConsumer::new("block decoder");
        let decoder = Decoder {
            memory: consumer.register(context.memory_pool()),
            shared: Arc::clone(&self.0),
            queue: self.0.queue(),
            waiting: VecDeque::new(),
            current: None,
            small: Vec::new(),
            small_rows: 0,
            small_bytes: 0,
        };
        let batches = futures::stream::try_unfold(decoder, |mut decoder| async move {
            Ok::<_, crate::Error>(decoder.next_batch().await?.map(|batch| (batch, decoder)))
        });
        let schema = Arc::clone(&self.0.scan.schema);
        Box::pin(RecordBatchStreamAdapter::new(
            schema,
            batches.map_err(Into::into),
        ))
    }
}

/// Decodes blocks one after the other; rows of many small blocks leave in one batch.
struct Decoder {
    /// For the block that is being decoded.
    memory: MemoryReservation,
    shared: Arc<Shared>,
    queue: Arc<BlockQueue>,
    waiting: VecDeque<(StoredBlock, Option<Bytes>)>,
    current: Option<(StoredBlock, BlockBatches)>,
    small: Vec<RecordBatch>,
    small_rows: usize,
    small_bytes: usize,
}

impl Decoder {
    async fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        let rows_wanted = self.shared.scan.options.batch_rows / 2;
        loop {
            while let Some(batch) = self.decode_batch() {
                if self.small.is_empty() && batch.num_rows() >= rows_wanted {
                    return Ok(Some(batch));
                }
                self.small_rows += batch.num_rows();
                self.small_bytes += batch.get_array_memory_size();
                self.small.push(batch);
                if self.small_rows >= rows_wanted || self.small_bytes >= SMALL_BYTES {
                    return self.take_small();
                }
            }
            if let Some((block, payload)) = self.waiting.pop_front() {
                self.open(block, payload).await?;
            } else if let Some(group) = self.queue.next().await? {
                self.waiting.extend(group);
            } else {
                return self.take_small();
            }
        }
    }

    fn take_small(&mut self) -> Result<Option<RecordBatch>> {
        (self.small_rows, self.small_bytes) = (0, 0);
        let small = std::mem::take(&mut self.small);
        Ok(match small.as_slice() {
            [] => None,
            [batch] => Some(batch.clone()),
            batches => Some(concat_batches(&self.shared.scan.schema, batches)?),
        })
    }

    /// A batch with at least one row of the current block.
    fn decode_batch(&mut self) -> Option<RecordBatch> {
        loop {
            let (block, batches) = self.current.as_mut()?;
            match batches.next() {
                Some(Ok(batch)) if batch.num_rows() == 0 => {}
                Some(Ok(batch)) => return Some(batch),
                Some(Err(error)) => {
                    skip(&self.shared.scan.counters, block, &error);
                    self.close();
                }
                None => self.close(),
            }
        }
    }

    fn close(&mut self) {
        self.current = None;
        self.memory.free();
    }

    /// A block that can not be decoded costs its own rows only.
    async fn open(&mut self, block: StoredBlock, payload: Option<Bytes>) -> Result<()> {
        let Some(payload) = payload else {
            self.shared.scan.counters.add_skipped_block();
            return Ok(());
        };
        let batches = match self.shared.scan.house.plan(&block.stream).await {
            Ok(plan) => {
                let source = BlockSource {
                    process: Arc::clone(&block.process.info),
                    plan,
                    block: block.info,
                    insert_time: block.insert_time,
                };
                BlockBatches::open(
                    self.shared.scan.table,
                    source,
                    &payload,
                    &self.shared.scan.options,
                )
            }
            Err(error) => Err(error),
        };
        match batches {
            Ok(batches) => {
                if batches.ignored_events() > 0 {
                    tracing::warn!(
                        block_id = %block.info.block_id,
                        events = batches.ignored_events(),
                        "events of unknown types ignored"
                    );
                }
                self.memory.try_resize(batches.memory_bytes())?;
                self.current = Some((block, batches));
            }
            Err(error) => skip(&self.shared.scan.counters, &block, &error),
        }
        Ok(())
    }
}

fn skip(counters: &ScanCounters, block: &StoredBlock, error: &decode::Error) {
    counters.add_skipped_block();
    tracing::warn!(
        block_id = %block.info.block_id,
        stream_id = %block.info.stream_id,
        process_id = %block.info.process_id,
        error = error as &dyn std::error::Error,
        "block skipped: it can not be decoded"
    );
}
