//! Views whose rows are trees of spans: `thread_spans` of a stream, `net_spans` of a process.
//!
//! A tree needs all blocks of a *chain*, blocks of one stream that follow each other without
//! a gap. A chain never goes beyond the hour in which its blocks were inserted, so that a
//! closed hour has its rows for ever; partitions cover whole hours.
//!
//! ```text
//! listing: blocks that a query meets ─► their hours ─► all blocks of these ─► chains
//! build:   payloads ─► decoded on all cores ─► one tree after the other, or from the cache
//! scan:    rows of a tree, batch by batch, shared among the partitions of the plan
//! ```

mod build;
mod cache;
mod listing;
mod scan;

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::logical_expr::{Expr, col};
use datafusion::physical_plan::ExecutionPlan;
use decode::ChainTable;
use model::{ProcessId, StreamId, TimeNs, TimeRange};

use crate::Lakehouse;
use crate::events_view::time;
use crate::predicate::{Constraints, Role, Roles};
use crate::view::{SourceRequest, View, ViewSet, schema_hash};

pub(crate) use cache::ChainCache;

/// Blocks that were inserted in different hours never make a tree together.
const GRAIN: TimeNs = 3_600_000_000_000;

/// Counts changes of what the rows mean.
const THREAD_SPANS_VERSION: u8 = 1;
const NET_SPANS_VERSION: u8 = 1;

const THREAD_SPANS_ROLES: Roles = &[("begin", Role::SpanTime), ("end", Role::SpanTime)];
const NET_SPANS_ROLES: Roles = &[
    ("process_id", Role::Process),
    ("stream_id", Role::Stream),
    ("begin_time", Role::SpanTime),
    ("end_time", Role::SpanTime),
];

static THREAD_SPANS: LazyLock<ViewSet> = LazyLock::new(|| ViewSet {
    name: ChainTable::ThreadSpans.name(),
    schema_hash: schema_hash(THREAD_SPANS_VERSION, &ChainTable::ThreadSpans.schema()),
    schema: ChainTable::ThreadSpans.schema(),
    hidden_columns: 0,
    order: &["begin"],
    keeps_order: true,
    bounds: ("begin", "end"),
    grain: GRAIN,
    roles: THREAD_SPANS_ROLES,
});

static NET_SPANS: LazyLock<ViewSet> = LazyLock::new(|| ViewSet {
    name: ChainTable::NetSpans.name(),
    schema_hash: schema_hash(NET_SPANS_VERSION, &ChainTable::NetSpans.schema()),
    schema: ChainTable::NetSpans.schema(),
    hidden_columns: 0,
    order: &["end_time"],
    keeps_order: false,
    bounds: ("begin_time", "end_time"),
    grain: GRAIN,
    roles: NET_SPANS_ROLES,
});

/// Whose blocks feed an instance.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Owner {
    Process(ProcessId),
    Stream(StreamId),
}

#[derive(Debug)]
pub(crate) struct ChainsView {
    house: Lakehouse,
    table: ChainTable,
    owner: Owner,
    instance: String,
}

impl ChainsView {
    pub(crate) fn new(house: Lakehouse, table: ChainTable, owner: Owner) -> Self {
        Self {
            house,
            table,
            owner,
            instance: match owner {
                Owner::Process(id) => id.to_string(),
                Owner::Stream(id) => id.to_string(),
            },
        }
    }
}

/// The view set of a table of chains.
pub(crate) fn view_set(table: ChainTable) -> &'static ViewSet {
    match table {
        ChainTable::ThreadSpans => &THREAD_SPANS,
        ChainTable::NetSpans => &NET_SPANS,
    }
}

#[async_trait]
impl View for ChainsView {
    fn set(&self) -> &ViewSet {
        view_set(self.table)
    }

    fn instance(&self) -> &str {
        &self.instance
    }

    fn require_owner(&self, constraints: &mut Constraints) {
        match self.owner {
            Owner::Process(process) => constraints.require_process(process),
            Owner::Stream(stream) => constraints.require_stream(stream),
        }
    }

    fn needs_range(&self) -> Option<&'static str> {
        match self.table {
            ChainTable::ThreadSpans => Some(
                "query range mandatory for thread spans view: send the begin and the end of a \
                 time range with the query",
            ),
            ChainTable::NetSpans => None,
        }
    }

    fn tag(&self) -> Option<&'static str> {
        Some(self.table.tag())
    }

    fn row_filters(&self, range: TimeRange) -> Vec<Expr> {
        let (begin, end) = self.set().bounds;
        vec![
            col(begin).lt_eq(time(range.end)),
            col(end).gt_eq(time(range.begin)),
        ]
    }

    fn source_keeps_range(&self) -> bool {
        true
    }

    fn constrain(&self, constraints: &mut Constraints, range: TimeRange) {
        constraints.require_span_range(range);
    }

    async fn source(&self, request: SourceRequest<'_>) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = request.schema(self.set())?;
        let mut constraints = request.constraints;
        self.require_owner(&mut constraints);
        let wanted = constraints.into_block_scan(request.snapshot, self.tag(), request.ranges);
        let pool = &request.session.runtime_env().memory_pool;
        let mut memory = MemoryConsumer::new("list of blocks").register(pool);
        let chains = listing::chains(&self.house, wanted, GRAIN, &mut memory).await?;
        let config = request.session.config();
        scan::ChainsScan {
            house: self.house.clone(),
            counters: Arc::clone(request.context.counters()),
            table: self.table,
            chains,
            projection: request.projection.to_vec(),
            schema,
            batch_rows: config.batch_size(),
            range: request.range,
            _listed: memory,
        }
        .plan(config.target_partitions(), request.limit)
    }
}
