//! The `blocks` table: one row per block, joined with its stream and its process.

use std::sync::LazyLock;

use catalog::{BlockFilter, StoredBlock};
use datafusion::arrow::datatypes::DataType;
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use model::{InsertTime, TimeNs, TimeRange};

use crate::blocks_scan;
use crate::catalog_table::{CatalogRows, CatalogTable};
use crate::columns::{self, Column, Columns, properties_type, tags_type, time_type};
use crate::predicate::{Constraints, Role, Roles};
use crate::{Lakehouse, Result};

const ROLES: Roles = &[
    ("process_id", Role::Process),
    ("stream_id", Role::Stream),
    ("block_id", Role::Block),
    ("insert_time", Role::InsertTime),
];

pub(crate) type BlocksTable = CatalogTable<Blocks>;

pub(crate) struct Blocks;

/// A time range keeps blocks that had begun by its end and arrived after its begin.
#[derive(Clone)]
pub(crate) struct Filter {
    blocks: BlockFilter,
    begun_by: TimeNs,
}

impl CatalogRows for Blocks {
    type Row = StoredBlock;
    type Filter = Filter;
    const ROLES: Roles = ROLES;

    fn columns() -> &'static Columns<StoredBlock> {
        &COLUMNS
    }

    fn restrict(constraints: &mut Constraints, range: Option<TimeRange>) {
        if let Some(range) = range {
            constraints.require_insert_range(range.begin, TimeNs::MAX);
        }
    }

    fn filter(snapshot: InsertTime, range: Option<TimeRange>, constraints: Constraints) -> Filter {
        Filter {
            blocks: constraints.into_block_filter(snapshot, None),
            begun_by: range.map_or(TimeNs::MAX, |range| range.end),
        }
    }

    fn pages(
        house: &Lakehouse,
        Filter { blocks, begun_by }: Filter,
    ) -> BoxStream<'static, Result<Vec<StoredBlock>>> {
        blocks_scan::pages(house, blocks)
            .map_ok(move |mut page| {
                page.retain(|block| block.info.begin_time <= begun_by);
                page
            })
            .boxed()
    }
}

static COLUMNS: LazyLock<Columns<StoredBlock>> = LazyLock::new(|| {
    let mut all = block_columns();
    all.extend(stream_columns());
    all.extend(process_columns());
    Columns::new(all)
});

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
