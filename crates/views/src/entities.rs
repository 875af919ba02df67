//! `processes` and `streams`: one row per owner of at least one block.
//!
//! A time range acts on blocks before they are summed up, so that `last_*` columns speak
//! of the blocks that arrived since the begin of the range.

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use catalog::{ProcessSummary, StreamSummary, SummaryFilter};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use futures::stream::{StreamExt, TryStreamExt};

use crate::columns::{self, Column, Columns, paged_plan, properties_type, tags_type, time_type};
use crate::context::ScanContext;
use crate::predicate::{self, Constraints, Role, Roles};
use crate::{Lakehouse, Result};

async fn summary_filter(
    house: &Lakehouse,
    context: &ScanContext,
    constraints: Constraints,
) -> Result<SummaryFilter> {
    Ok(SummaryFilter {
        snapshot: context.snapshot(&house.catalog).await?,
        process_ids: constraints.processes.map(Vec::from_iter),
        stream_ids: constraints.streams.map(Vec::from_iter),
        range: context.range(),
    })
}

/// The two tables differ in their rows only; everything else is this.
macro_rules! summary_table {
    ($table:ident, $row:ty, $pages:ident, $columns:ident, $roles:ident) => {
        #[derive(Debug)]
        pub(crate) struct $table {
            house: Lakehouse,
        }

        impl $table {
            pub(crate) const fn new(house: Lakehouse) -> Self {
                Self { house }
            }
        }

        #[async_trait]
        impl TableProvider for $table {
            fn schema(&self) -> SchemaRef {
                Arc::clone($columns.schema())
            }

            fn table_type(&self) -> TableType {
                TableType::Base
            }

            fn supports_filters_pushdown(
                &self,
                filters: &[&Expr],
            ) -> DataFusionResult<Vec<TableProviderFilterPushDown>> {
                Ok(predicate::pushdown(filters, $roles))
            }

            async fn scan(
                &self,
                session: &dyn Session,
                projection: Option<&Vec<usize>>,
                filters: &[Expr],
                limit: Option<usize>,
            ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
                let context = ScanContext::of(session);
                let constraints = Constraints::from_filters(filters, $roles);
                let schema = match projection {
                    Some(indices) => Arc::new(self.schema().project(indices)?),
                    None => self.schema(),
                };
                if constraints.is_unsatisfiable() {
                    return Ok(Arc::new(EmptyExec::new(schema)));
                }
                let house = self.house.clone();
                let filter = summary_filter(&house, &context, constraints).await?;
                let projection = projection.cloned();
                paged_plan(schema, limit, move || {
                    let projection = projection.clone();
                    let pages = house.catalog.$pages(filter.clone());
                    futures::stream::try_unfold(pages, |mut pages| async move {
                        let page = pages.next_page().await?;
                        Ok((!page.is_empty()).then_some((page, pages)))
                    })
                    .and_then(move |page: Vec<$row>| {
                        futures::future::ready($columns.batch(projection.as_deref(), &page))
                    })
                    .boxed()
                })
            }
        }
    };
}

const PROCESS_ROLES: Roles = &[("process_id", Role::Process)];
const STREAM_ROLES: Roles = &[("process_id", Role::Process), ("stream_id", Role::Stream)];

summary_table!(
    ProcessesTable,
    ProcessSummary,
    processes,
    PROCESS_COLUMNS,
    PROCESS_ROLES
);
summary_table!(
    StreamsTable,
    StreamSummary,
    streams,
    STREAM_COLUMNS,
    STREAM_ROLES
);

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
