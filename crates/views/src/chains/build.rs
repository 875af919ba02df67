//! Trees from the payloads of a chain.

use std::sync::Arc;

use bytes::Bytes;
use catalog::StoredBlock;
use datafusion::common::runtime::SpawnedTask;
use datafusion::execution::memory_pool::MemoryReservation;
use decode::{ChainBlock, ChainBuilder, ChainError, ChainRows, ChainSource, ChainTable};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use model::BlockInfo;

use super::listing::Chain;
use crate::blocks_scan::{fetch, group};
use crate::{Error, Lakehouse, Result, ScanCounters};

/// Reads of payloads ahead of the decoders.
const READ_AHEAD: usize = 2;

/// What a chain makes: one tree, or several where blocks of it can not be used.
#[derive(Debug, Default)]
pub(crate) struct Trees {
    pub(crate) trees: Vec<ChainRows>,
}

impl Trees {
    pub(crate) fn memory_bytes(&self) -> usize {
        self.trees.iter().map(ChainRows::memory_bytes).sum()
    }
}

/// Builds the trees of one chain.
pub(crate) struct Builder<'a> {
    pub(crate) house: &'a Lakehouse,
    pub(crate) table: ChainTable,
    pub(crate) counters: &'a Arc<ScanCounters>,
    /// For what is being built.
    pub(crate) memory: &'a mut MemoryReservation,
    /// Blocks that are decoded at the same time.
    pub(crate) parallelism: usize,
}

/// How the building of one tree ended.
enum Attempt {
    Built(ChainRows),
    /// The block at this position can not be used.
    Broken(usize, Problem),
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("its payload is missing")]
    Missing,
    #[error("it can not be decoded")]
    Decode(#[from] decode::Error),
    #[error("its events do not follow those before it")]
    Chain(#[from] ChainError),
}

impl Builder<'_> {
    /// A block that can not be used costs its own rows and ends a tree: another one begins
    /// behind it.
    pub(crate) async fn build(mut self, chain: &Chain) -> Result<Trees> {
        let mut trees = Trees::default();
        let mut rest = chain.blocks.as_slice();
        while !rest.is_empty() {
            match self.attempt(rest, chain.latest).await? {
                Attempt::Built(tree) => {
                    trees.trees.push(tree);
                    break;
                }
                Attempt::Broken(position, problem) => {
                    self.skip(&rest[position], &problem);
                    self.build_again(&rest[..position], chain.latest, &mut trees)
                        .await?;
                    rest = &rest[position + 1..];
                }
            }
        }
        Ok(trees)
    }

    /// Blocks that were fine as the begin of a longer chain.
    async fn build_again(
        &mut self,
        blocks: &[StoredBlock],
        latest: BlockInfo,
        trees: &mut Trees,
    ) -> Result<()> {
        if blocks.is_empty() {
            return Ok(());
        }
        match self.attempt(blocks, latest).await? {
            Attempt::Built(tree) => trees.trees.push(tree),
            Attempt::Broken(_, problem) => {
                for block in blocks {
                    self.skip(block, &problem);
                }
            }
        }
        Ok(())
    }

    async fn attempt(&mut self, blocks: &[StoredBlock], latest: BlockInfo) -> Result<Attempt> {
        let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else {
            return Err(Error::Unreadable("a chain of blocks"));
        };
        let source = ChainSource {
            process: Arc::clone(&first.process.info),
            stream: Arc::new(first.stream.info.clone()),
            latest,
            begin_ticks: first.info.begin_ticks,
            end_ticks: last.info.end_ticks,
            events: blocks.iter().map(events).sum(),
        };
        let mut builder = match ChainBuilder::new(self.table, &source) {
            Ok(builder) => builder,
            Err(error) => return Ok(Attempt::Broken(0, error.into())),
        };
        let mut decoded = self.decoded(blocks.to_vec());
        let mut position = 0;
        while let Some(block) = decoded.try_next().await? {
            let added = block.and_then(|block| {
                builder.add(&block)?;
                Ok(block.memory_bytes())
            });
            match added {
                Err(problem) => return Ok(Attempt::Broken(position, problem)),
                Ok(bytes) => {
                    let ahead = bytes.saturating_mul(self.parallelism + 1);
                    let needed = builder.memory_bytes().saturating_add(ahead);
                    self.memory.try_resize(needed)?;
                }
            }
            position += 1;
        }
        let tree = builder.finish();
        self.memory.try_resize(tree.memory_bytes())?;
        Ok(Attempt::Built(tree))
    }

    /// The blocks in order, decoded ahead by other tasks.
    fn decoded(
        &self,
        blocks: Vec<StoredBlock>,
    ) -> BoxStream<'static, Result<Result<ChainBlock, Problem>>> {
        let (house, table) = (self.house.clone(), self.table);
        let counters = Arc::clone(self.counters);
        let fetching = house.clone();
        let groups = stream::iter(group(blocks))
            .map(move |group| fetch(fetching.clone(), group, Arc::clone(&counters)))
            .buffered(READ_AHEAD)
            .map_ok(|group| stream::iter(group).map(Ok))
            .try_flatten();
        groups
            .map_ok(move |(block, payload)| {
                let house = house.clone();
                let task = SpawnedTask::spawn(async move {
                    decode_block(&house, table, &block, payload).await
                });
                async move { task.join().await.map_err(Error::Task) }
            })
            .try_buffered(self.parallelism)
            .boxed()
    }

    fn skip(&self, block: &StoredBlock, problem: &Problem) {
        self.counters.add_skipped_block();
        tracing::warn!(
            block_id = %block.info.block_id,
            stream_id = %block.info.stream_id,
            process_id = %block.info.process_id,
            view_set = self.table.name(),
            error = problem as &dyn std::error::Error,
            "block skipped: it can not be part of a tree"
        );
    }
}

/// As its producer says, if so many can be in it.
fn events(block: &StoredBlock) -> usize {
    const EVENTS_OF_BYTE_MAX: u64 = 16;
    let length = block.range.end - block.range.start;
    let events = u64::try_from(block.info.nb_objects).unwrap_or(0);
    usize::try_from(events.min(length.saturating_mul(EVENTS_OF_BYTE_MAX))).unwrap_or(0)
}

async fn decode_block(
    house: &Lakehouse,
    table: ChainTable,
    block: &StoredBlock,
    payload: Option<Bytes>,
) -> Result<ChainBlock, Problem> {
    let payload = payload.ok_or(Problem::Missing)?;
    let plan = house.plan(&block.stream).await?;
    let decoded = ChainBlock::decode(table, &plan, &block.info, &payload)?;
    if decoded.ignored_events() > 0 {
        tracing::warn!(
            block_id = %block.info.block_id,
            events = decoded.ignored_events(),
            "events of unknown types ignored"
        );
    }
    Ok(decoded)
}
