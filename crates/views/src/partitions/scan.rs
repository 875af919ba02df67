//! Partitions as a plan of the engine.

use std::sync::Arc;

use catalog::StoredPartition;
use chrono::DateTime;
use datafusion::catalog::Session;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use datafusion::config::TableParquetOptions;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{
    FileGroup, FileScanConfig, FileScanConfigBuilder, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::object_store::ObjectMeta;
use datafusion::physical_expr::expressions::col;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;
use model::{TimeNs, TimeRange};

use crate::Lakehouse;
use crate::context::ScanCounters;
use crate::predicate::Role;
use crate::view::ViewSet;

/// Read with the end of a file, so that small files are read at once.
const FOOTER_BYTES: usize = 64 * 1024;
/// Chains of files in order that are merged, at most; with more overlap the scan
/// promises no order.
const ORDERED_GROUPS_MAX: usize = 16;

/// `partitions` have files. The projection is of the view set's schema.
pub(crate) fn scan(
    house: &Lakehouse,
    session: &dyn Session,
    set: &ViewSet,
    partitions: &[StoredPartition],
    projection: &[usize],
    limit: Option<usize>,
    counters: &Arc<ScanCounters>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let files: FileGroup = partitions
        .iter()
        .filter_map(|stored| partitioned_file(set, stored))
        .collect();
    let (groups, order) = groups(set, files, session.config().target_partitions())?;
    let cache = session
        .runtime_env()
        .cache_manager
        .get_file_metadata_cache();
    let store = house.lake().reader(Arc::clone(counters.reads()));
    let source = ParquetSource::new(Arc::clone(&set.schema))
        .with_table_parquet_options(reading_options(session))
        .with_metadata_size_hint(FOOTER_BYTES)
        .with_parquet_file_reader_factory(Arc::new(CachedParquetFileReaderFactory::new(
            store, cache,
        )));
    let config = FileScanConfigBuilder::new(object_store_url(), Arc::new(source))
        .with_file_groups(groups)
        .with_output_ordering(order.into_iter().collect())
        .with_projection_indices(Some(projection.to_vec()))?
        .with_limit(limit)
        .build();
    Ok(DataSourceExec::from_data_source(config))
}

/// What stands for the lake's objects in plans.
pub(crate) fn object_store_url() -> ObjectStoreUrl {
    ObjectStoreUrl::parse("lake://objects").expect("a URL of a scheme and a host")
}

fn reading_options(session: &dyn Session) -> TableParquetOptions {
    let mut options = session.config_options().execution.parquet.clone();
    // The columns have the types of the view, not those that the session prefers.
    options.schema_force_view_types = false;
    TableParquetOptions {
        global: options,
        ..TableParquetOptions::default()
    }
}

fn partitioned_file(set: &ViewSet, stored: &StoredPartition) -> Option<PartitionedFile> {
    let file = stored.partition.file.as_ref()?;
    let meta = ObjectMeta {
        location: file.key.as_str().into(),
        last_modified: DateTime::from_timestamp_nanos(stored.updated),
        size: file.bytes,
        e_tag: None,
        version: None,
    };
    let statistics = statistics(set, stored);
    Some(PartitionedFile::new_from_meta(meta).with_statistics(Arc::new(statistics)))
}

fn statistics(set: &ViewSet, stored: &StoredPartition) -> Statistics {
    let mut statistics = Statistics::new_unknown(&set.schema);
    let rows = usize::try_from(stored.partition.rows).unwrap_or(usize::MAX);
    statistics.num_rows = Precision::Exact(rows);
    let range = &stored.partition.insert_range;
    let is_insert_time = |role: &&(_, Role)| role.1 == Role::InsertTime;
    if let Some((name, _)) = set.roles.iter().find(is_insert_time) {
        let column = set.column(name);
        // Blocks that were inserted then need not have rows.
        let last = TimeRange {
            begin: range.begin.0,
            end: range.end.0 - 1,
        };
        statistics.column_statistics[column] = bounds(last, Precision::Inexact);
    }
    let (first, last) = set.bounds;
    if let Some(event_range) = stored.partition.event_range {
        let column = set.column(first);
        let precision = match first == last {
            true => Precision::Exact,
            false => Precision::Inexact,
        };
        statistics.column_statistics[column] = bounds(event_range, precision);
    }
    statistics
}

fn bounds(
    range: TimeRange,
    precision: fn(ScalarValue) -> Precision<ScalarValue>,
) -> ColumnStatistics {
    let time = |time: TimeNs| ScalarValue::TimestampNanosecond(Some(time), Some("+00:00".into()));
    ColumnStatistics {
        null_count: Precision::Exact(0),
        min_value: precision(time(range.begin)),
        max_value: precision(time(range.end)),
        ..ColumnStatistics::new_unknown()
    }
}

/// Files that follow each other in the view's order, one chain per group, and the order
/// that holds within each; without one, the files spread over `partitions` groups.
fn groups(
    set: &ViewSet,
    files: FileGroup,
    partitions: usize,
) -> Result<(Vec<FileGroup>, Option<LexOrdering>)> {
    if let (true, Some(order)) = (set.keeps_order, ordering(set)?) {
        let chains = FileScanConfig::split_groups_by_statistics(
            &set.schema,
            std::slice::from_ref(&files),
            &order,
        )?;
        if chains.len() <= ORDERED_GROUPS_MAX.max(partitions) {
            return Ok((chains, Some(order)));
        }
    }
    Ok((files.split_files(partitions), None))
}

pub(crate) fn ordering(set: &ViewSet) -> Result<Option<LexOrdering>> {
    let columns = set.order.iter();
    let columns =
        columns.map(|name| Ok(PhysicalSortExpr::new_default(col(name, &set.schema)?).asc()));
    Ok(LexOrdering::new(columns.collect::<Result<Vec<_>>>()?))
}
