//! Tables whose rows are events: `log_entries` and `measures`, global or of one process.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use catalog::{BlockFilter, StoredBlock};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use decode::{BlockBatches, BlockSource, DecodeOptions, EventTable};
use futures::stream::TryStreamExt;
use model::ProcessId;

use crate::blocks_scan::BlockQueue;
use crate::context::ScanContext;
use crate::predicate::{self, Constraints, Role, Roles};
use crate::{Lakehouse, Result};

const ROLES: Roles = &[
    ("process_id", Role::Process),
    ("stream_id", Role::Stream),
    ("block_id", Role::Block),
    ("time", Role::EventTime),
    ("insert_time", Role::InsertTime),
];

#[derive(Debug)]
pub(crate) struct EventsTable {
    house: Lakehouse,
    table: EventTable,
    process: Option<ProcessId>,
}

impl EventsTable {
    pub(crate) const fn new(
        house: Lakehouse,
        table: EventTable,
        process: Option<ProcessId>,
    ) -> Self {
        Self {
            house,
            table,
            process,
        }
    }
}

#[async_trait]
impl TableProvider for EventsTable {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> DataFusionResult<Vec<TableProviderFilterPushDown>> {
        Ok(predicate::pushdown(filters, ROLES))
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let context = ScanContext::of(session);
        let mut constraints = Constraints::from_filters(filters, ROLES);
        constraints.require_event_range(context.range());
        if let Some(process) = self.process {
            constraints.require_process(process);
        }
        let schema = match projection {
            Some(columns) => Arc::new(self.schema().project(columns)?),
            None => self.schema(),
        };
        if constraints.is_unsatisfiable() {
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let options = DecodeOptions {
            projection: projection.cloned(),
            range: constraints.event_time,
            batch_rows: session.config().batch_size(),
        };
        let snapshot = context.snapshot(&self.house.catalog).await?;
        let filter = constraints.into_block_filter(snapshot, Some(self.table.tag()));
        let scan = Arc::new(EventsScan {
            house: self.house.clone(),
            context,
            table: self.table,
            filter,
            options,
            schema: Arc::clone(&schema),
            partitions: session.config().target_partitions().max(1),
            round: Mutex::default(),
        });
        let partitions = (0..scan.partitions)
            .map(|_| Arc::new(EventsPartition(Arc::clone(&scan))) as Arc<dyn PartitionStream>)
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
struct EventsScan {
    house: Lakehouse,
    context: Arc<ScanContext>,
    table: EventTable,
    filter: BlockFilter,
    options: DecodeOptions,
    schema: SchemaRef,
    partitions: usize,
    round: Mutex<Round>,
}

/// The queue of the execution that is starting. A plan may be executed again, so each
/// round of partitions gets a queue of its own.
#[derive(Debug, Default)]
struct Round {
    queue: Option<Arc<BlockQueue>>,
    taken: usize,
}

impl EventsScan {
    fn queue(&self) -> Arc<BlockQueue> {
        let mut round = self.round.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = Arc::clone(round.queue.get_or_insert_with(|| {
            let counters = Arc::clone(self.context.counters());
            Arc::new(BlockQueue::new(&self.house, self.filter.clone(), counters))
        }));
        round.taken += 1;
        if round.taken == self.partitions {
            *round = Round::default();
        }
        queue
    }
}

#[derive(Debug)]
struct EventsPartition(Arc<EventsScan>);

impl PartitionStream for EventsPartition {
    fn schema(&self) -> &SchemaRef {
        &self.0.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let decoder = Decoder {
            scan: Arc::clone(&self.0),
            queue: self.0.queue(),
            waiting: VecDeque::new(),
            current: None,
            small: Vec::new(),
            small_rows: 0,
        };
        let batches = futures::stream::try_unfold(decoder, |mut decoder| async move {
            Ok::<_, crate::Error>(decoder.next_batch().await?.map(|batch| (batch, decoder)))
        });
        let schema = Arc::clone(&self.0.schema);
        Box::pin(RecordBatchStreamAdapter::new(
            schema,
            batches.map_err(Into::into),
        ))
    }
}

/// Decodes blocks one after the other; rows of many small blocks leave in one batch.
struct Decoder {
    scan: Arc<EventsScan>,
    queue: Arc<BlockQueue>,
    waiting: VecDeque<(StoredBlock, Option<Bytes>)>,
    current: Option<(StoredBlock, BlockBatches)>,
    small: Vec<RecordBatch>,
    small_rows: usize,
}

impl Decoder {
    async fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        let rows_wanted = self.scan.options.batch_rows / 2;
        loop {
            while let Some(batch) = self.decode_batch() {
                if self.small.is_empty() && batch.num_rows() >= rows_wanted {
                    return Ok(Some(batch));
                }
                self.small_rows += batch.num_rows();
                self.small.push(batch);
                if self.small_rows >= rows_wanted {
                    return self.take_small();
                }
            }
            if let Some((block, payload)) = self.waiting.pop_front() {
                self.open(block, payload).await;
            } else if let Some(group) = self.queue.next().await? {
                self.waiting.extend(group);
            } else {
                return self.take_small();
            }
        }
    }

    fn take_small(&mut self) -> Result<Option<RecordBatch>> {
        self.small_rows = 0;
        let small = std::mem::take(&mut self.small);
        Ok(match small.as_slice() {
            [] => None,
            [batch] => Some(batch.clone()),
            batches => Some(concat_batches(&self.scan.schema, batches)?),
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
                    skip(&self.scan.context, block, &error);
                    self.current = None;
                }
                None => self.current = None,
            }
        }
    }

    /// A block that can not be decoded costs its own rows only.
    async fn open(&mut self, block: StoredBlock, payload: Option<Bytes>) {
        let Some(payload) = payload else {
            self.scan.context.counters().add_skipped_block();
            return;
        };
        let batches = match self.scan.house.plan(&block.stream).await {
            Ok(plan) => {
                let source = BlockSource {
                    process: Arc::clone(&block.process.info),
                    plan,
                    block: block.info,
                    insert_time: block.insert_time,
                };
                BlockBatches::open(self.scan.table, source, &payload, &self.scan.options)
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
                self.current = Some((block, batches));
            }
            Err(error) => skip(&self.scan.context, &block, &error),
        }
    }
}

fn skip(context: &ScanContext, block: &StoredBlock, error: &decode::Error) {
    context.counters().add_skipped_block();
    tracing::warn!(
        block_id = %block.info.block_id,
        stream_id = %block.info.stream_id,
        process_id = %block.info.process_id,
        error = error as &dyn std::error::Error,
        "block skipped: it can not be decoded"
    );
}
