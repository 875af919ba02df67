//! Blocks whose rows have left the catalog: partitions of the `blocks` view have them.

use std::sync::Arc;

use catalog::{
    ArchivedBlock, BlockFilter, EventBounds, PartitionFilter, Snapshot, StoredBlock,
    StoredPartition,
};
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Float64Type, Int32Type, Int64Type, TimestampNanosecondType};
use datafusion::catalog::default_table_source::provider_as_source;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::session_state::SessionState;
use datafusion::functions_nested::expr_fn::array_has;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, ident, lit};
use datafusion::physical_plan::execute_stream;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use model::{BlockInfo, InsertRange, InsertTime, TimeRange};

use crate::blocks_view::BlocksView;
use crate::context::ScanContext;
use crate::events_view::time;
use crate::insert_ranges::InsertRanges;
use crate::parts_table::FilesTable;
use crate::view::{GLOBAL_INSTANCE, View};
use crate::{Error, Lakehouse, Result};

/// The columns that make an [`ArchivedBlock`], in the order of [`block`].
const COLUMNS: [&str; 16] = [
    "block_id",
    "stream_id",
    "process_id",
    "begin_time",
    "begin_ticks",
    "end_time",
    "end_ticks",
    "nb_objects",
    "object_offset",
    "payload_size",
    "insert_time",
    "source_insert_time",
    "segment",
    "segment_offset",
    "event_begin",
    "event_end",
];

/// Pages of the blocks that pass each filter; all of them ask for archived insert times.
pub(crate) fn pages(
    house: &Lakehouse,
    snapshot: Snapshot,
    filters: Vec<BlockFilter>,
) -> BoxStream<'static, Result<Vec<StoredBlock>>> {
    let house = house.clone();
    let filters = stream::iter(filters.into_iter().map(Ok));
    filters
        .and_then(move |filter| {
            let house = house.clone();
            async move { scan(house, snapshot, filter).await }
        })
        .try_flatten()
        .boxed()
}

async fn scan(
    house: Lakehouse,
    snapshot: Snapshot,
    filter: BlockFilter,
) -> Result<BoxStream<'static, Result<Vec<StoredBlock>>>> {
    let mut parts = Vec::new();
    for (part, rest) in archive(&house, snapshot, &filter).await? {
        for range in rest.iter() {
            parts.push((part.clone(), range));
        }
    }
    let rows = stream::iter(parts.into_iter().map(Ok));
    let rows = rows.and_then({
        let house = house.clone();
        move |(part, range)| {
            let (house, filter) = (house.clone(), filter.clone());
            async move { read(&house, snapshot, part, range, &filter).await }
        }
    });
    let blocks = rows
        .map_ok(|batches| batches.map_err(Error::from))
        .try_flatten()
        .and_then(move |batch| {
            let house = house.clone();
            async move { Ok(house.catalog().with_owners(blocks(&batch)?).await?) }
        });
    Ok(blocks
        .try_filter(|page| std::future::ready(!page.is_empty()))
        .boxed())
}

/// The partitions that hold the wanted insert times, and which of these each one is read
/// for. Rows of another version are read where there are none of the present one: nothing
/// else has those blocks.
async fn archive(
    house: &Lakehouse,
    snapshot: Snapshot,
    filter: &BlockFilter,
) -> Result<Vec<(StoredPartition, InsertRanges)>> {
    let view = BlocksView::new(house.clone());
    let Some(TimeRange { begin, end }) = filter.insert_range else {
        return Ok(Vec::new());
    };
    let wanted = InsertRange::new(InsertTime(begin), InsertTime(end.saturating_add(1)));
    let mut parts = house
        .catalog()
        .partitions(PartitionFilter {
            view_set: Some(view.set().name.to_owned()),
            view_instance: Some(GLOBAL_INSTANCE.to_owned()),
            insert_range: Some(wanted),
            ..PartitionFilter::at(snapshot.time)
        })
        .await?;
    let current = house.schema_hash(view.set());
    parts.sort_by_key(|part| part.partition.schema_hash != current);
    let mut left = InsertRanges::of(wanted);
    let mut chosen = Vec::new();
    for part in parts {
        let range = part.partition.insert_range;
        let here = left.within(range);
        left = left.without([range]);
        if part.partition.rows > 0 && !here.is_empty() {
            chosen.push((part, here));
        }
    }
    Ok(chosen)
}

async fn read(
    house: &Lakehouse,
    snapshot: Snapshot,
    part: StoredPartition,
    range: InsertRange,
    filter: &BlockFilter,
) -> Result<SendableRecordBatchStream> {
    let view = Arc::new(BlocksView::new(house.clone()));
    let name = view.set().name;
    let table = FilesTable::new(house.clone(), view, vec![part]);
    let columns = COLUMNS.into_iter().map(ident);
    let plan = LogicalPlanBuilder::scan(name, provider_as_source(Arc::new(table)), None)?
        .filter(predicate(range, filter))?
        .project(columns)?
        .build()?;
    let mut session = SessionState::clone(house.session());
    Arc::new(ScanContext::as_of(None, snapshot.time)).install(session.config_mut());
    let plan = session.create_physical_plan(&plan).await?;
    Ok(execute_stream(plan, session.task_ctx())?)
}

fn predicate(range: InsertRange, filter: &BlockFilter) -> Expr {
    let mut all = vec![
        ident("insert_time").gt_eq(time(range.begin.0)),
        ident("insert_time").lt(time(range.end.0)),
    ];
    let mut one_of = |column: &str, ids: Option<Vec<String>>| {
        if let Some(ids) = ids {
            all.push(ident(column).in_list(ids.into_iter().map(lit).collect(), false));
        }
    };
    one_of("process_id", filter.process_ids.as_deref().map(texts));
    one_of("stream_id", filter.stream_ids.as_deref().map(texts));
    one_of("block_id", filter.block_ids.as_deref().map(texts));
    if let Some(EventBounds { begin, end }) = filter.event_bounds() {
        all.push(ident("event_end").gt_eq(lit(begin)));
        all.push(ident("event_begin").lt_eq(lit(end)));
    }
    if let Some(tag) = &filter.tag {
        all.push(array_has(ident("streams.tags"), lit(tag.as_str())));
    }
    conjunction(all).expect("there are two at least")
}

fn texts(ids: &[impl ToString]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

fn blocks(batch: &RecordBatch) -> Result<Vec<ArchivedBlock>> {
    let rows = (0..batch.num_rows()).map(|row| block(batch, row));
    let rows: Option<Vec<_>> = rows.collect();
    rows.ok_or(Error::Unreadable("a partition of the blocks view"))
}

/// None if a value is one that the view does not write.
fn block(batch: &RecordBatch, row: usize) -> Option<ArchivedBlock> {
    let text = |column: usize| {
        let texts = batch.column(column).as_string_opt::<i32>()?;
        Some(texts.value(row))
    };
    let number = |column: usize| {
        let numbers = batch.column(column).as_primitive_opt::<Int64Type>()?;
        Some(numbers.value(row))
    };
    let time = |column: usize| {
        let times = batch.column(column);
        let times = times.as_primitive_opt::<TimestampNanosecondType>()?;
        Some((!times.is_null(row)).then(|| times.value(row)))
    };
    let bound = |column: usize| {
        let bounds = batch.column(column).as_primitive_opt::<Float64Type>()?;
        Some(bounds.value(row))
    };
    let start = u64::try_from(number(13)?).ok()?;
    let length = u64::try_from(number(9)?).ok()?;
    Some(ArchivedBlock {
        info: BlockInfo {
            block_id: text(0)?.parse().ok()?,
            stream_id: text(1)?.parse().ok()?,
            process_id: text(2)?.parse().ok()?,
            begin_time: time(3)??,
            begin_ticks: number(4)?,
            end_time: time(5)??,
            end_ticks: number(6)?,
            nb_objects: batch.column(7).as_primitive_opt::<Int32Type>()?.value(row),
            object_offset: number(8)?,
        },
        insert_time: InsertTime(time(10)??),
        source_insert_time: time(11)?,
        segment: text(12)?.into(),
        range: start..start.checked_add(length)?,
        event_bounds: EventBounds {
            begin: bound(14)?,
            end: bound(15)?,
        },
    })
}
