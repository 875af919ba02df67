//! What arrays show and SQL does not: layouts, shared keys, causes of errors.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, DictionaryArray, Int32Array, ListBuilder, RecordBatch,
    StringArray, StringBuilder, StructBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Int32Type, Schema};
use arrow::util::display::array_value_to_string;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;

use crate::document::parse_text;
use crate::{Error, register, types};

/// JSON texts of the table `t`, one per row; `None` is a null row.
const ROWS: [Option<&str>; 5] = [
    Some(r#"{"Name":"x","n":2.5,"list":[1,2,3],"deep":{"k":null}}"#),
    None,
    Some(r#"{"name":"y","n":2.0}"#),
    Some(r#"{"Name":"x","n":2.5,"list":[1,2,3],"deep":{"k":null}}"#),
    Some(r#""text""#),
];

fn plain() -> BinaryArray {
    ROWS.iter()
        .map(|text| text.and_then(parse_text))
        .collect::<Vec<_>>()
        .iter()
        .map(Option::as_ref)
        .collect()
}

/// The documents as a dictionary that also holds garbage no row shows.
fn dictionary() -> ArrayRef {
    let rows = plain();
    let values: BinaryArray = [0, 2, 4]
        .into_iter()
        .map(|row| Some(rows.value(row)))
        .chain([Some(&b"garbage"[..])])
        .collect();
    let keys = Int32Array::from(vec![Some(0), None, Some(1), Some(0), Some(2)]);
    Arc::new(DictionaryArray::new(keys, Arc::new(values)))
}

fn context() -> SessionContext {
    let binary: ArrayRef = Arc::new(plain());
    let as_type = |to: &DataType| cast(&binary, to).expect("castable");
    let texts: StringArray = ROWS.iter().collect();
    let names = StringArray::from(vec![Some("NAME"), Some("n"), None, Some("list"), Some("n")]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("b", Arc::clone(&binary)),
        ("large", as_type(&DataType::LargeBinary)),
        ("view", as_type(&DataType::BinaryView)),
        ("d", dictionary()),
        ("bad", Arc::new(BinaryArray::from(vec![&b"garbage"[..]; 5]))),
        ("text", Arc::new(texts.clone())),
        ("text_d", cast(&texts, &types::text()).expect("castable")),
        ("name", Arc::new(names)),
        ("legacy", legacy()),
    ];
    let schema: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(schema)), arrays).expect("same lengths");
    let context = SessionContext::new();
    context.register_batch("t", batch).expect("a fresh context");
    register(&mut context.state_ref().write()).expect("a writable registry");
    context
}

/// Rows: two properties; null; none; as the first; a null value and a repeated key.
fn legacy() -> ArrayRef {
    let fields = Fields::from(vec![
        Field::new("key", DataType::Utf8, true),
        Field::new("value", DataType::Utf8, true),
    ]);
    let builder = StructBuilder::from_fields(fields, 0);
    let mut lists = ListBuilder::new(builder);
    let rows: [Option<&[(&str, Option<&str>)]>; 5] = [
        Some(&[("Region", Some("eu")), ("tier", Some("gold"))]),
        None,
        Some(&[]),
        Some(&[("Region", Some("eu")), ("tier", Some("gold"))]),
        Some(&[("a", None), ("B", Some("1")), ("b", Some("2"))]),
    ];
    for row in rows {
        for (key, value) in row.unwrap_or_default() {
            let entry = lists.values();
            let keys: &mut StringBuilder = entry.field_builder(0).expect("key");
            keys.append_value(key);
            let values: &mut StringBuilder = entry.field_builder(1).expect("value");
            values.append_option(*value);
            entry.append(true);
        }
        lists.append(row.is_some());
    }
    Arc::new(lists.finish())
}

async fn evaluate(sql: &str) -> Result<ArrayRef, DataFusionError> {
    let batches = context().sql(sql).await?.collect().await?;
    assert_eq!(batches.len(), 1, "{sql}");
    Ok(Arc::clone(batches[0].column(0)))
}

/// The values of the first column, `NULL` where null, with its type.
async fn check(expression: &str, expected_type: &DataType, expected: &[&str]) {
    for sql in [
        format!("SELECT {expression} FROM t"),
        // Also behind an operator that reorders rows.
        format!(
            "SELECT x FROM (SELECT {expression} AS x, row_number() OVER () AS r FROM t) ORDER BY r"
        ),
    ] {
        let array = evaluate(&sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert_eq!(array.data_type(), expected_type, "{sql}");
        let shown: Vec<String> = (0..array.len()).map(|row| shown(&array, row)).collect();
        assert_eq!(shown, expected, "{sql}");
    }
}

fn shown(array: &ArrayRef, row: usize) -> String {
    if array.is_null(row) {
        return "NULL".into();
    }
    if *array.data_type() == types::jsonb() {
        let dictionary = array.as_dictionary::<Int32Type>();
        let values = dictionary.values().as_binary::<i32>();
        let key = dictionary.keys().value(row) as usize;
        assert!(values.is_valid(key), "nulls belong to the keys");
        let document = crate::document::Document::new(values.value(key)).expect("valid");
        return document.to_text();
    }
    array_value_to_string(array, row).expect("printable")
}

const FIRST: &str = r#"{"Name":"x","deep":{"k":null},"list":[1,2,3],"n":2.5}"#;

#[tokio::test]
async fn every_layout_gives_the_same_answers() {
    for column in ["b", "large", "view", "d"] {
        let call = |function: &str| format!("{function}({column})");
        let name = |function: &str, name: &str| format!("{function}({column}, '{name}')");
        check(
            &call("jsonb_format_json"),
            &types::text(),
            &[FIRST, "NULL", r#"{"n":2.0,"name":"y"}"#, FIRST, "\"text\""],
        )
        .await;
        check(
            &name("jsonb_get", "name"),
            &types::jsonb(),
            &["\"x\"", "NULL", "\"y\"", "\"x\"", "NULL"],
        )
        .await;
        check(&name("jsonb_get", "absent"), &types::jsonb(), &["NULL"; 5]).await;
        check(
            &call("jsonb_as_string"),
            &types::text(),
            &["NULL", "NULL", "NULL", "NULL", "text"],
        )
        .await;
        check(
            &call("jsonb_object_keys"),
            &types::text_list(),
            &[
                "[Name, deep, list, n]",
                "NULL",
                "[n, name]",
                "[Name, deep, list, n]",
                "NULL",
            ],
        )
        .await;
        check(
            &name("property_get", "NAME"),
            &types::text(),
            &["x", "NULL", "y", "x", "NULL"],
        )
        .await;
        check(
            &name("property_get", "n"),
            &types::text(),
            &["2.5", "NULL", "2.0", "2.5", "NULL"],
        )
        .await;
        check(
            &name("property_get", "list"),
            &types::text(),
            &["[1,2,3]", "NULL", "NULL", "[1,2,3]", "NULL"],
        )
        .await;
        check(
            &call("properties_length"),
            &DataType::Int32,
            &["4", "NULL", "2", "4", "NULL"],
        )
        .await;
        check(
            &call("properties_to_jsonb"),
            &types::jsonb(),
            &[FIRST, "NULL", r#"{"n":2.0,"name":"y"}"#, FIRST, "\"text\""],
        )
        .await;
    }
}

#[tokio::test]
async fn equal_lists_are_stored_once() {
    let array = evaluate("SELECT properties_to_dict(legacy) FROM t")
        .await
        .expect("valid");
    assert_eq!(array.as_dictionary::<Int32Type>().values().len(), 3);
}

#[tokio::test]
async fn work_and_keys_are_shared() {
    let array = evaluate("SELECT jsonb_get(d, 'name') FROM t")
        .await
        .expect("valid");
    let dictionary = array.as_dictionary::<Int32Type>();
    assert_eq!(
        dictionary.keys(),
        &Int32Array::from(vec![Some(0), None, Some(1), Some(0), None])
    );
    check(
        "properties_to_array(text_d)",
        &DataType::Utf8,
        &ROWS.map(|text| text.unwrap_or("NULL")),
    )
    .await;
}

#[tokio::test]
async fn damaged_bytes_are_told_from_mistakes_of_the_caller() {
    let damaged = [
        "jsonb_format_json(bad)",
        "jsonb_get(bad, 'a')",
        "jsonb_get(bad, name)",
        "jsonb_as_string(bad)",
        "jsonb_as_f64(bad)",
        "jsonb_as_i64(bad)",
        "jsonb_array_length(bad)",
        "jsonb_object_keys(bad)",
        "jsonb_path_query(bad, '$')",
        "jsonb_path_query_first(bad, '$')",
        "property_get(bad, 'a')",
        "properties_length(bad)",
    ];
    for expression in damaged {
        let error = evaluate(&format!("SELECT {expression} FROM t"))
            .await
            .expect_err(expression);
        match error.find_root() {
            DataFusionError::External(cause) => {
                let cause = cause.downcast_ref::<Error>().expect(expression);
                assert!(
                    matches!(cause, Error::Jsonb { .. }),
                    "{expression}: {cause}"
                );
            }
            other => panic!("{expression}: {other:?}"),
        }
    }
}

#[test]
fn types_are_coerced_as_little_as_needed() {
    let check = |given: DataType, expected: Option<DataType>| {
        assert_eq!(types::Kind::Jsonb.coerce(&given), expected, "{given}");
    };
    let narrow =
        |values: DataType| DataType::Dictionary(Box::new(DataType::UInt16), Box::new(values));
    check(DataType::BinaryView, Some(DataType::BinaryView));
    check(DataType::FixedSizeBinary(4), Some(DataType::Binary));
    check(
        narrow(DataType::LargeBinary),
        Some(types::dictionary(DataType::LargeBinary)),
    );
    check(narrow(DataType::Utf8), None);
    check(DataType::Utf8, None);
}
