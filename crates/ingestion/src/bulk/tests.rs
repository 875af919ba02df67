use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, DictionaryArray, Int32Array, Int64Array, ListArray, ListBuilder,
    MapBuilder, NullArray, StringArray, StringBuilder, StructArray, TimestampNanosecondArray,
    UInt64Array, new_null_array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int32Type, TimeUnit};
use catalog::BulkBlock;
use model::{ProcessInfo, Properties, StreamInfo};

use super::*;

mod storing;

const ID: &str = "7b3a1d52-8c07-4f0e-9a6e-0d4b8e7c2f10";
const OTHER: &str = "00000000-0000-0000-0000-00000000000a";
const TIME: i64 = 1_700_000_000_123_456_000;

type Batch = Vec<(&'static str, ArrayRef)>;

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn integers(value: i64) -> ArrayRef {
    Arc::new(Int64Array::from(vec![value]))
}

fn times(value: i64) -> ArrayRef {
    Arc::new(TimestampNanosecondArray::from(vec![value]).with_timezone("+00:00"))
}

fn binary(value: &[u8]) -> ArrayRef {
    Arc::new(BinaryArray::from_vec(vec![value]))
}

fn processes() -> Batch {
    vec![
        ("process_id", texts(&[ID])),
        ("exe", texts(&["exe"])),
        ("username", texts(&["username"])),
        ("realname", texts(&["realname"])),
        ("computer", texts(&["computer"])),
        ("distro", texts(&["distro"])),
        ("cpu_brand", texts(&["cpu_brand"])),
        ("tsc_frequency", integers(7)),
        ("start_time", times(TIME)),
        ("start_ticks", integers(8)),
        ("insert_time", times(TIME)),
        ("parent_process_id", texts(&[""])),
        ("properties", binary(b"\x40\0\0\0")),
    ]
}

fn streams() -> Batch {
    vec![
        ("stream_id", texts(&[ID])),
        ("process_id", texts(&[OTHER])),
        ("dependencies_metadata", binary(b"dependencies")),
        ("objects_metadata", binary(b"objects")),
        ("tags", tags(&["log"])),
        ("properties", binary(b"\x40\0\0\0")),
        ("insert_time", times(TIME)),
        ("format", texts(&["micromegas-transit"])),
    ]
}

fn blocks() -> Batch {
    let numbers = [
        ("begin_ticks", 1),
        ("end_ticks", 2),
        ("nb_objects", 3),
        ("object_offset", 4),
        ("payload_size", 5),
    ];
    let mut batch: Batch = vec![
        ("block_id", texts(&[ID])),
        ("stream_id", texts(&[ID])),
        ("process_id", texts(&[OTHER])),
        ("begin_time", times(TIME + 1)),
        ("end_time", times(TIME + 2)),
        ("insert_time", times(TIME + 3)),
    ];
    batch.extend(numbers.map(|(name, number)| (name, integers(number))));
    batch
}

fn payloads() -> Batch {
    vec![
        ("process_id", texts(&[OTHER])),
        ("stream_id", texts(&[ID])),
        ("block_id", texts(&[ID])),
        ("payload", binary(b"payload")),
    ]
}

fn tags(tags: &[&str]) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new());
    builder.append_value(tags.iter().copied().map(Some));
    Arc::new(builder.finish())
}

fn with(mut batch: Batch, name: &'static str, array: ArrayRef) -> Batch {
    match batch.iter_mut().find(|(other, _)| *other == name) {
        Some(column) => column.1 = array,
        None => batch.push((name, array)),
    }
    batch
}

/// The one row of a batch.
fn first<R>(
    table: BulkTable,
    batch: Batch,
    row: impl Fn(Upload<'_>) -> Result<R>,
) -> Result<R, String> {
    let batch = RecordBatch::try_from_iter(batch).unwrap();
    let batch = &batch;
    row(Upload { table, batch }).map_err(|error| {
        assert!(error.is_invalid());
        error.to_string()
    })
}

fn process(batch: Batch) -> Result<ProcessInfo, String> {
    let row = |upload: Upload<'_>| Processes::of(upload)?.row(0);
    first(BulkTable::Processes, batch, row)
}

fn stream(batch: Batch) -> Result<StreamInfo, String> {
    let row = |upload: Upload<'_>| Streams::of(upload)?.row(0);
    first(BulkTable::Streams, batch, row)
}

fn block(batch: Batch) -> Result<BulkBlock, String> {
    let row = |upload: Upload<'_>| Blocks::of(upload)?.row(0);
    first(BulkTable::Blocks, batch, row)
}

#[test]
fn rows_become_records() {
    let found = process(processes()).unwrap();
    let expected = ProcessInfo {
        process_id: ID.parse().unwrap(),
        exe: "exe".to_owned(),
        username: "username".to_owned(),
        realname: "realname".to_owned(),
        computer: "computer".to_owned(),
        distro: "distro".to_owned(),
        cpu_brand: "cpu_brand".to_owned(),
        tsc_frequency: 7,
        start_time: TIME,
        start_ticks: 8,
        parent_process_id: None,
        properties: Properties::new(),
    };
    assert_eq!(found, expected);
    let found = stream(streams()).unwrap();
    let expected = StreamInfo {
        stream_id: ID.parse().unwrap(),
        process_id: OTHER.parse().unwrap(),
        dependencies_metadata: b"dependencies".as_slice().into(),
        objects_metadata: b"objects".as_slice().into(),
        tags: vec!["log".to_owned()],
        properties: Properties::new(),
        format: "micromegas-transit".to_owned(),
    };
    assert_eq!(found, expected);
    let found = block(blocks()).unwrap();
    assert_eq!(found.source_insert_time, TIME + 3);
    assert_eq!(found.info.begin_time, TIME + 1);
    assert_eq!(found.info.end_time, TIME + 2);
    assert_eq!((found.info.begin_ticks, found.info.end_ticks), (1, 2));
    assert_eq!((found.info.nb_objects, found.info.object_offset), (3, 4));
}

fn dictionary(values: ArrayRef) -> ArrayRef {
    let keys = Int32Array::from(vec![0]);
    Arc::new(DictionaryArray::<Int32Type>::new(keys, values))
}

#[test]
fn texts_come_in_every_type() {
    let plain = || texts(&["name"]);
    let as_type = |to: DataType| cast(&plain(), &to).unwrap();
    let narrow = DataType::Dictionary(Box::new(DataType::UInt8), Box::new(DataType::Utf8));
    for (array, expected) in [
        (plain(), "name"),
        (as_type(DataType::LargeUtf8), "name"),
        (as_type(DataType::Utf8View), "name"),
        (dictionary(plain()), "name"),
        (dictionary(as_type(DataType::LargeUtf8)), "name"),
        (as_type(narrow), "name"),
        (new_null_array(&DataType::Utf8, 1), ""),
        (dictionary(new_null_array(&DataType::Utf8, 1)), ""),
        (Arc::new(NullArray::new(1)), ""),
    ] {
        let found = process(with(processes(), "exe", array)).unwrap();
        assert_eq!(found.exe, expected);
    }
}

#[test]
fn times_come_in_every_unit_with_and_without_zone() {
    let with_unit = |unit: TimeUnit, zone: Option<&str>, ticks: i64| {
        let data_type = DataType::Timestamp(unit, zone.map(Into::into));
        cast(&integers(ticks), &data_type).unwrap()
    };
    let micros = TIME / 1000;
    for (array, expected) in [
        (with_unit(TimeUnit::Nanosecond, None, TIME), TIME),
        (with_unit(TimeUnit::Nanosecond, Some("UTC"), TIME), TIME),
        (with_unit(TimeUnit::Microsecond, None, micros), TIME),
        (
            with_unit(TimeUnit::Microsecond, Some("+02:00"), micros),
            TIME,
        ),
        (
            with_unit(TimeUnit::Microsecond, Some("nowhere"), micros),
            TIME,
        ),
        (with_unit(TimeUnit::Millisecond, None, 5), 5_000_000),
        (with_unit(TimeUnit::Second, None, -5), -5_000_000_000),
    ] {
        let found = block(with(blocks(), "insert_time", array)).unwrap();
        assert_eq!(found.source_insert_time, expected);
    }
    let far = with_unit(TimeUnit::Second, None, i64::MAX / 2);
    let error = block(with(blocks(), "insert_time", far)).unwrap_err();
    assert!(error.contains("outside of the years"), "{error}");
}

#[test]
fn integers_come_in_every_width() {
    for to in [
        DataType::Int8,
        DataType::UInt16,
        DataType::Int32,
        DataType::UInt64,
    ] {
        let array = cast(&integers(3), &to).unwrap();
        let found = block(with(blocks(), "begin_ticks", array)).unwrap();
        assert_eq!(found.info.begin_ticks, 3);
    }
    let large: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX]));
    let error = block(with(blocks(), "begin_ticks", large)).unwrap_err();
    assert!(error.ends_with("row 0: does not fit 64 bits"), "{error}");
    let error = block(with(blocks(), "nb_objects", integers(1 << 31))).unwrap_err();
    assert!(error.ends_with("row 0: does not fit 32 bits"), "{error}");
}

fn one_list(items: ArrayRef) -> ArrayRef {
    let field = Arc::new(Field::new("item", items.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths([items.len()]);
    Arc::new(ListArray::new(field, offsets, items, None))
}

fn pairs(keys: ArrayRef, values: ArrayRef) -> ArrayRef {
    Arc::new(StructArray::try_from(vec![("key", keys), ("value", values)]).unwrap())
}

fn map(key: &str, value: &str) -> ArrayRef {
    let mut builder = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    builder.keys().append_value(key);
    builder.values().append_value(value);
    builder.append(true).unwrap();
    Arc::new(builder.finish())
}

#[test]
fn properties_come_in_every_form() {
    let jsonb = || binary(b"\x40\0\0\x01\x10\0\0\x04\x10\0\0\x05namevalue");
    let legacy = || one_list(pairs(texts(&["name"]), texts(&["value"])));
    let large = |list: ArrayRef| {
        let DataType::List(item) = list.data_type() else {
            panic!("no list")
        };
        cast(&list, &DataType::LargeList(Arc::clone(item))).unwrap()
    };
    for array in [
        jsonb(),
        cast(&jsonb(), &DataType::LargeBinary).unwrap(),
        cast(&jsonb(), &DataType::BinaryView).unwrap(),
        dictionary(jsonb()),
        legacy(),
        large(legacy()),
        dictionary(legacy()),
        one_list(pairs(
            dictionary(texts(&["name"])),
            dictionary(texts(&["value"])),
        )),
        one_list(pairs(
            cast(&texts(&["name"]), &DataType::LargeUtf8).unwrap(),
            cast(&texts(&["value"]), &DataType::Utf8View).unwrap(),
        )),
        map("name", "value"),
    ] {
        let expected = Properties::from([("name".to_owned(), "value".to_owned())]);
        let found = process(with(processes(), "properties", Arc::clone(&array))).unwrap();
        assert_eq!(found.properties, expected, "{}", array.data_type());
        let found = stream(with(streams(), "properties", array)).unwrap();
        assert_eq!(found.properties, expected);
    }
    let nulls = || new_null_array(&DataType::Utf8, 1);
    for array in [
        one_list(Arc::new(NullArray::new(0))),
        one_list(Arc::new(NullArray::new(1_000_000_000))),
        one_list(pairs(texts(&[]), texts(&[]))),
        one_list(pairs(texts(&["key"]), nulls())),
        one_list(pairs(nulls(), texts(&["value"]))),
        new_null_array(&DataType::Binary, 1),
        new_null_array(legacy().data_type(), 1),
        Arc::new(NullArray::new(1)),
    ] {
        let found = process(with(processes(), "properties", Arc::clone(&array))).unwrap();
        assert!(found.properties.is_empty(), "{}", array.data_type());
    }
}

#[test]
fn reserved_properties_are_dropped() {
    let keys = texts(&["micromegas.audience", "kept"]);
    let properties = one_list(pairs(keys, texts(&["everybody", "yes"])));
    let expected = Properties::from([("kept".to_owned(), "yes".to_owned())]);
    let found = process(with(processes(), "properties", Arc::clone(&properties))).unwrap();
    assert_eq!(found.properties, expected);
    let found = stream(with(streams(), "properties", properties)).unwrap();
    assert_eq!(found.properties, expected);
}

#[test]
fn tags_come_as_lists_of_texts() {
    for (array, expected) in [
        (tags(&["a", "b"]), vec!["a", "b"]),
        (tags(&[]), vec![]),
        (one_list(Arc::new(NullArray::new(0))), vec![]),
        (one_list(dictionary(texts(&["a"]))), vec!["a"]),
        (new_null_array(tags(&[]).data_type(), 1), vec![]),
    ] {
        let found = stream(with(streams(), "tags", array)).unwrap();
        assert_eq!(found.tags, expected);
    }
    let many = vec!["tag"; wire::envelope::MAX_TAGS + 1];
    let error = stream(with(streams(), "tags", tags(&many))).unwrap_err();
    assert!(error.contains("more than 4096 tags"), "{error}");
}

#[test]
fn parents_are_optional_and_other_columns_are_ignored() {
    let parent = process(with(processes(), "parent_process_id", texts(&[OTHER]))).unwrap();
    assert_eq!(parent.parent_process_id, Some(OTHER.parse().unwrap()));
    let nobody = new_null_array(&DataType::Utf8, 1);
    let orphan = process(with(processes(), "parent_process_id", nobody)).unwrap();
    assert_eq!(orphan.parent_process_id, None);
    let audience = process(with(processes(), "audience", texts(&["public"]))).unwrap();
    assert_eq!(audience, process(processes()).unwrap());
}

#[test]
fn every_column_is_needed_in_a_type_that_fits() {
    for (table, batch) in [
        (BulkTable::Processes, processes()),
        (BulkTable::Streams, streams()),
        (BulkTable::Blocks, blocks()),
        (BulkTable::Payloads, payloads()),
    ] {
        let check = |batch: Batch| {
            let batch = RecordBatch::try_from_iter(batch).unwrap();
            BulkIngest::check(table, &batch.schema()).map_err(|error| error.to_string())
        };
        assert_eq!(check(batch.clone()), Ok(()));
        for (name, _) in &batch {
            let mut without = batch.clone();
            without.retain(|(other, _)| other != name);
            let expected = format!("table {table} needs a column {name:?}");
            assert_eq!(check(without), Err(expected));
            let floats = cast(&integers(1), &DataType::Float64).unwrap();
            let error = check(with(batch.clone(), name, floats)).unwrap_err();
            let expected = format!("column {name:?} of table {table} has type Float64");
            assert!(error.starts_with(&expected), "{error}");
        }
    }
    assert!("partitions".parse::<BulkTable>().is_err());
}

#[test]
fn values_that_can_not_be_missing_are_named() {
    for (column, array, expected) in [
        ("block_id", texts(&["x"]), "row 0: not a UUID"),
        (
            "block_id",
            new_null_array(&DataType::Utf8, 1),
            "row 0: a value is needed",
        ),
        (
            "end_ticks",
            new_null_array(&DataType::Int64, 1),
            "row 0: a value is needed",
        ),
    ] {
        let error = block(with(blocks(), column, array)).unwrap_err();
        assert_eq!(
            error,
            format!("column {column:?} of table blocks, {expected}")
        );
    }
    let error = process(with(processes(), "properties", binary(b"{}"))).unwrap_err();
    assert!(error.ends_with("row 0: not a JSONB document"), "{error}");
    // A name may be missing, a format may not: it decides how payloads are read.
    let format = new_null_array(&DataType::Utf8, 1);
    assert!(stream(with(streams(), "format", format)).is_err());
}
