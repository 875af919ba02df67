//! `processes` and `streams`: one row per owner of at least one block.
//!
//! A time range acts on blocks before they are summed up, so that `last_*` columns speak
//! of the blocks that arrived since the begin of the range.

use std::sync::LazyLock;

use catalog::{ProcessSummary, StreamSummary, SummaryFilter};
use datafusion::arrow::datatypes::DataType;
use futures::stream::{BoxStream, StreamExt};
use model::{InsertTime, TimeRange};

use crate::catalog_table::{CatalogRows, CatalogTable};
use crate::columns::{self, Column, Columns, properties_type, tags_type, time_type};
use crate::predicate::{Constraints, Role, Roles};
use crate::{Lakehouse, Result};

pub(crate) type ProcessesTable = CatalogTable<Processes>;
pub(crate) type StreamsTable = CatalogTable<Streams>;

pub(crate) struct Processes;
pub(crate) struct Streams;

fn summary_filter(
    snapshot: InsertTime,
    range: Option<TimeRange>,
    constraints: Constraints,
) -> SummaryFilter {
    SummaryFilter {
        snapshot,
        process_ids: constraints.processes.map(Vec::from_iter),
        stream_ids: constraints.streams.map(Vec::from_iter),
        range,
    }
}

impl CatalogRows for Processes {
    type Row = ProcessSummary;
    type Filter = SummaryFilter;
    const ROLES: Roles = &[("process_id", Role::Process)];

    fn columns() -> &'static Columns<ProcessSummary> {
        &PROCESS_COLUMNS
    }

    fn filter(
        snapshot: InsertTime,
        range: Option<TimeRange>,
        constraints: Constraints,
    ) -> SummaryFilter {
        summary_filter(snapshot, range, constraints)
    }

    fn pages(
        house: &Lakehouse,
        filter: SummaryFilter,
    ) -> BoxStream<'static, Result<Vec<ProcessSummary>>> {
        futures::stream::try_unfold(house.catalog.processes(filter), |mut pages| async move {
            let page = pages.next_page().await?;
            Ok((!page.is_empty()).then_some((page, pages)))
        })
        .boxed()
    }
}

impl CatalogRows for Streams {
    type Row = StreamSummary;
    type Filter = SummaryFilter;
    const ROLES: Roles = &[("process_id", Role::Process), ("stream_id", Role::Stream)];

    fn columns() -> &'static Columns<StreamSummary> {
        &STREAM_COLUMNS
    }

    fn filter(
        snapshot: InsertTime,
        range: Option<TimeRange>,
        constraints: Constraints,
    ) -> SummaryFilter {
        summary_filter(snapshot, range, constraints)
    }

    fn pages(
        house: &Lakehouse,
        filter: SummaryFilter,
    ) -> BoxStream<'static, Result<Vec<StreamSummary>>> {
        futures::stream::try_unfold(house.catalog.streams(filter), |mut pages| async move {
            let page = pages.next_page().await?;
            Ok((!page.is_empty()).then_some((page, pages)))
        })
        .boxed()
    }
}

static PROCESS_COLUMNS: LazyLock<Columns<ProcessSummary>> = LazyLock::new(|| {
    use DataType::{Int64, Utf8};
    Columns::new(vec![
        Column::required("process_id", Utf8, |rows| {
            columns::texts(rows, |row| row.process.info.process_id.to_string())
        }),
        Column::nullable("exe", Utf8, |rows| {
            columns::strings(rows, |row| &row.process.info.exe)
        }),
        Column::nullable("username", Utf8, |rows| {
            columns::strings(rows, |row| &row.process.info.username)
        }),
        Column::nullable("realname", Utf8, |rows| {
            columns::strings(rows, |row| &row.process.info.realname)
        }),
        Column::nullable("computer", Utf8, |rows| {
            columns::strings(rows, |row| &row.process.info.computer)
        }),
        Column::nullable("distro", Utf8, |rows| {
            columns::strings(rows, |row| &row.process.info.distro)
        }),
        Column::nullable("cpu_brand", Utf8, |rows| {
            columns::strings(rows, |row| &row.process.info.cpu_brand)
        }),
        Column::nullable("tsc_frequency", Int64, |rows| {
            columns::int64s(rows, |row| row.process.info.tsc_frequency)
        }),
        Column::nullable("start_time", time_type(), |rows| {
            columns::times(rows, |row| row.process.info.start_time)
        }),
        Column::nullable("start_ticks", Int64, |rows| {
            columns::int64s(rows, |row| row.process.info.start_ticks)
        }),
        Column::nullable("insert_time", time_type(), |rows| {
            columns::times(rows, |row| row.process.insert_time.0)
        }),
        Column::nullable("parent_process_id", Utf8, |rows| {
            columns::texts(rows, |row| {
                row.process
                    .info
                    .parent_process_id
                    .map(|id| id.to_string())
                    .unwrap_or_default()
            })
        }),
        Column::nullable("properties", properties_type(), |rows| {
            columns::properties(
                rows,
                |row| row.process.info.process_id,
                |row| &row.process.info.properties,
            )
        }),
        Column::nullable("last_update_time", time_type(), |rows| {
            columns::times(rows, |row| row.last_update_time.0)
        }),
        Column::nullable("last_block_end_ticks", Int64, |rows| {
            columns::int64s(rows, |row| row.last_block_end_ticks)
        }),
        Column::nullable("last_block_end_time", time_type(), |rows| {
            columns::times(rows, |row| row.last_block_end_time)
        }),
    ])
});

static STREAM_COLUMNS: LazyLock<Columns<StreamSummary>> = LazyLock::new(|| {
    use DataType::{Binary, Utf8};
    Columns::new(vec![
        Column::required("stream_id", Utf8, |rows| {
            columns::texts(rows, |row| row.stream.info.stream_id.to_string())
        }),
        Column::nullable("process_id", Utf8, |rows| {
            columns::texts(rows, |row| row.stream.info.process_id.to_string())
        }),
        Column::nullable("dependencies_metadata", Binary, |rows| {
            columns::binaries(rows, |row| &row.stream.info.dependencies_metadata)
        }),
        Column::nullable("objects_metadata", Binary, |rows| {
            columns::binaries(rows, |row| &row.stream.info.objects_metadata)
        }),
        Column::nullable("tags", tags_type(), |rows| {
            columns::tags(rows, |row| &row.stream.info.tags)
        }),
        Column::nullable("properties", properties_type(), |rows| {
            columns::properties(
                rows,
                |row| row.stream.info.stream_id,
                |row| &row.stream.info.properties,
            )
        }),
        Column::nullable("insert_time", time_type(), |rows| {
            columns::times(rows, |row| row.stream.insert_time.0)
        }),
        Column::nullable("format", Utf8, |rows| {
            columns::strings(rows, |row| &row.stream.info.format)
        }),
        Column::nullable("last_update_time", time_type(), |rows| {
            columns::times(rows, |row| row.last_update_time.0)
        }),
    ])
});
