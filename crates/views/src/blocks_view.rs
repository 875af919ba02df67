//! The `blocks` view: one row per block, joined with its stream and its process.

use std::sync::LazyLock;

use catalog::{Snapshot, StoredBlock};
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, col};
use futures::stream::BoxStream;
use model::{TimeNs, TimeRange};

use crate::blocks_scan;
use crate::catalog_view::{CatalogRows, CatalogView};
use crate::columns::{self, Column, Columns, properties_type, tags_type, time_type};
use crate::events_view::time;
use crate::insert_ranges::InsertRanges;
use crate::predicate::{Constraints, Role, Roles};
use crate::view::{ViewSet, schema_hash};
use crate::{Lakehouse, Result};

const ROLES: Roles = &[
    ("process_id", Role::Process),
    ("stream_id", Role::Stream),
    ("block_id", Role::Block),
    ("insert_time", Role::InsertTime),
];

/// The name of the view set.
pub(crate) const BLOCKS: &str = "blocks";

/// Counts changes of what the rows mean.
const VERSION: u8 = 1;

pub(crate) type BlocksView = CatalogView<Blocks>;

pub(crate) struct Blocks;

static SET: LazyLock<ViewSet> = LazyLock::new(|| ViewSet {
    name: BLOCKS,
    schema: COLUMNS.schema().clone(),
    hidden_columns: HIDDEN_COLUMNS,
    schema_hash: schema_hash(VERSION, COLUMNS.schema()),
    order: &["insert_time"],
    keeps_order: true,
    bounds: ("begin_time", "insert_time"),
    grain: 1,
    roles: ROLES,
});

impl CatalogRows for Blocks {
    type Row = StoredBlock;

    fn set() -> &'static ViewSet {
        &SET
    }

    fn columns() -> &'static Columns<StoredBlock> {
        &COLUMNS
    }

    /// A time range keeps blocks that had begun by its end and arrived after its begin.
    fn row_filters(range: TimeRange) -> Vec<Expr> {
        vec![
            col("begin_time").lt_eq(time(range.end)),
            col("insert_time").gt_eq(time(range.begin)),
        ]
    }

    fn constrain(constraints: &mut Constraints, range: TimeRange) {
        constraints.require_insert_range(range.begin, TimeNs::MAX);
    }

    fn pages(
        house: &Lakehouse,
        snapshot: Snapshot,
        ranges: &InsertRanges,
        constraints: Constraints,
    ) -> BoxStream<'static, Result<Vec<StoredBlock>>> {
        let scan = constraints.into_block_scan(snapshot, None, ranges);
        blocks_scan::pages(house, &scan)
    }
}

static COLUMNS: LazyLock<Columns<StoredBlock>> = LazyLock::new(|| {
    let mut all = block_columns();
    all.extend(stream_columns());
    all.extend(process_columns());
    all.push(source_insert_time());
    all.extend(hidden_columns());
    Columns::new(all)
});

const HIDDEN_COLUMNS: usize = 4;

/// Where the payload lies, and between which times its events.
fn hidden_columns() -> [Column<StoredBlock>; HIDDEN_COLUMNS] {
    use DataType::{Float64, Int64, Utf8};
    [
        Column::required("segment", Utf8, |rows| {
            columns::strings(rows, |row| &row.segment)
        }),
        Column::required("segment_offset", Int64, |rows| {
            columns::int64s(rows, |row| {
                i64::try_from(row.range.start).expect("the catalog stores signed offsets")
            })
        }),
        Column::required("event_begin", Float64, |rows| {
            columns::float64s(rows, |row| row.event_bounds.begin)
        }),
        Column::required("event_end", Float64, |rows| {
            columns::float64s(rows, |row| row.event_bounds.end)
        }),
    ]
}

fn block_columns() -> Vec<Column<StoredBlock>> {
    use DataType::{Int32, Int64, Utf8};
    vec![
        Column::required("block_id", Utf8, |rows| {
            columns::texts(rows, |row| row.info.block_id.to_string())
        }),
        Column::required("stream_id", Utf8, |rows| {
            columns::texts(rows, |row| row.info.stream_id.to_string())
        }),
        Column::required("process_id", Utf8, |rows| {
            columns::texts(rows, |row| row.info.process_id.to_string())
        }),
        Column::required("begin_time", time_type(), |rows| {
            columns::times(rows, |row| row.info.begin_time)
        }),
        Column::required("begin_ticks", Int64, |rows| {
            columns::int64s(rows, |row| row.info.begin_ticks)
        }),
        Column::required("end_time", time_type(), |rows| {
            columns::times(rows, |row| row.info.end_time)
        }),
        Column::required("end_ticks", Int64, |rows| {
            columns::int64s(rows, |row| row.info.end_ticks)
        }),
        Column::required("nb_objects", Int32, |rows| {
            columns::int32s(rows, |row| row.info.nb_objects)
        }),
        Column::required("object_offset", Int64, |rows| {
            columns::int64s(rows, |row| row.info.object_offset)
        }),
        Column::required("payload_size", Int64, |rows| {
            columns::int64s(rows, StoredBlock::payload_size)
        }),
        Column::required("insert_time", time_type(), |rows| {
            columns::times(rows, |row| row.insert_time.0)
        }),
    ]
}

fn stream_columns() -> Vec<Column<StoredBlock>> {
    use DataType::{Binary, Utf8};
    vec![
        Column::required("streams.dependencies_metadata", Binary, |rows| {
            columns::binaries(rows, |row| &row.stream.info.dependencies_metadata)
        }),
        Column::required("streams.objects_metadata", Binary, |rows| {
            columns::binaries(rows, |row| &row.stream.info.objects_metadata)
        }),
        Column::nullable("streams.tags", tags_type(), |rows| {
            columns::tags(rows, |row| &row.stream.info.tags)
        }),
        Column::required("streams.properties", properties_type(), |rows| {
            columns::properties(
                rows,
                |row| row.info.stream_id,
                |row| &row.stream.info.properties,
            )
        }),
        Column::required("streams.insert_time", time_type(), |rows| {
            columns::times(rows, |row| row.stream.insert_time.0)
        }),
        Column::required("streams.format", Utf8, |rows| {
            columns::strings(rows, |row| &row.stream.info.format)
        }),
    ]
}

fn process_columns() -> Vec<Column<StoredBlock>> {
    use DataType::{Int64, Utf8};
    vec![
        Column::required("processes.start_time", time_type(), |rows| {
            columns::times(rows, |row| row.process.info.start_time)
        }),
        Column::required("processes.start_ticks", Int64, |rows| {
            columns::int64s(rows, |row| row.process.info.start_ticks)
        }),
        Column::required("processes.tsc_frequency", Int64, |rows| {
            columns::int64s(rows, |row| row.process.info.tsc_frequency)
        }),
        Column::required("processes.exe", Utf8, |rows| {
            columns::strings(rows, |row| &row.process.info.exe)
        }),
        Column::required("processes.username", Utf8, |rows| {
            columns::strings(rows, |row| &row.process.info.username)
        }),
        Column::required("processes.realname", Utf8, |rows| {
            columns::strings(rows, |row| &row.process.info.realname)
        }),
        Column::required("processes.computer", Utf8, |rows| {
            columns::strings(rows, |row| &row.process.info.computer)
        }),
        Column::required("processes.distro", Utf8, |rows| {
            columns::strings(rows, |row| &row.process.info.distro)
        }),
        Column::required("processes.cpu_brand", Utf8, |rows| {
            columns::strings(rows, |row| &row.process.info.cpu_brand)
        }),
        Column::required("processes.insert_time", time_type(), |rows| {
            columns::times(rows, |row| row.process.insert_time.0)
        }),
        // Empty where the process has no parent: the column is declared without nulls.
        Column::required("processes.parent_process_id", Utf8, |rows| {
            columns::texts(rows, |row| {
                row.process
                    .info
                    .parent_process_id
                    .map(|id| id.to_string())
                    .unwrap_or_default()
            })
        }),
        Column::required("processes.properties", properties_type(), |rows| {
            columns::properties(
                rows,
                |row| row.info.process_id,
                |row| &row.process.info.properties,
            )
        }),
    ]
}

/// Of a copy from another lake, its insert time there.
fn source_insert_time() -> Column<StoredBlock> {
    Column::nullable("source_insert_time", time_type(), |rows| {
        columns::optional_times(rows, |row| row.source_insert_time)
    })
}
