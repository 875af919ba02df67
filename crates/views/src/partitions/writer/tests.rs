use datafusion::arrow::array::{ArrayRef, Float64Array, TimestampNanosecondArray};
use datafusion::arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::execution::memory_pool::UnboundedMemoryPool;
use datafusion::object_store::ObjectStoreExt;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::file::metadata::RowGroupMetaData;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::TryStreamExt;

use super::*;
use crate::columns::time_type;

fn view_set(bounds: (&'static str, &'static str)) -> ViewSet {
    let time = |name| Field::new(name, time_type(), false);
    let value = Field::new("value", DataType::Float64, false);
    ViewSet {
        name: "set",
        schema: Arc::new(Schema::new(vec![time("begin"), time("end"), value])),
        hidden_columns: 0,
        schema_hash: Bytes::new(),
        order: &["begin"],
        keeps_order: true,
        bounds,
        grain: 1,
        roles: &[],
    }
}

fn batch(schema: &SchemaRef, times: &[(i64, i64)]) -> RecordBatch {
    let column = |time: fn(&(i64, i64)) -> i64| -> ArrayRef {
        let times = TimestampNanosecondArray::from_iter_values(times.iter().map(time));
        Arc::new(times.with_timezone("+00:00"))
    };
    let values = Float64Array::from_iter_values(times.iter().map(|times| times.0 as f64));
    let columns = vec![column(|t| t.0), column(|t| t.1), Arc::new(values) as _];
    RecordBatch::try_new(Arc::clone(schema), columns).unwrap()
}

async fn written(lake: &Lake, set: &ViewSet, batches: &[&[(i64, i64)]]) -> Written {
    let key = PartitionKey::new(set.name, "global", 0).unwrap();
    let batches: Vec<_> = batches
        .iter()
        .map(|rows| Ok(batch(&set.schema, rows)))
        .collect();
    let rows = futures::stream::iter(batches);
    let rows = Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&set.schema), rows));
    let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
    let written = write(lake, &key, set, rows, &pool).await.unwrap();
    assert_eq!(pool.reserved(), 0);
    written
}

async fn objects(lake: &Lake) -> Vec<u64> {
    let objects = lake.list_partitions().map_ok(|object| object.bytes);
    objects.try_collect().await.unwrap()
}

#[tokio::test]
async fn no_rows_make_no_object() {
    let lake = Lake::open("memory:///", []).unwrap();
    let set = view_set(("begin", "begin"));
    for batches in [&[][..], &[&[][..], &[]]] {
        let expected = Written {
            rows: 0,
            file: None,
            event_range: None,
        };
        assert_eq!(written(&lake, &set, batches).await, expected);
    }
    assert!(objects(&lake).await.is_empty());
}

#[tokio::test]
async fn bounds_span_all_batches() {
    let lake = Lake::open("memory:///", []).unwrap();
    for (bounds, batches, expected) in [
        (
            ("begin", "begin"),
            &[&[(5, 0), (9, 0)][..], &[], &[(2, 0)]][..],
            (2, 9),
        ),
        (("begin", "end"), &[&[(5, 6), (7, 30)], &[(8, 9)]], (5, 30)),
        // A block that begins after it came.
        (("begin", "end"), &[&[(50, 6), (70, 9)]], (6, 70)),
        (("begin", "end"), &[&[(50, 6)], &[(60, 80)]], (6, 80)),
    ] {
        let written = written(&lake, &view_set(bounds), batches).await;
        let (begin, end) = expected;
        assert_eq!(
            written.event_range,
            Some(TimeRange { begin, end }),
            "{batches:?}"
        );
        assert_eq!(
            written.rows as usize,
            batches.iter().map(|rows| rows.len()).sum::<usize>()
        );
        let bytes = written.file.expect("there are rows").bytes;
        assert!(objects(&lake).await.contains(&bytes));
    }
}

#[tokio::test]
async fn row_groups_are_bounded_and_tell_what_may_be_pruned_by() {
    let lake = Lake::open("memory:///", []).unwrap();
    let set = view_set(("begin", "begin"));
    let rows: Vec<_> = (0..2 * ROW_GROUP_ROWS as i64 + 1).map(|n| (n, n)).collect();
    let written = written(&lake, &set, &[&rows]).await;
    let file = written.file.expect("there are rows");
    let path = file.key.as_str().into();
    let object = lake.object_store().get(&path).await.unwrap();
    let bytes = object.bytes().await.unwrap();
    assert_eq!(bytes.len() as u64, file.bytes);
    let parquet = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
    assert_eq!(parquet.schema().fields(), set.schema.fields());
    let groups = parquet.metadata().row_groups();
    let counts: Vec<_> = groups.iter().map(RowGroupMetaData::num_rows).collect();
    assert_eq!(counts, [ROW_GROUP_ROWS as i64, ROW_GROUP_ROWS as i64, 1]);
    for group in groups {
        let sorted = group.sorting_columns().expect("the order is recorded");
        assert_eq!(
            (sorted.len(), sorted[0].column_idx, sorted[0].descending),
            (1, 0, false)
        );
        let has_bounds = |column: usize| {
            let statistics = group.column(column).statistics();
            statistics.is_some_and(|statistics| statistics.min_bytes_opt().is_some())
        };
        // NaN is in no statistics of floats, and found all the same.
        assert_eq!([0, 1, 2].map(has_bounds), [true, true, false]);
    }
}
