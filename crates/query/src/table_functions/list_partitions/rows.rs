//! Partitions as rows.

use std::sync::{Arc, LazyLock};

use catalog::StoredPartition;
use datafusion::arrow::array::{
    ArrayRef, BinaryArray, Int32Array, Int64Array, ListBuilder, StringArray, StringBuilder,
    TimestampNanosecondArray,
};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::Result;
use model::{TimeNs, TimeRange};
use views::ViewSetInfo;

use crate::times::{UTC, time_type};

/// The version of the layout of files, the only one that was ever written here.
const FORMAT_VERSION: i32 = 2;

pub(super) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    use DataType::{Binary, Int32, Int64, Utf8};
    Arc::new(Schema::new(vec![
        Field::new("view_set_name", Utf8, false),
        Field::new("view_instance_id", Utf8, false),
        Field::new("begin_insert_time", time_type(), false),
        Field::new("end_insert_time", time_type(), false),
        Field::new("min_event_time", time_type(), true),
        Field::new("max_event_time", time_type(), true),
        Field::new("updated", time_type(), false),
        Field::new("file_path", Utf8, true),
        Field::new("file_size", Int64, false),
        Field::new("file_schema_hash", Binary, false),
        Field::new("source_data_hash", Binary, false),
        Field::new("num_rows", Int64, false),
        Field::new("partition_format_version", Int32, false),
        Field::new("sort_order", DataType::List(tag()), true),
        Field::new("max_sort_key_time", time_type(), true),
    ]))
});

fn tag() -> FieldRef {
    Arc::new(Field::new("tag", DataType::Utf8, false))
}

pub(super) fn batch(page: &[StoredPartition], sets: &[ViewSetInfo]) -> Result<RecordBatch> {
    let parts = || page.iter().map(|stored| &stored.partition);
    let files = || parts().map(|part| part.file.as_ref());
    let hashes = parts().map(|part| &part.schema_hash);
    let sources = parts().map(|part| part.source_count.to_le_bytes());
    let columns = vec![
        Arc::new(StringArray::from_iter_values(
            parts().map(|part| &part.view_set),
        )) as ArrayRef,
        Arc::new(StringArray::from_iter_values(
            parts().map(|part| &part.view_instance),
        )),
        times(parts().map(|part| Some(part.insert_range.begin.0))),
        times(parts().map(|part| Some(part.insert_range.end.0))),
        times(parts().map(|part| part.event_range.map(|range| range.begin))),
        times(parts().map(|part| part.event_range.map(|range| range.end))),
        times(page.iter().map(|stored| Some(stored.updated))),
        Arc::new(
            files()
                .map(|file| file.map(|file| &file.key))
                .collect::<StringArray>(),
        ),
        counts(files().map(|file| file.map_or(0, |file| file.bytes))),
        Arc::new(BinaryArray::from_iter_values(hashes)),
        Arc::new(BinaryArray::from_iter_values(sources)),
        counts(parts().map(|part| part.rows)),
        Arc::new(Int32Array::from(vec![FORMAT_VERSION; page.len()])),
        sort_orders(page),
        times(page.iter().map(|stored| max_sort_key(stored, sets))),
    ];
    Ok(RecordBatch::try_new(Arc::clone(&SCHEMA), columns)?)
}

fn times(times: impl Iterator<Item = Option<TimeNs>>) -> ArrayRef {
    let times: TimestampNanosecondArray = times.collect();
    Arc::new(times.with_timezone(UTC))
}

/// The catalog stores signed counts, so they fit.
fn counts(counts: impl Iterator<Item = u64>) -> ArrayRef {
    let signed = counts.map(|count| i64::try_from(count).unwrap_or(i64::MAX));
    Arc::new(Int64Array::from_iter_values(signed))
}

fn sort_orders(page: &[StoredPartition]) -> ArrayRef {
    let mut orders = ListBuilder::new(StringBuilder::new()).with_field(tag());
    for stored in page {
        let order = &stored.partition.sort_order;
        for column in order {
            orders.values().append_value(column);
        }
        orders.append(!order.is_empty());
    }
    Arc::new(orders.finish())
}

/// Known where the leading column of the order is the event time. What that was in another
/// version of the view is not known.
fn max_sort_key(stored: &StoredPartition, sets: &[ViewSetInfo]) -> Option<TimeNs> {
    let partition = &stored.partition;
    let set = sets
        .iter()
        .find(|set| set.name == partition.view_set && set.schema_hash == partition.schema_hash)?;
    let leads = partition.sort_order.first()? == set.event_time?;
    let TimeRange { end, .. } = partition.event_range.filter(|_| leads)?;
    Some(end)
}
