//! `processes` and `streams`: one row per owner of at least one block.
//!
//! A partition sums up the blocks of its insert times, and the tables sum up those sums.
//! A time range acts on blocks before they are summed up, so that `last_*` columns speak
//! of the blocks that arrived since the begin of the range.

use std::sync::LazyLock;

use catalog::{Catalog, ProcessSummary, Snapshot, StoredBlock, StreamSummary, SummaryFilter};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result as DataFusionResult;
use datafusion::functions_aggregate::expr_fn::{first_value, max};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, col};
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use model::{InsertRange, InsertTime, TimeNs, TimeRange};

use crate::catalog_view::{CatalogRows, CatalogView};
use crate::columns::{self, Column, Columns, properties_type, tags_type, time_type};
use crate::events_view::time;
use crate::insert_ranges::InsertRanges;
use crate::predicate::{Constraints, Role, Roles};
use crate::view::{ViewSet, schema_hash};
use crate::{Lakehouse, Result, blocks_scan};

pub(crate) type ProcessesView = CatalogView<Processes>;
pub(crate) type StreamsView = CatalogView<Streams>;

pub(crate) struct Processes;
pub(crate) struct Streams;

/// Count changes of what the rows mean.
const PROCESSES_VERSION: u8 = 1;
const STREAMS_VERSION: u8 = 1;

static PROCESSES: LazyLock<ViewSet> = LazyLock::new(|| {
    const ROLES: Roles = &[("process_id", Role::Process)];
    view_set(
        "processes",
        &PROCESS_COLUMNS,
        PROCESSES_VERSION,
        &["process_id"],
        ROLES,
    )
});

static STREAMS: LazyLock<ViewSet> = LazyLock::new(|| {
    const ROLES: Roles = &[("process_id", Role::Process), ("stream_id", Role::Stream)];
    view_set(
        "streams",
        &STREAM_COLUMNS,
        STREAMS_VERSION,
        &["stream_id"],
        ROLES,
    )
});

fn view_set<R>(
    name: &'static str,
    columns: &Columns<R>,
    version: u8,
    order: &'static [&'static str],
    roles: Roles,
) -> ViewSet {
    ViewSet {
        name,
        schema: columns.schema().clone(),
        hidden_columns: 0,
        schema_hash: schema_hash(version, columns.schema()),
        order,
        keeps_order: false,
        bounds: ("insert_time", "last_update_time"),
        grain: 1,
        roles,
    }
}

/// The blocks before the range are left out by [`CatalogRows::window_begin`].
fn registered_by(range: TimeRange) -> Vec<Expr> {
    vec![col("insert_time").lt_eq(time(range.end))]
}

impl CatalogRows for Processes {
    type Row = ProcessSummary;

    fn set() -> &'static ViewSet {
        &PROCESSES
    }

    fn columns() -> &'static Columns<ProcessSummary> {
        &PROCESS_COLUMNS
    }

    fn row_filters(range: TimeRange) -> Vec<Expr> {
        registered_by(range)
    }

    fn window_begin(range: TimeRange) -> Option<InsertTime> {
        Some(InsertTime(range.begin))
    }

    fn merge(rows: LogicalPlan) -> DataFusionResult<LogicalPlan> {
        merge(rows, "process_id")
    }

    fn pages(
        house: &Lakehouse,
        snapshot: Snapshot,
        ranges: &InsertRanges,
        constraints: Constraints,
    ) -> BoxStream<'static, Result<Vec<ProcessSummary>>> {
        let kind = Kind {
            pages: |catalog, filter| {
                futures::stream::try_unfold(catalog.processes(filter), |mut pages| async move {
                    let page = pages.next_page().await?;
                    Ok((!page.is_empty()).then_some((page, pages)))
                })
                .boxed()
            },
            of_block: |block| ProcessSummary {
                last_update_time: block.insert_time,
                last_block_end_ticks: block.info.end_ticks,
                last_block_end_time: block.info.end_time,
                process: block.process,
            },
        };
        summaries(house, snapshot, ranges, constraints, kind)
    }
}

impl CatalogRows for Streams {
    type Row = StreamSummary;

    fn set() -> &'static ViewSet {
        &STREAMS
    }

    fn columns() -> &'static Columns<StreamSummary> {
        &STREAM_COLUMNS
    }

    fn row_filters(range: TimeRange) -> Vec<Expr> {
        registered_by(range)
    }

    fn window_begin(range: TimeRange) -> Option<InsertTime> {
        Some(InsertTime(range.begin))
    }

    fn merge(rows: LogicalPlan) -> DataFusionResult<LogicalPlan> {
        merge(rows, "stream_id")
    }

    fn pages(
        house: &Lakehouse,
        snapshot: Snapshot,
        ranges: &InsertRanges,
        constraints: Constraints,
    ) -> BoxStream<'static, Result<Vec<StreamSummary>>> {
        let kind = Kind {
            pages: |catalog, filter| {
                futures::stream::try_unfold(catalog.streams(filter), |mut pages| async move {
                    let page = pages.next_page().await?;
                    Ok((!page.is_empty()).then_some((page, pages)))
                })
                .boxed()
            },
            of_block: |block| StreamSummary {
                last_update_time: block.insert_time,
                stream: block.stream,
            },
        };
        summaries(house, snapshot, ranges, constraints, kind)
    }
}

/// What differs between the two views.
struct Kind<R> {
    /// The sums of the blocks in the catalog.
    pages: fn(Catalog, SummaryFilter) -> BoxStream<'static, Result<Vec<R>>>,
    /// The sum of one block.
    of_block: fn(StoredBlock) -> R,
}

/// The sums over each range, one after the other. Blocks whose rows have left the catalog
/// come one by one: the tables sum up all rows anyway.
fn summaries<R: Send + 'static>(
    house: &Lakehouse,
    snapshot: Snapshot,
    ranges: &InsertRanges,
    constraints: Constraints,
    Kind { pages, of_block }: Kind<R>,
) -> BoxStream<'static, Result<Vec<R>>> {
    let everything = |begin, end| InsertRange::new(InsertTime(begin), InsertTime(end));
    let archived_before = snapshot.archived_before.0;
    let archived = Constraints {
        streams: constraints.streams.clone(),
        ..Constraints::default()
    };
    let archived_ranges = ranges.within(everything(TimeNs::MIN, archived_before));
    let archived = archived.into_block_scan(snapshot, None, &archived_ranges);
    let archived = blocks_scan::pages(house, &archived)
        .map_ok(move |page| page.into_iter().map(of_block).collect());

    let processes = constraints.processes.map(Vec::from_iter);
    let streams = constraints.streams.map(Vec::from_iter);
    let catalog = house.catalog().clone();
    let ranges = ranges.within(everything(archived_before, TimeNs::MAX));
    let ranges: Vec<_> = ranges.iter().collect();
    let present = futures::stream::iter(ranges).flat_map(move |range| {
        let filter = SummaryFilter {
            process_ids: processes.clone(),
            stream_ids: streams.clone(),
            insert_range: Some(range),
            ..SummaryFilter::at(snapshot.time)
        };
        pages(catalog.clone(), filter)
    });
    archived.chain(present).boxed()
}

/// One row per owner: what was registered, which all rows agree on, and the latest of
/// what its blocks say.
fn merge(rows: LogicalPlan, key: &str) -> DataFusionResult<LogicalPlan> {
    let names: Vec<String> = rows
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    let sums = names.iter().filter(|name| *name != key).map(|name| {
        let sum = match name.starts_with("last_") {
            true => max(col(name)),
            false => first_value(col(name), Vec::new()),
        };
        sum.alias(name)
    });
    LogicalPlanBuilder::from(rows)
        .aggregate([col(key)], sums.collect::<Vec<_>>())?
        .project(names.iter().map(col))?
        .build()
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
