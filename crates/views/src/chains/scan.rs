//! Rows of trees as a plan of the engine.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, BooleanArray};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{SchemaRef, TimestampNanosecondType};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::LexOrdering;
use datafusion::physical_expr::PhysicalSortExpr;
use datafusion::physical_expr::expressions::col;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use decode::ChainTable;
use futures::TryStreamExt;
use model::TimeRange;
use tokio::sync::Mutex;

use super::build::{Builder, Trees};
use super::listing::Chain;
use super::view_set;
use crate::context::ScanCounters;
use crate::rounds::Rounds;
use crate::{Lakehouse, Result};

/// Which chains to build, and what of their rows to return.
#[derive(Debug)]
pub(crate) struct ChainsScan {
    pub(crate) house: Lakehouse,
    pub(crate) counters: Arc<ScanCounters>,
    pub(crate) table: ChainTable,
    pub(crate) chains: Vec<Chain>,
    /// Columns of the set's schema.
    pub(crate) projection: Vec<usize>,
    /// Of the projected columns.
    pub(crate) schema: SchemaRef,
    pub(crate) batch_rows: usize,
    /// Only rows that meet it.
    pub(crate) range: Option<TimeRange>,
    /// What the list of chains takes.
    pub(crate) _listed: MemoryReservation,
}

impl ChainsScan {
    pub(crate) fn plan(
        self,
        partitions: usize,
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let partitions = partitions.max(1);
        let schema = Arc::clone(&self.schema);
        let order = self.order();
        let shared = Arc::new(Shared {
            parallelism: partitions,
            scan: self,
            rounds: Rounds::new(partitions),
        });
        let partitions = (0..partitions)
            .map(|_| Arc::new(TreesPartition(Arc::clone(&shared))) as Arc<dyn PartitionStream>)
            .collect();
        Ok(Arc::new(StreamingTableExec::try_new(
            schema, partitions, None, order, false, limit,
        )?))
    }

    /// The order of the rows of every partition, where blocks follow each other and the clock
    /// of their process is known: an estimated one differs from hour to hour. Blocks that overlap
    /// may make several trees, which overlap as well.
    fn order(&self) -> Option<LexOrdering> {
        let mut blocks = self.chains.iter().flat_map(|chain| &chain.blocks);
        let mut end = i64::MIN;
        let follow = blocks.all(|block| {
            let follows = end <= block.info.begin_ticks;
            end = end.max(block.info.end_ticks);
            follows
        });
        let known = |chain: &Chain| chain.blocks[0].process.info.tsc_frequency > 0;
        let is_sorted = follow && (self.chains.len() < 2 || self.chains.iter().all(known));
        let set = view_set(self.table);
        if !set.keeps_order || !is_sorted {
            return None;
        }
        // A projection without the column has no order to declare.
        let column = col(set.order[0], &self.schema).ok()?;
        LexOrdering::new([PhysicalSortExpr::new_default(column).asc()])
    }
}

/// What the partitions of one scan share.
#[derive(Debug)]
struct Shared {
    scan: ChainsScan,
    parallelism: usize,
    rounds: Rounds<Work>,
}

/// One execution: partitions take rows of the current chain, and who finds none left builds
/// the next one while the others wait.
#[derive(Debug)]
struct Work(Mutex<Progress>);

struct Progress {
    /// For the trees of the current chain.
    memory: MemoryReservation,
    next_chain: usize,
    current: Option<Current>,
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("next_chain", &self.next_chain)
            .finish_non_exhaustive()
    }
}

struct Current {
    trees: Arc<Trees>,
    tree: usize,
    row: usize,
}

/// Rows of one tree.
struct Piece {
    trees: Arc<Trees>,
    tree: usize,
    rows: Range<usize>,
}

impl Work {
    async fn next(&self, shared: &Shared) -> Result<Option<Piece>> {
        let mut progress = self.0.lock().await;
        loop {
            let batch_rows = shared.scan.batch_rows;
            if let Some(piece) = progress.current.as_mut().and_then(|c| c.take(batch_rows)) {
                return Ok(Some(piece));
            }
            progress.current = None;
            progress.memory.free();
            let Some(chain) = shared.scan.chains.get(progress.next_chain) else {
                return Ok(None);
            };
            let trees = build(shared, chain, &mut progress.memory).await?;
            progress.next_chain += 1;
            progress.current = Some(Current {
                trees,
                tree: 0,
                row: 0,
            });
        }
    }
}

async fn build(
    shared: &Shared,
    chain: &Chain,
    memory: &mut MemoryReservation,
) -> Result<Arc<Trees>> {
    let ChainsScan {
        house,
        table,
        counters,
        ..
    } = &shared.scan;
    let builder = Builder {
        house,
        table: *table,
        counters,
        memory,
        parallelism: shared.parallelism,
    };
    let cache = house.chain_cache();
    cache
        .get_or_build(*table, chain, builder.build(chain))
        .await
}

impl Current {
    fn take(&mut self, batch_rows: usize) -> Option<Piece> {
        while let Some(tree) = self.trees.trees.get(self.tree) {
            if self.row < tree.len() {
                let end = tree.len().min(self.row + batch_rows);
                let rows = self.row..end;
                self.row = end;
                return Some(Piece {
                    trees: Arc::clone(&self.trees),
                    tree: self.tree,
                    rows,
                });
            }
            self.tree += 1;
            self.row = 0;
        }
        None
    }
}

impl Piece {
    fn batch(self, scan: &ChainsScan) -> Result<RecordBatch> {
        let tree = &self.trees.trees[self.tree];
        let batch = tree.batch(self.rows.clone(), Some(&scan.projection))?;
        let lasts = tree.range();
        let outside = |range: &TimeRange| lasts.begin < range.begin || range.end < lasts.end;
        match scan.range.filter(outside) {
            None => Ok(batch),
            Some(range) => {
                let set = view_set(scan.table);
                let (begin, end) = set.bounds;
                let bounds = [begin, end].map(|name| set.column(name));
                let times = tree.batch(self.rows, Some(&bounds))?;
                Ok(filter_record_batch(&batch, &meets(&times, range))?)
            }
        }
    }
}

/// Which rows, of which these are the begins and the ends, meet the range.
fn meets(times: &RecordBatch, range: TimeRange) -> BooleanArray {
    let [begins, ends] = [0, 1].map(|column| {
        let times = times.column(column);
        times.as_primitive::<TimestampNanosecondType>().values()
    });
    let rows = begins.iter().zip(ends);
    let meets = rows.map(|(begin, end)| *begin <= range.end && *end >= range.begin);
    meets.collect::<Vec<bool>>().into()
}

#[derive(Debug)]
struct TreesPartition(Arc<Shared>);

impl PartitionStream for TreesPartition {
    fn schema(&self) -> &SchemaRef {
        &self.0.scan.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let shared = Arc::clone(&self.0);
        let work = shared.rounds.join(|| {
            let memory = MemoryConsumer::new("call trees").register(context.memory_pool());
            Work(Mutex::new(Progress {
                memory,
                next_chain: 0,
                current: None,
            }))
        });
        let schema = Arc::clone(&shared.scan.schema);
        let batches = futures::stream::try_unfold((shared, work), |(shared, work)| async move {
            let Some(piece) = work.next(&shared).await? else {
                return Ok::<_, crate::Error>(None);
            };
            let batch = piece.batch(&shared.scan)?;
            Ok(Some((batch, (shared, work))))
        });
        Box::pin(RecordBatchStreamAdapter::new(
            schema,
            batches.map_err(Into::into),
        ))
    }
}
