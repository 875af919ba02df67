//! Tables made of catalog rows: columns as data, pages as batches.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BinaryArray, DictionaryArray, Float64Array, Int32Array, Int64Array, ListBuilder,
    StringArray, StringBuilder, TimestampNanosecondArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef, TimeUnit};
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use futures::stream::{BoxStream, TryStreamExt};
use model::{Properties, TimeNs};

use crate::Result;

/// Time zone text of every time column.
const UTC: &str = "+00:00";

/// One column of a table whose rows are values of `R`.
pub(crate) struct Column<R: 'static> {
    pub(crate) name: &'static str,
    pub(crate) data_type: DataType,
    pub(crate) nullable: bool,
    pub(crate) build: fn(&[R]) -> ArrayRef,
}

impl<R> Column<R> {
    pub(crate) const fn required(
        name: &'static str,
        data_type: DataType,
        build: fn(&[R]) -> ArrayRef,
    ) -> Self {
        Self {
            name,
            data_type,
            nullable: false,
            build,
        }
    }

    pub(crate) const fn nullable(
        name: &'static str,
        data_type: DataType,
        build: fn(&[R]) -> ArrayRef,
    ) -> Self {
        Self {
            name,
            data_type,
            nullable: true,
            build,
        }
    }
}

/// All columns of a table, and its schema.
pub(crate) struct Columns<R: 'static> {
    columns: Vec<Column<R>>,
    schema: SchemaRef,
}

impl<R> fmt::Debug for Columns<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Columns")
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

impl<R> Columns<R> {
    pub(crate) fn new(columns: Vec<Column<R>>) -> Self {
        let fields: Vec<Field> = columns
            .iter()
            .map(|column| Field::new(column.name, column.data_type.clone(), column.nullable))
            .collect();
        Self {
            columns,
            schema: Arc::new(Schema::new(fields)),
        }
    }

    pub(crate) const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// One batch of the projected columns, in projection order.
    pub(crate) fn batch(&self, projection: Option<&[usize]>, rows: &[R]) -> Result<RecordBatch> {
        let (schema, arrays) = match projection {
            None => (
                Arc::clone(&self.schema),
                self.columns
                    .iter()
                    .map(|column| (column.build)(rows))
                    .collect(),
            ),
            Some(indices) => (
                Arc::new(self.schema.project(indices)?),
                indices
                    .iter()
                    .map(|&index| (self.columns[index].build)(rows))
                    .collect::<Vec<_>>(),
            ),
        };
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        Ok(RecordBatch::try_new_with_options(schema, arrays, &options)?)
    }
}

type MakeBatches = dyn Fn() -> BoxStream<'static, Result<RecordBatch>> + Send + Sync;

/// A plan of one partition whose batches come from catalog pages.
pub(crate) fn paged_plan(
    schema: SchemaRef,
    limit: Option<usize>,
    batches: impl Fn() -> BoxStream<'static, Result<RecordBatch>> + Send + Sync + 'static,
) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
    let partition = Arc::new(Pages {
        schema: Arc::clone(&schema),
        batches: Box::new(batches),
    });
    Ok(Arc::new(StreamingTableExec::try_new(
        schema,
        vec![partition],
        None,
        [],
        false,
        limit,
    )?))
}

struct Pages {
    schema: SchemaRef,
    batches: Box<MakeBatches>,
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

impl PartitionStream for Pages {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batches = (self.batches)().map_err(DataFusionError::from);
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            batches,
        ))
    }
}

pub(crate) fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some(UTC.into()))
}

pub(crate) fn properties_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Binary))
}

pub(crate) fn tags_type() -> DataType {
    DataType::List(tag_field())
}

fn tag_field() -> Arc<Field> {
    Arc::new(Field::new("tag", DataType::Utf8, false))
}

pub(crate) fn times<R>(rows: &[R], value: impl Fn(&R) -> TimeNs) -> ArrayRef {
    Arc::new(TimestampNanosecondArray::from_iter_values(rows.iter().map(value)).with_timezone(UTC))
}

pub(crate) fn optional_times<R>(rows: &[R], value: impl Fn(&R) -> Option<TimeNs>) -> ArrayRef {
    let times: TimestampNanosecondArray = rows.iter().map(value).collect();
    Arc::new(times.with_timezone(UTC))
}

pub(crate) fn int64s<R>(rows: &[R], value: impl Fn(&R) -> i64) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(rows.iter().map(value)))
}

pub(crate) fn float64s<R>(rows: &[R], value: impl Fn(&R) -> f64) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(rows.iter().map(value)))
}

pub(crate) fn int32s<R>(rows: &[R], value: impl Fn(&R) -> i32) -> ArrayRef {
    Arc::new(Int32Array::from_iter_values(rows.iter().map(value)))
}

pub(crate) fn texts<R, T: AsRef<str>>(rows: &[R], value: impl Fn(&R) -> T) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(rows.iter().map(value)))
}

/// As [`texts`], for columns that borrow from their row.
pub(crate) fn strings<R>(rows: &[R], value: impl for<'a> Fn(&'a R) -> &'a str) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(rows.iter().map(value)))
}

pub(crate) fn binaries<R>(rows: &[R], value: impl for<'a> Fn(&'a R) -> &'a [u8]) -> ArrayRef {
    Arc::new(BinaryArray::from_iter_values(rows.iter().map(value)))
}

pub(crate) fn tags<R>(rows: &[R], value: impl for<'a> Fn(&'a R) -> &'a [String]) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new()).with_field(tag_field());
    for row in rows {
        for tag in value(row) {
            builder.values().append_value(tag);
        }
        builder.append(true);
    }
    Arc::new(builder.finish())
}

/// JSONB objects; neighbours with the same owner share one dictionary value.
pub(crate) fn properties<R, K: PartialEq>(
    rows: &[R],
    owner: impl Fn(&R) -> K,
    value: impl for<'a> Fn(&'a R) -> &'a Properties,
) -> ArrayRef {
    let mut values: Vec<Vec<u8>> = Vec::new();
    let mut keys: Vec<i32> = Vec::with_capacity(rows.len());
    let mut last: Option<K> = None;
    for row in rows {
        let owner = owner(row);
        if last.as_ref() != Some(&owner) {
            values.push(decode::properties_to_jsonb(value(row)));
            last = Some(owner);
        }
        keys.push(i32::try_from(values.len() - 1).expect("a page has few rows"));
    }
    let values = Arc::new(BinaryArray::from_iter_values(values));
    let keys = Int32Array::from(keys);
    Arc::new(DictionaryArray::<Int32Type>::new(keys, values))
}
