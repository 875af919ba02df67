//! Rows to a Parquet object.

use std::sync::Arc;

use bytes::Bytes;
use catalog::PartitionFile;
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::compute::{max, min};
use datafusion::arrow::datatypes::{Schema, TimestampNanosecondType};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::parquet::arrow::AsyncArrowWriter;
use datafusion::parquet::arrow::async_writer::AsyncFileWriter;
use datafusion::parquet::basic::{Compression, Encoding};
use datafusion::parquet::errors::{ParquetError, Result as ParquetResult};
use datafusion::parquet::file::metadata::SortingColumn;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use datafusion::parquet::schema::types::ColumnPath;
use futures::StreamExt;
use futures::future::BoxFuture;
use lake::{Lake, ObjectWriter, PartitionKey};
use model::TimeRange;

use crate::view::ViewSet;

/// Rows of a row group: what is pruned, and held in memory while writing.
const ROW_GROUP_ROWS: usize = 128 * 1024;
/// Bytes of encoded rows after which a row group ends early.
const ROW_GROUP_BYTES: usize = 32 << 20;
/// Rows of a page: what the page index prunes.
const PAGE_ROWS: usize = 16 * 1024;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) rows: u64,
    /// None if there were no rows: then there is no object either.
    pub(crate) file: Option<PartitionFile>,
    pub(crate) event_range: Option<TimeRange>,
}

/// Write the rows as one durable object. Nothing is visible under the key before the
/// end, and nothing ever if this fails. Memory holds one row group, which is reserved
/// from `pool`.
pub(crate) async fn write(
    lake: &Lake,
    key: &PartitionKey,
    set: &ViewSet,
    mut rows: SendableRecordBatchStream,
    pool: &Arc<dyn MemoryPool>,
) -> Result<Written> {
    let mut writer = None;
    let mut summary = Summary::new(set);
    while let Some(batch) = rows.next().await {
        let batch = batch?;
        if batch.num_rows() == 0 {
            continue;
        }
        summary.add(&batch);
        let writer = match &mut writer {
            Some(writer) => writer,
            none => none.insert(PartitionWriter::open(lake, key, set, pool).await?),
        };
        writer.write(&batch).await?;
    }
    let file = match writer {
        Some(writer) => Some(PartitionFile {
            key: key.as_str().to_owned(),
            bytes: writer.finish().await?,
        }),
        None => None,
    };
    Ok(Written {
        rows: summary.rows,
        file,
        event_range: summary.event_range,
    })
}

struct PartitionWriter {
    parquet: AsyncArrowWriter<PartitionObject>,
    reservation: MemoryReservation,
}

impl PartitionWriter {
    async fn open(
        lake: &Lake,
        key: &PartitionKey,
        set: &ViewSet,
        pool: &Arc<dyn MemoryPool>,
    ) -> Result<Self> {
        let object = lake.write_partition(key).await.map_err(external)?;
        let object = PartitionObject {
            object: Some(object),
            bytes: 0,
        };
        let parquet =
            AsyncArrowWriter::try_new(object, Arc::clone(&set.schema), Some(properties(set)))?;
        Ok(Self {
            parquet,
            reservation: MemoryConsumer::new("partition writer").register(pool),
        })
    }

    async fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.parquet.write(batch).await?;
        self.reservation.try_resize(self.parquet.memory_size())
    }

    /// The length of the durable object.
    async fn finish(mut self) -> Result<u64> {
        self.parquet.finish().await?;
        Ok(self.parquet.into_inner().bytes)
    }
}

fn properties(set: &ViewSet) -> WriterProperties {
    let sorted = set.order.iter().map(|name| {
        let column = i32::try_from(set.column(name)).expect("views have few columns");
        SortingColumn {
            column_idx: column,
            descending: false,
            nulls_first: false,
        }
    });
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::LZ4_RAW)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_sorting_columns(Some(sorted.collect()));
    if set.keeps_order {
        // Almost every value is a new one, close to the one before.
        let time = ColumnPath::from(set.order[0]);
        properties = properties
            .set_column_dictionary_enabled(time.clone(), false)
            .set_column_encoding(time, Encoding::DELTA_BINARY_PACKED);
    }
    for name in floats(&set.schema) {
        // Such statistics leave out NaN, which the engine orders behind all other values:
        // what they prune by may hold a row.
        properties = properties
            .set_column_statistics_enabled(ColumnPath::from(name), EnabledStatistics::None);
    }
    properties.build()
}

fn floats(schema: &Schema) -> impl Iterator<Item = &str> {
    let fields = schema.fields().iter();
    let floats = fields.filter(|field| field.data_type().is_floating());
    floats.map(|field| field.name().as_str())
}

/// Rows and event bounds, counted while they pass.
struct Summary {
    first: usize,
    last: usize,
    rows: u64,
    event_range: Option<TimeRange>,
}

impl Summary {
    fn new(set: &ViewSet) -> Self {
        Self {
            first: set.column(set.bounds.0),
            last: set.column(set.bounds.1),
            rows: 0,
            event_range: None,
        }
    }

    fn add(&mut self, batch: &RecordBatch) {
        self.rows += batch.num_rows() as u64;
        // Both count at both ends: where the clock of a producer is ahead of ours, its
        // blocks begin after they came.
        let times = [self.first, self.last].map(|column| {
            let times = batch
                .column(column)
                .as_primitive::<TimestampNanosecondType>();
            (min(times), max(times))
        });
        let begin = times.iter().filter_map(|(begin, _)| *begin).min();
        let end = times.iter().filter_map(|(_, end)| *end).max();
        let (Some(begin), Some(end)) = (begin, end) else {
            return;
        };
        let earlier = self.event_range.map_or(begin, |range| range.begin);
        let later = self.event_range.map_or(end, |range| range.end);
        self.event_range = Some(TimeRange {
            begin: begin.min(earlier),
            end: end.max(later),
        });
    }
}

/// The writer's end at the lake.
struct PartitionObject {
    /// None once it is finished.
    object: Option<ObjectWriter>,
    bytes: u64,
}

impl AsyncFileWriter for PartitionObject {
    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, ParquetResult<()>> {
        Box::pin(async move {
            let object = self.object.as_mut().ok_or_else(finished)?;
            object.write(bytes).await.map_err(parquet_error)
        })
    }

    fn complete(&mut self) -> BoxFuture<'_, ParquetResult<()>> {
        Box::pin(async move {
            let object = self.object.take().ok_or_else(finished)?;
            self.bytes = object.finish().await.map_err(parquet_error)?;
            Ok(())
        })
    }
}

fn finished() -> ParquetError {
    ParquetError::General("the object is finished".to_owned())
}

fn parquet_error(error: lake::Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}

fn external(error: lake::Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

#[cfg(test)]
mod tests;
