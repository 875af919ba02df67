use super::*;
use arrow::array::{
    BinaryViewArray, BooleanArray, DictionaryArray, Int8Array, Int32Array, Int64Array, ListArray,
    MapBuilder, StringArray, StringBuilder, StringViewArray, TimestampNanosecondArray,
};
use arrow::datatypes::{Field, Int8Type, Int32Type};

fn dictionary(keys: Vec<Option<i32>>, values: ArrayRef) -> ArrayRef {
    Arc::new(DictionaryArray::<Int32Type>::new(
        Int32Array::from(keys),
        values,
    ))
}

fn strings(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

#[test]
fn flattening() {
    let check = |array: ArrayRef, expected: ArrayRef| {
        assert_eq!(&to_wire(&array, expected.data_type()).unwrap(), &expected);
    };
    check(
        dictionary(vec![Some(0); 3], strings(&[Some("é")])),
        strings(&[Some("é"); 3]),
    );
    check(dictionary(vec![], strings(&[Some("a")])), strings(&[]));
    check(
        dictionary(vec![Some(0), None], strings(&[Some("a")])),
        strings(&[Some("a"), None]),
    );
    check(
        dictionary(vec![Some(0); 2], strings(&[None])),
        strings(&[None, None]),
    );
    check(
        dictionary(vec![Some(0); 2], strings(&[Some("")])),
        strings(&[Some(""), Some("")]),
    );
    check(
        dictionary(vec![None; 2], strings(&[])),
        strings(&[None, None]),
    );
    check(
        dictionary(vec![Some(1), Some(0)], strings(&[Some("a"), None])),
        strings(&[None, Some("a")]),
    );
    check(
        dictionary(
            vec![Some(1), Some(0)],
            Arc::new(Int64Array::from(vec![7, 8])),
        ),
        Arc::new(Int64Array::from(vec![8, 7])),
    );
    let narrow = DictionaryArray::<Int8Type>::new(
        Int8Array::from(vec![1, 0, 1]),
        strings(&[Some("a"), Some("b")]),
    );
    check(
        Arc::new(narrow),
        strings(&[Some("b"), Some("a"), Some("b")]),
    );
    let twice = dictionary(
        vec![Some(1), Some(0)],
        dictionary(vec![Some(0), Some(1)], strings(&[Some("a"), Some("b")])),
    );
    check(twice, strings(&[Some("b"), Some("a")]));
}

#[test]
fn a_value_too_large_to_repeat_is_an_error() {
    let value = "x".repeat(1 << 20);
    let array = dictionary(vec![Some(0); 4096], strings(&[Some(&value)]));
    assert!(to_wire(&array, &DataType::Utf8).is_err());
}

#[test]
fn maps_and_lists_of_views() {
    let mut map = MapBuilder::new(
        None,
        StringBuilder::new(),
        arrow::array::StringViewBuilder::new(),
    );
    map.keys().append_value("k");
    map.values().append_value("v");
    map.append(true).unwrap();
    map.append(false).unwrap();
    let map: ArrayRef = Arc::new(map.finish());
    let schema = crate::wire_schema::wire_schema(
        &arrow::datatypes::Schema::new(vec![Field::new("m", map.data_type().clone(), true)]),
        crate::wire_schema::Dictionaries::Flatten,
    );
    let sent = to_wire(&map, schema.field(0).data_type()).unwrap();
    assert_eq!(sent.as_map().values(), &strings(&[Some("v")]));
    assert!(sent.is_null(1));

    let item = Arc::new(Field::new("item", DataType::Utf8View, true));
    let views: ArrayRef = Arc::new(StringViewArray::from(vec!["a", "b", "c"]));
    let list: ArrayRef = Arc::new(ListArray::new(
        item,
        OffsetBuffer::from_lengths([1, 2]),
        views,
        None,
    ));
    let sent = to_wire(&list.slice(1, 1), &DataType::new_list(DataType::Utf8, true)).unwrap();
    assert_eq!(
        &sent.as_list::<i32>().value(0),
        &strings(&[Some("b"), Some("c")])
    );
}

#[test]
fn sizes() {
    let check = |array: ArrayRef, flat: usize, kept: usize| {
        assert_eq!(wire_bytes(&array, true), flat, "{array:?}");
        assert_eq!(wire_bytes(&array, false), kept, "{array:?}");
    };
    check(Arc::new(Int64Array::from(vec![1, 2])), 16, 16);
    check(Arc::new(Int64Array::from(vec![Some(1), None])), 17, 17);
    check(Arc::new(BooleanArray::from(vec![true; 9])), 2, 2);
    check(Arc::new(TimestampNanosecondArray::from(vec![1])), 8, 8);
    check(strings(&[Some("abc"), Some("d")]), 12 + 4, 12 + 4);
    check(strings(&[Some("abc"), Some("d")]).slice(1, 1), 8 + 1, 8 + 1);
    let views = BinaryViewArray::from(vec![&b"abc"[..], b"a value of more than twelve"]);
    check(Arc::new(views), 8 + 3 + 27, 8 + 3 + 27);
    check(
        dictionary(vec![Some(0); 10], strings(&[Some("abcd")])),
        10 * 12,
        40,
    );
    check(
        dictionary(
            vec![Some(0), Some(1), Some(1)],
            strings(&[Some("abcd"), Some("x")]),
        ),
        12 + 6,
        12,
    );
    check(
        dictionary(vec![Some(1); 3], Arc::new(Int64Array::from(vec![1, 2]))),
        24,
        12,
    );
    let item = Arc::new(Field::new("item", DataType::Utf8, true));
    let list = ListArray::new(
        item,
        OffsetBuffer::from_lengths([1, 2]),
        strings(&[Some("abcd"), Some("x"), Some("y")]),
        None,
    );
    check(Arc::new(list.clone()), 12 + 16 + 6, 12 + 16 + 6);
    check(Arc::new(list.slice(1, 1)), 8 + 12 + 2, 8 + 12 + 2);
}
