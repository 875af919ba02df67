//! Every type against the JSON writer of the Arrow library, bare and nested.

mod shapes;
mod types;

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit, UnionMode};

use super::{ConversionError, RowPlan};

/// Writes batches of one column each row at a time and in one go; both must agree.
fn write(batch: &RecordBatch) -> Result<String, ConversionError> {
    let plan = RowPlan::new(batch.schema_ref())?;
    let whole = write_in_steps(&plan, batch, usize::MAX)?;
    assert_eq!(whole, write_in_steps(&plan, batch, 1)?);
    Ok(whole)
}

fn write_in_steps(
    plan: &RowPlan,
    batch: &RecordBatch,
    full_at: usize,
) -> Result<String, ConversionError> {
    let mut rows = plan.rows(batch)?;
    let mut text = String::from("[");
    let mut count = 0;
    while !rows.is_done() {
        let mut piece = Vec::new();
        count = rows.write(&mut piece, full_at, count)?;
        text += std::str::from_utf8(&piece).expect("JSON is UTF-8");
    }
    assert_eq!(count, batch.num_rows() as u64);
    Ok(text + "]")
}

/// What the Arrow library writes.
fn oracle(batch: &RecordBatch) -> String {
    let mut writer = arrow::json::ArrayWriter::new(Vec::new());
    writer.write(batch).expect("a type that has a JSON form");
    writer.finish().expect("a writer into memory");
    let text = String::from_utf8(writer.into_inner()).expect("JSON is UTF-8");
    // Without rows it writes nothing at all.
    if text.is_empty() {
        "[]".to_owned()
    } else {
        text
    }
}

fn batch(columns: &[(&str, ArrayRef)]) -> RecordBatch {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let arrays = columns.iter().map(|(_, array)| array.clone()).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).expect("columns of one length")
}

#[test]
fn rows_keep_column_order_and_leave_nulls_out() {
    let a: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None, None]));
    let b: ArrayRef = Arc::new(StringArray::from(vec![Some("x"), Some("y"), None]));
    let text = write(&batch(&[("b", b), ("a", a)])).expect("plain types");
    assert_eq!(text, r#"[{"b":"x","a":1},{"b":"y"},{}]"#);
}

#[test]
fn repeated_names_get_a_free_suffix() {
    let check = |names: &[&str], expected: &str| {
        let one: ArrayRef = Arc::new(Int32Array::from(vec![1]));
        let columns: Vec<_> = names.iter().map(|name| (*name, one.clone())).collect();
        assert_eq!(write(&batch(&columns)).expect("plain types"), expected);
    };
    check(&["a", "a", "a"], r#"[{"a":1,"a_2":1,"a_3":1}]"#);
    check(&["a", "a", "a_2"], r#"[{"a":1,"a_3":1,"a_2":1}]"#);
    check(
        &["a_2", "a", "a", "a_2"],
        r#"[{"a_2":1,"a":1,"a_3":1,"a_2_2":1}]"#,
    );
    check(&["", "", "q\"\n"], r#"[{"":1,"_2":1,"q\"\n":1}]"#);
}

#[test]
fn no_rows_and_no_columns() {
    assert_eq!(
        write(&RecordBatch::new_empty(Arc::new(Schema::empty()))).expect("empty"),
        "[]"
    );
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(2));
    let rows = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options);
    assert_eq!(
        write(&rows.expect("two empty rows")).expect("empty"),
        "[{},{}]"
    );
}

#[test]
fn types_without_a_json_form_are_refused_from_the_schema() {
    let check = |data_type: DataType, expected: &str| {
        let field = Field::new("odd", data_type, true);
        let error = RowPlan::new(&Schema::new(vec![field])).expect_err("no JSON form");
        let error = error.to_string();
        assert!(
            error.contains("\"odd\"") && error.contains(expected),
            "{error}"
        );
    };
    let union = |mode| {
        DataType::Union(
            [(0, nullable("x", DataType::Int8))].into_iter().collect(),
            mode,
        )
    };
    check(union(UnionMode::Sparse), "Union");
    check(union(UnionMode::Dense), "Union");
    check(
        DataType::List(nullable("item", union(UnionMode::Dense))),
        "Union",
    );
    check(
        map(DataType::Int32, DataType::Utf8),
        "map keys of type Int32",
    );
    check(map(DataType::Utf8, union(UnionMode::Dense)), "Union");
    let zone = |name: &str| DataType::Timestamp(TimeUnit::Second, Some(name.into()));
    check(zone("Mars/Olympus"), "unknown time zone \"Mars/Olympus\"");
    let deep = (0..100).fold(DataType::Int8, |inner, _| {
        DataType::List(nullable("item", inner))
    });
    check(deep, "nested too deeply");
}

fn string_dictionary() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

fn map(key: DataType, value: DataType) -> DataType {
    let entries = vec![
        Field::new("keys", key, false),
        Field::new("values", value, true),
    ];
    let entries = Field::new("entries", DataType::Struct(entries.into()), false);
    DataType::Map(Arc::new(entries), false)
}

fn nullable(name: &str, data_type: DataType) -> Arc<Field> {
    Arc::new(Field::new(name, data_type, true))
}
