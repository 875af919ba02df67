//! The `blocks` table: one row per block, joined with its stream and its process.

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use catalog::{BlockFilter, StoredBlock};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use futures::stream::{StreamExt, TryStreamExt};
use model::{TimeNs, TimeRange};

use crate::blocks_scan;
use crate::columns::{self, Column, Columns, paged_plan, properties_type, tags_type, time_type};
use crate::context::ScanContext;
use crate::predicate::{self, Constraints, Role, Roles};
use crate::{Lakehouse, Result};

const ROLES: Roles = &[
    ("process_id", Role::Process),
    ("stream_id", Role::Stream),
    ("block_id", Role::Block),
    ("insert_time", Role::InsertTime),
];

#[derive(Debug)]
pub(crate) struct BlocksTable {
    house: Lakehouse,
}

impl BlocksTable {
    pub(crate) const fn new(house: Lakehouse) -> Self {
        Self { house }
    }
}

#[async_trait]
impl TableProvider for BlocksTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(COLUMNS.schema())
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
        // A range keeps blocks that had begun by its end and arrived after its begin.
        let mut begun_by = TimeNs::MAX;
        if let Some(TimeRange { begin, end }) = context.range() {
            constraints.require_insert_range(begin, TimeNs::MAX);
            begun_by = end;
        }
        let schema = match projection {
            Some(indices) => Arc::new(self.schema().project(indices)?),
            None => self.schema(),
        };
        if constraints.is_unsatisfiable() {
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let house = self.house.clone();
        let filter = block_filter(&house, &context, constraints).await?;
        let projection = projection.cloned();
        paged_plan(schema, limit, move || {
            let projection = projection.clone();
            blocks_scan::pages(&house, filter.clone())
                .and_then(move |mut page| {
                    page.retain(|block| block.info.begin_time <= begun_by);
                    futures::future::ready(COLUMNS.batch(projection.as_deref(), &page))
                })
                .boxed()
        })
    }
}

async fn block_filter(
    house: &Lakehouse,
    context: &ScanContext,
    constraints: Constraints,
) -> Result<BlockFilter> {
    Ok(BlockFilter {
        snapshot: context.snapshot(&house.catalog).await?,
        tag: None,
        process_ids: constraints.processes.map(Vec::from_iter),
        stream_ids: constraints.streams.map(Vec::from_iter),
        block_ids: constraints.blocks.map(Vec::from_iter),
        event_range: None,
        insert_range: constraints.insert_time,
    })
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
