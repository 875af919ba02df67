//! Every type inside lists, structs, maps, dictionaries and runs, and these in each other.
//!
//! Each shape is made twice: as it is, and as plain values that mean the same. The library
//! is asked to write the plain one, because it prints placeholders where a dictionary holds a
//! null among its values.

use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::take;
use arrow::datatypes::*;

use super::types::{assert_same, samples, texts};
use super::{ConversionError, RowPlan, batch, nullable, oracle, string_dictionary, write};

/// An array and one of plain types with the same meaning; both have six rows.
#[derive(Clone)]
struct Pair {
    actual: ArrayRef,
    plain: ArrayRef,
}

impl Pair {
    fn map(&self, f: impl Fn(&ArrayRef) -> ArrayRef) -> Self {
        Self {
            actual: f(&self.actual),
            plain: f(&self.plain),
        }
    }
}

/// Row two is null, row one is empty, row three overlaps nothing.
fn offsets() -> Vec<i32> {
    vec![0, 2, 2, 3, 4, 4, 6]
}

fn row_nulls() -> NullBuffer {
    NullBuffer::from(vec![true, true, false, true, true, true])
}

fn in_lists(pair: &Pair) -> Pair {
    pair.map(|array| {
        let item = nullable("item", array.data_type().clone());
        let offsets = OffsetBuffer::new(offsets().into());
        Arc::new(ListArray::new(
            item,
            offsets,
            array.clone(),
            Some(row_nulls()),
        ))
    })
}

fn in_large_lists(pair: &Pair) -> Pair {
    pair.map(|array| {
        let item = nullable("item", array.data_type().clone());
        let offsets: Vec<i64> = offsets().into_iter().map(i64::from).collect();
        let offsets = OffsetBuffer::new(offsets.into());
        Arc::new(LargeListArray::new(
            item,
            offsets,
            array.clone(),
            Some(row_nulls()),
        ))
    })
}

/// List views may overlap and go backwards.
fn in_list_views(pair: &Pair) -> Pair {
    pair.map(|array| {
        let item = nullable("item", array.data_type().clone());
        let starts = ScalarBuffer::from(vec![4, 0, 0, 3, 1, 5]);
        let sizes = ScalarBuffer::from(vec![2, 3, 6, 0, 1, 1]);
        let nulls = Some(row_nulls());
        Arc::new(ListViewArray::new(
            item,
            starts,
            sizes,
            array.clone(),
            nulls,
        ))
    })
}

fn in_large_list_views(pair: &Pair) -> Pair {
    pair.map(|array| {
        let item = nullable("item", array.data_type().clone());
        let starts = ScalarBuffer::from(vec![4_i64, 0, 0, 3, 1, 5]);
        let sizes = ScalarBuffer::from(vec![2_i64, 3, 6, 0, 1, 1]);
        Arc::new(LargeListViewArray::new(
            item,
            starts,
            sizes,
            array.clone(),
            None,
        ))
    })
}

fn in_fixed_lists(pair: &Pair) -> Pair {
    pair.map(|array| {
        let item = nullable("item", array.data_type().clone());
        let indices = Int32Array::from(vec![0, 1, 2, 3, 4, 5, 5, 4, 3, 2, 1, 0]);
        let items = take(array, &indices, None).expect("within bounds");
        Arc::new(FixedSizeListArray::new(item, 2, items, Some(row_nulls())))
    })
}

fn in_structs(pair: &Pair) -> Pair {
    pair.map(|array| {
        let field = |name| nullable(name, array.data_type().clone());
        let fields: Fields = vec![field("x"), field("y \"z\"")].into();
        let columns = vec![array.clone(), array.clone()];
        Arc::new(StructArray::new(fields, columns, Some(row_nulls())))
    })
}

fn in_maps(pair: &Pair) -> Pair {
    let names: ArrayRef = Arc::new(StringArray::from(vec!["a", "b\"", "a", "", "e", "e"]));
    let encoded = arrow::compute::cast(&names, &string_dictionary()).expect("strings");
    let map = |keys: &ArrayRef, values: &ArrayRef| -> ArrayRef {
        let fields: Fields = vec![
            Arc::new(Field::new("keys", keys.data_type().clone(), false)),
            nullable("values", values.data_type().clone()),
        ]
        .into();
        let entries = StructArray::new(fields.clone(), vec![keys.clone(), values.clone()], None);
        let entry = Arc::new(Field::new("entries", DataType::Struct(fields), false));
        let offsets = OffsetBuffer::new(offsets().into());
        Arc::new(MapArray::new(
            entry,
            offsets,
            entries,
            Some(row_nulls()),
            false,
        ))
    };
    Pair {
        actual: map(&encoded, &pair.actual),
        plain: map(&names, &pair.plain),
    }
}

/// Keys with a null, values with whatever nulls the array has; the values are used more
/// often than they are many, or less often.
fn in_dictionaries(pair: &Pair, keys: PrimitiveArray<Int16Type>) -> Pair {
    Pair {
        plain: take(&pair.plain, &keys, None).expect("within bounds"),
        actual: Arc::new(DictionaryArray::new(keys, pair.actual.clone())),
    }
}

fn in_shared_dictionaries(pair: &Pair) -> Pair {
    let keys = vec![Some(5), Some(2), None, Some(0), Some(0), Some(1)];
    in_dictionaries(pair, Int16Array::from(keys))
}

fn in_runs(pair: &Pair) -> Pair {
    let ends = Int32Array::from(vec![1, 4, 6]);
    let values = |array: &ArrayRef| array.slice(1, 3);
    let runs = RunArray::try_new(&ends, &values(&pair.actual)).expect("three runs");
    let indices = Int32Array::from(vec![0, 1, 1, 1, 2, 2]);
    Pair {
        actual: Arc::new(runs),
        plain: take(&values(&pair.plain), &indices, None).expect("within bounds"),
    }
}

type Shape = fn(&Pair) -> Pair;

const SHAPES: [(&str, Shape); 9] = [
    ("list", in_lists),
    ("large list", in_large_lists),
    ("list view", in_list_views),
    ("large list view", in_large_list_views),
    ("fixed list", in_fixed_lists),
    ("struct", in_structs),
    ("map", in_maps),
    ("dictionary", in_shared_dictionaries),
    ("runs", in_runs),
];

fn check(pair: &Pair, has_floats: bool, what: &str) {
    let rows = pair.actual.len();
    for (start, len) in [(0, rows), (1, rows - 1), (2, 1), (rows - 1, 1), (0, 0)] {
        let part = pair.map(|array| array.slice(start, len));
        let ours = write(&batch(&[("v", part.actual)])).expect(what);
        let expected = oracle(&batch(&[("v", part.plain)]));
        assert_same(&ours, &expected, has_floats, what);
    }
}

fn unshaped(array: ArrayRef) -> Pair {
    Pair {
        actual: array.clone(),
        plain: array,
    }
}

#[test]
fn every_type_in_every_shape() {
    for array in samples() {
        let has_floats = array.data_type().is_floating();
        for (name, shape) in SHAPES {
            let what = format!("{name} of {}", array.data_type());
            check(&shape(&unshaped(array.clone())), has_floats, &what);
        }
    }
}

#[test]
fn every_shape_in_every_shape() {
    let plain = [
        texts().remove(0),
        Arc::new(Int64Array::from(vec![
            Some(1),
            None,
            Some(3),
            Some(4),
            None,
            Some(6),
        ])),
    ];
    for array in plain {
        for (inner_name, inner) in SHAPES {
            for (outer_name, outer) in SHAPES {
                let what = format!("{outer_name} of {inner_name} of {}", array.data_type());
                check(&outer(&inner(&unshaped(array.clone()))), false, &what);
            }
        }
    }
}

#[test]
fn a_null_among_the_values_of_a_dictionary_is_a_null() {
    let values: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None]));
    let keys = Int8Array::from(vec![Some(0), Some(1), None, Some(0)]);
    let array: ArrayRef = Arc::new(DictionaryArray::new(keys, values));
    let text = write(&batch(&[("v", array)])).expect("strings");
    assert_eq!(text, r#"[{"v":"a"},{},{},{"v":"a"}]"#);
}

#[test]
fn dictionaries_with_every_key_type_and_without_values() {
    let names: ArrayRef = Arc::new(StringArray::from(vec![
        Some("a"),
        None,
        Some("b"),
        Some("a"),
    ]));
    let expected = oracle(&batch(&[("v", names.clone())]));
    for key in [
        DataType::Int8,
        DataType::Int16,
        DataType::Int32,
        DataType::Int64,
        DataType::UInt8,
        DataType::UInt16,
        DataType::UInt32,
        DataType::UInt64,
    ] {
        let data_type = DataType::Dictionary(Box::new(key), Box::new(DataType::Utf8));
        let array = arrow::compute::cast(&names, &data_type).expect("few values");
        assert_eq!(write(&batch(&[("v", array)])).expect("strings"), expected);
    }
    let empty: ArrayRef = new_empty_array(&DataType::Utf8);
    let keys = Int32Array::from(vec![None, None]);
    let array: ArrayRef = Arc::new(DictionaryArray::new(keys, empty));
    assert_eq!(write(&batch(&[("v", array)])).expect("strings"), "[{},{}]");
}

#[test]
fn a_few_rows_of_a_large_dictionary() {
    let values: ArrayRef = Arc::new(StringArray::from_iter_values(
        (0..100).map(|n| n.to_string()),
    ));
    let pair = in_dictionaries(
        &unshaped(values),
        Int16Array::from(vec![Some(99), None, Some(0)]),
    );
    let text = write(&batch(&[("v", pair.actual)])).expect("strings");
    assert_eq!(text, r#"[{"v":"99"},{},{"v":"0"}]"#);
}

#[test]
fn runs_with_every_index_type() {
    let values = StringArray::from(vec![Some("a"), None]);
    let check = |array: ArrayRef| {
        let text = write(&batch(&[("v", array)])).expect("strings");
        assert_eq!(text, r#"[{"v":"a"},{"v":"a"},{}]"#);
    };
    check(Arc::new(
        RunArray::try_new(&Int16Array::from(vec![2, 3]), &values).expect("runs"),
    ));
    check(Arc::new(
        RunArray::try_new(&Int32Array::from(vec![2, 3]), &values).expect("runs"),
    ));
    check(Arc::new(
        RunArray::try_new(&Int64Array::from(vec![2, 3]), &values).expect("runs"),
    ));
}

#[test]
fn a_row_may_not_grow_without_bound() {
    // A thousand times the same megabyte costs little to send.
    let values: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(1_000_000)]));
    let keys = Int32Array::from(vec![0; 1_000]);
    let items: ArrayRef = Arc::new(DictionaryArray::new(keys, values));
    let item = nullable("item", items.data_type().clone());
    let array = ListArray::new(item, OffsetBuffer::from_lengths([1_000]), items, None);
    let batch = batch(&[("v", Arc::new(array))]);
    let plan = RowPlan::new(batch.schema_ref()).expect("a list");
    let mut rows = plan.rows(&batch).expect("a list");
    let error = rows.write(&mut Vec::new(), 1, 0).expect_err("too large");
    assert!(
        matches!(error, ConversionError::RowTooLarge { .. }),
        "{error}"
    );
}

#[test]
fn a_run_costs_nothing_per_row() {
    let values = StringArray::from(vec!["a"]);
    let runs = RunArray::try_new(&Int64Array::from(vec![i64::MAX]), &values);
    let array: ArrayRef = Arc::new(runs.expect("one run"));
    let batch = batch(&[("v", array)]);
    let mut rows = RowPlan::new(batch.schema_ref())
        .expect("runs")
        .rows(&batch)
        .expect("runs");
    let mut text = Vec::new();
    assert_eq!(rows.write(&mut text, 15, 0).expect("small rows"), 2);
    assert_eq!(text, br#"{"v":"a"},{"v":"a"}"#);
}
