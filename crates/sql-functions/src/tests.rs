//! The functions as SQL sees them.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, DictionaryArray, Int8Array, Int32Array,
    LargeStringArray, ListBuilder, RecordBatch, StringArray, StringBuilder, StringViewArray,
    StructBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Int8Type, Int32Type, Schema};
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
        ("text_large", Arc::new(LargeStringArray::from_iter(ROWS))),
        ("text_view", Arc::new(StringViewArray::from_iter(ROWS))),
        ("name", Arc::new(names)),
        ("legacy", legacy()),
        ("legacy_d", legacy_dictionary()),
    ];
    let schema: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(schema)), arrays).expect("same lengths");
    let context = SessionContext::new();
    context.register_batch("t", batch).expect("a fresh context");
    register(&mut *context.state_ref().write()).expect("a writable registry");
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

/// The same rows; narrow keys, which are widened.
fn legacy_dictionary() -> ArrayRef {
    let rows = legacy();
    let keys = Int8Array::from(vec![Some(0), None, Some(2), Some(0), Some(4)]);
    Arc::new(DictionaryArray::<Int8Type>::new(keys, rows))
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
async fn every_text_layout_parses() {
    for column in ["text", "text_d", "text_large", "text_view"] {
        let expected = [FIRST, "NULL", r#"{"n":2.0,"name":"y"}"#, FIRST, "\"text\""];
        check(
            &format!("jsonb_parse({column})"),
            &types::jsonb(),
            &expected,
        )
        .await;
    }
    check("jsonb_parse('{oops')", &types::jsonb(), &["NULL"; 5]).await;
    check("jsonb_parse(NULL)", &types::jsonb(), &["NULL"; 5]).await;
}

#[tokio::test]
async fn numbers_and_lengths() {
    for column in ["b", "d"] {
        let of = |function: &str, name: &str| format!("{function}(jsonb_get({column}, '{name}'))");
        check(
            &of("jsonb_as_f64", "n"),
            &DataType::Float64,
            &["2.5", "NULL", "2.0", "2.5", "NULL"],
        )
        .await;
        check(
            &of("jsonb_as_i64", "n"),
            &DataType::Int64,
            &["NULL", "NULL", "2", "NULL", "NULL"],
        )
        .await;
        check(
            &of("jsonb_array_length", "list"),
            &DataType::Int64,
            &["3", "NULL", "NULL", "3", "NULL"],
        )
        .await;
    }
    for (text, float, integer) in [
        ("true", "NULL", "NULL"),
        ("\"5\"", "NULL", "NULL"),
        ("null", "NULL", "NULL"),
        ("5", "5.0", "5"),
        ("[]", "NULL", "NULL"),
    ] {
        check(
            &format!("jsonb_as_f64(jsonb_parse('{text}'))"),
            &DataType::Float64,
            &[float; 5],
        )
        .await;
        check(
            &format!("jsonb_as_i64(jsonb_parse('{text}'))"),
            &DataType::Int64,
            &[integer; 5],
        )
        .await;
    }
}

#[tokio::test]
async fn paths() {
    for column in ["b", "d"] {
        check(
            &format!("jsonb_path_query_first({column}, '$.list[1]')"),
            &types::jsonb(),
            &["2", "NULL", "NULL", "2", "NULL"],
        )
        .await;
        check(
            &format!("jsonb_path_query({column}, '$.list[0 to 1]')"),
            &types::jsonb(),
            &["[1,2]", "NULL", "[]", "[1,2]", "[]"],
        )
        .await;
        check(
            &format!("jsonb_path_query_first({column}, '$.deep.k')"),
            &types::jsonb(),
            &["null", "NULL", "NULL", "null", "NULL"],
        )
        .await;
        check(
            &format!("jsonb_path_query({column}, NULL)"),
            &types::jsonb(),
            &["NULL"; 5],
        )
        .await;
    }
}

#[tokio::test]
async fn second_arguments_may_vary_by_row() {
    for column in ["b", "d"] {
        check(
            &format!("jsonb_get({column}, name)"),
            &types::jsonb(),
            &["\"x\"", "NULL", "NULL", "[1,2,3]", "NULL"],
        )
        .await;
        check(
            &format!("property_get({column}, name)"),
            &types::text(),
            &["x", "NULL", "NULL", "[1,2,3]", "NULL"],
        )
        .await;
        check(
            &format!("jsonb_path_query({column}, '$.' || name)"),
            &types::jsonb(),
            &["[]", "NULL", "NULL", "[[1,2,3]]", "[]"],
        )
        .await;
    }
    check(
        "jsonb_get(jsonb_parse('{\"n\":7}'), name)",
        &types::jsonb(),
        &["NULL", "7", "NULL", "NULL", "7"],
    )
    .await;
}

#[tokio::test]
async fn constants_fold() {
    check(
        "jsonb_as_i64(jsonb_get(jsonb_parse('{\"A\":[1,2]}'), 'a'))",
        &DataType::Int64,
        &["NULL"; 5],
    )
    .await;
    check(
        "property_get(jsonb_parse('{\"A\":[1,2]}'), 'a')",
        &types::text(),
        &["[1,2]"; 5],
    )
    .await;
    check(
        "property_get(jsonb_parse('{\"A\":null}'), 'a')",
        &types::text(),
        &["null"; 5],
    )
    .await;
    check(
        "properties_length(jsonb_parse('{\"A\":null}'))",
        &DataType::Int32,
        &["1"; 5],
    )
    .await;
    check("property_get(NULL, 'a')", &types::text(), &["NULL"; 5]).await;
    check(
        "jsonb_object_keys(jsonb_parse('{\"b\":1,\"a\":2}'))",
        &types::text_list(),
        &["[a, b]"; 5],
    )
    .await;
}

#[tokio::test]
async fn property_lists() {
    for column in ["legacy", "legacy_d"] {
        let name = |name: &str| format!("property_get({column}, '{name}')");
        check(
            &name("region"),
            &types::text(),
            &["eu", "NULL", "NULL", "eu", "NULL"],
        )
        .await;
        check(
            &name("b"),
            &types::text(),
            &["NULL", "NULL", "NULL", "NULL", "2"],
        )
        .await;
        check(&name("a"), &types::text(), &["NULL"; 5]).await;
        check(
            &format!("properties_length({column})"),
            &DataType::Int32,
            &["2", "NULL", "0", "2", "3"],
        )
        .await;
        check(
            &format!("properties_to_jsonb({column})"),
            &types::jsonb(),
            &[
                r#"{"Region":"eu","tier":"gold"}"#,
                "NULL",
                "{}",
                r#"{"Region":"eu","tier":"gold"}"#,
                r#"{"B":"1","a":null,"b":"2"}"#,
            ],
        )
        .await;
        let lists = [
            "[{key: Region, value: eu}, {key: tier, value: gold}]",
            "NULL",
            "[]",
            "[{key: Region, value: eu}, {key: tier, value: gold}]",
            "[{key: a, value: }, {key: B, value: 1}, {key: b, value: 2}]",
        ];
        let list_type = legacy().data_type().clone();
        check(
            &format!("properties_to_dict({column})"),
            &types::dictionary(list_type.clone()),
            &lists,
        )
        .await;
        check(
            &format!("properties_to_array(properties_to_dict({column}))"),
            &list_type,
            &lists,
        )
        .await;
    }
    let array = evaluate("SELECT properties_to_dict(legacy) FROM t")
        .await
        .expect("valid");
    assert_eq!(
        array.as_dictionary::<Int32Type>().values().len(),
        3,
        "equal lists are stored once"
    );
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
async fn damaged_bytes_are_internal_and_bad_arguments_are_the_callers() {
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
    check("properties_to_jsonb(bad)", &types::jsonb(), &["NULL"; 5]).await;

    for expression in [
        "jsonb_path_query(b, '$[')",
        "jsonb_path_query_first(d, '$.\"a')",
        "jsonb_path_query(b, concat(name, '['))",
    ] {
        let error = evaluate(&format!("SELECT {expression} FROM t"))
            .await
            .expect_err(expression);
        assert!(
            matches!(error.find_root(), DataFusionError::Execution(_)),
            "{expression}: {error}"
        );
    }
    for expression in [
        "jsonb_get(b)",
        "jsonb_get(b, 1)",
        "jsonb_get(text, 'a')",
        "jsonb_parse(b)",
        "properties_to_dict(b)",
        "properties_to_dict(d)",
        "properties_to_array(b)",
        "property_get(text, 'a')",
    ] {
        let error = evaluate(&format!("SELECT {expression} FROM t"))
            .await
            .expect_err(expression);
        assert!(
            matches!(error.find_root(), DataFusionError::Plan(_)),
            "{expression}: {error:?}"
        );
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
