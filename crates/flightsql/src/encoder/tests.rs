use super::*;
use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, DictionaryArray, Int32Array, Int64Array, ListArray,
    StringArray, StringViewArray, StructArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Int32Type};
use arrow_flight::decode::{DecodedPayload, FlightDataDecoder};
use arrow_flight::error::FlightError;
use futures::{StreamExt, TryStreamExt, stream};
use std::sync::Arc;

/// What one stream of `batches` is on the wire.
fn encode(schema: &Schema, dictionaries: Dictionaries, batches: &[RecordBatch]) -> Vec<FlightData> {
    let mut encoder = Encoder::new(schema, dictionaries);
    let mut messages = Vec::new();
    for batch in batches {
        while let Some(message) = encoder.next_message().unwrap() {
            messages.push(message);
        }
        encoder.push(batch.clone());
    }
    while let Some(message) = encoder.next_message().unwrap() {
        messages.push(message);
    }
    messages
}

/// What a client reads of it: the schema and the batches.
fn decode(messages: Vec<FlightData>) -> (SchemaRef, Vec<RecordBatch>) {
    let decoder = FlightDataDecoder::new(stream::iter(messages.into_iter().map(Ok)));
    let payloads = futures::executor::block_on(
        decoder
            .map(|data| data.map(|data| data.payload))
            .try_collect::<Vec<_>>(),
    )
    .map_err(|error: FlightError| error.to_string())
    .unwrap();
    let mut schema = None;
    let mut batches = Vec::new();
    for payload in payloads {
        match payload {
            DecodedPayload::Schema(first) => assert!(schema.replace(first).is_none()),
            DecodedPayload::RecordBatch(batch) => batches.push(batch),
            DecodedPayload::None => {}
        }
    }
    (schema.expect("a schema message"), batches)
}

fn header(message: &FlightData) -> arrow::ipc::MessageHeader {
    arrow::ipc::root_as_message(&message.data_header)
        .unwrap()
        .header_type()
}

fn one_column(array: ArrayRef) -> RecordBatch {
    let field = Field::new("c", array.data_type().clone(), true);
    RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![array]).unwrap()
}

fn dictionary(keys: Vec<Option<i32>>, values: ArrayRef) -> ArrayRef {
    Arc::new(DictionaryArray::<Int32Type>::new(
        Int32Array::from(keys),
        values,
    ))
}

fn names() -> ArrayRef {
    Arc::new(StringArray::from(vec!["zero", "one", "two"]))
}

/// `[[keys[0]], [keys[1]], ...]` as a list of structs of a dictionary.
fn nested(keys: Vec<Option<i32>>) -> ArrayRef {
    let rows = keys.len();
    let inner = dictionary(keys, names());
    let fields = vec![Field::new("key", inner.data_type().clone(), true)];
    let inner: ArrayRef = Arc::new(StructArray::new(fields.into(), vec![inner], None));
    let item = Arc::new(Field::new("item", inner.data_type().clone(), false));
    let offsets = OffsetBuffer::from_repeated_length(1, rows);
    Arc::new(ListArray::new(item, offsets, inner, None))
}

#[test]
fn the_schema_message_comes_first_even_alone() {
    let batch = one_column(dictionary(vec![], names()));
    for batches in [&[][..], std::slice::from_ref(&batch)] {
        let messages = encode(&batch.schema(), Dictionaries::Flatten, batches);
        let (schema, batches) = decode(messages);
        assert_eq!(schema.field(0).data_type(), &DataType::Utf8);
        assert!(batches.is_empty());
    }
}

#[test]
fn dictionaries_are_flattened_by_default() {
    let keys = vec![Some(2), None, Some(0), Some(2)];
    for (array, expected) in [
        (
            dictionary(keys.clone(), names()),
            Arc::new(StringArray::from(vec![
                Some("two"),
                None,
                Some("zero"),
                Some("two"),
            ])) as ArrayRef,
        ),
        (
            dictionary(
                vec![Some(0); 3],
                Arc::new(BinaryArray::from_vec(vec![b"\xff\x00"])),
            ),
            Arc::new(BinaryArray::from_vec(vec![b"\xff\x00"; 3])),
        ),
        (
            dictionary(
                keys,
                Arc::new(StringViewArray::from(vec![
                    "zero",
                    "one",
                    "a text longer than a view",
                ])),
            ),
            Arc::new(StringArray::from(vec![
                Some("a text longer than a view"),
                None,
                Some("zero"),
                Some("a text longer than a view"),
            ])),
        ),
    ] {
        let batch = one_column(array);
        let messages = encode(
            &batch.schema(),
            Dictionaries::Flatten,
            std::slice::from_ref(&batch),
        );
        let (schema, batches) = decode(messages);
        assert_eq!(schema.field(0).data_type(), expected.data_type());
        assert_eq!(batches[0].column(0), &expected);
    }
}

#[test]
fn nested_dictionaries_are_flattened_too() {
    let batch = one_column(nested(vec![Some(1), None, Some(2)]));
    // A slice refers to a part of the list's values only.
    let messages = encode(&batch.schema(), Dictionaries::Flatten, &[batch.slice(1, 2)]);
    let (schema, batches) = decode(messages);
    assert_eq!(schema, wire_schema(&batch.schema(), Dictionaries::Flatten));
    let list = batches[0].column(0).as_list::<i32>();
    let texts = list.values().as_struct().column(0).as_string::<i32>();
    assert_eq!(texts.iter().collect::<Vec<_>>(), [None, Some("two")]);
}

#[test]
fn preserved_dictionaries_come_before_every_batch() {
    use arrow::ipc::MessageHeader;
    let shared = names();
    let other: ArrayRef = Arc::new(StringArray::from(vec!["x", "y"]));
    let batches = [
        one_column(dictionary(vec![Some(1)], Arc::clone(&shared))),
        one_column(dictionary(vec![Some(2), None], shared)),
        one_column(dictionary(vec![Some(1)], other)),
    ];
    let messages = encode(&batches[0].schema(), Dictionaries::Preserve, &batches);
    let headers = messages.iter().map(header).collect::<Vec<_>>();
    let pair = [MessageHeader::DictionaryBatch, MessageHeader::RecordBatch];
    assert_eq!(
        headers,
        [&[MessageHeader::Schema][..], &pair, &pair, &pair].concat()
    );
    for message in &messages {
        let message = arrow::ipc::root_as_message(&message.data_header).unwrap();
        if let Some(dictionary) = message.header_as_dictionary_batch() {
            assert!(!dictionary.isDelta());
        }
    }
    let (schema, decoded) = decode(messages);
    assert_eq!(schema, batches[0].schema());
    for (decoded, batch) in decoded.iter().zip(&batches) {
        let text = |batch: &RecordBatch| to_wire(batch.column(0), &DataType::Utf8).unwrap();
        assert_eq!(&text(decoded), &text(batch));
    }
}

#[test]
fn preserved_dictionaries_may_be_nested_and_several() {
    let batch = RecordBatch::try_from_iter(vec![
        ("plain", dictionary(vec![Some(0), Some(1)], names())),
        ("nested", nested(vec![Some(2), None])),
        (
            "last",
            dictionary(
                vec![None, Some(0)],
                Arc::new(StringViewArray::from(vec!["v"])),
            ),
        ),
    ])
    .unwrap();
    let messages = encode(
        &batch.schema(),
        Dictionaries::Preserve,
        &[batch.clone(), batch.clone()],
    );
    let (schema, decoded) = decode(messages);
    assert_eq!(schema, wire_schema(&batch.schema(), Dictionaries::Preserve));
    assert_eq!(decoded.len(), 2);
    for decoded in decoded {
        assert_eq!(decoded.column(0), batch.column(0));
        assert_eq!(decoded.column(1), batch.column(1));
        let expected = dictionary(vec![None, Some(0)], Arc::new(StringArray::from(vec!["v"])));
        assert_eq!(decoded.column(2), &expected);
    }
}

#[test]
fn unused_dictionary_values_stay_behind() {
    let values = (0..1000).map(|at| format!("{at:0>100}"));
    let values: ArrayRef = Arc::new(StringArray::from_iter_values(values));
    let batch = one_column(dictionary(vec![Some(7), None, Some(900), Some(7)], values));
    let messages = encode(
        &batch.schema(),
        Dictionaries::Preserve,
        std::slice::from_ref(&batch),
    );
    let bytes: usize = messages.iter().map(|message| message.data_body.len()).sum();
    assert!(bytes < 1000, "{bytes}");
    let (_, decoded) = decode(messages);
    assert_eq!(
        decoded[0]
            .column(0)
            .as_dictionary::<Int32Type>()
            .values()
            .len(),
        2
    );
    let text = |batch: &RecordBatch| to_wire(batch.column(0), &DataType::Utf8).unwrap();
    assert_eq!(&text(&decoded[0]), &text(&batch));
}

#[test]
fn views_become_plain_arrays() {
    let view: ArrayRef = Arc::new(StringViewArray::from(vec![
        Some("a"),
        None,
        Some("longer than twelve bytes"),
    ]));
    let batch = one_column(view);
    let (schema, batches) = decode(encode(
        &batch.schema(),
        Dictionaries::Flatten,
        std::slice::from_ref(&batch),
    ));
    assert_eq!(schema.field(0).data_type(), &DataType::Utf8);
    let expected: ArrayRef = Arc::new(StringArray::from(vec![
        Some("a"),
        None,
        Some("longer than twelve bytes"),
    ]));
    assert_eq!(batches[0].column(0), &expected);
}

#[test]
fn the_announced_nullability_is_the_one_sent() {
    // The engine may hand out less nullable columns than it planned.
    let planned = Schema::new(vec![Field::new("c", DataType::Int64, true)]);
    let strict = Arc::new(Schema::new(vec![Field::new("c", DataType::Int64, false)]));
    let batch = RecordBatch::try_new(strict, vec![Arc::new(Int64Array::from(vec![1]))]).unwrap();
    let (schema, batches) = decode(encode(&planned, Dictionaries::Flatten, &[batch]));
    assert_eq!(*schema, planned);
    assert_eq!(*batches[0].schema(), planned);
}

#[test]
fn messages_are_bounded_whatever_the_rows() {
    const MIB: usize = 1024 * 1024;
    let text = |bytes: usize| "x".repeat(bytes);
    let even = StringArray::from_iter_values((0..100).map(|_| text(100_000)));
    // All of the bytes are in a few rows at the end.
    let skewed = StringArray::from_iter_values((0..8192).map(|row| {
        if row >= 8184 {
            text(MIB)
        } else {
            String::new()
        }
    }));
    // Small as a dictionary, 32 MiB when flattened.
    let grows = dictionary(
        (0..8192).map(|row| Some(row % 2)).collect(),
        Arc::new(StringArray::from(vec![text(4096), text(4096)])),
    );
    let repeats = dictionary(
        vec![Some(0); 8192],
        Arc::new(StringArray::from(vec![text(4096)])),
    );
    let lists = {
        let values: ArrayRef = Arc::new(StringArray::from_iter_values(
            (0..64).map(|_| text(MIB / 4)),
        ));
        let item = Arc::new(Field::new("item", DataType::Utf8, true));
        ListArray::new(
            item,
            OffsetBuffer::from_repeated_length(4, 16),
            values,
            None,
        )
    };
    for array in [
        Arc::new(even) as ArrayRef,
        Arc::new(skewed),
        grows,
        repeats,
        Arc::new(lists),
    ] {
        let batch = one_column(array);
        let messages = encode(
            &batch.schema(),
            Dictionaries::Flatten,
            std::slice::from_ref(&batch),
        );
        for message in &messages {
            assert!(
                message.data_body.len() < 3 * MIB,
                "{}",
                message.data_body.len()
            );
        }
        let total: usize = messages.iter().map(|message| message.data_body.len()).sum();
        assert!(
            messages.len() <= 2 + 2 * total / MESSAGE_BYTES,
            "{} messages",
            messages.len()
        );
        let (_, decoded) = decode(messages);
        let rows = arrow::compute::concat_batches(&decoded[0].schema(), &decoded).unwrap();
        assert_eq!(
            rows.column(0),
            &to_wire(batch.column(0), rows.column(0).data_type()).unwrap()
        );
    }
}

#[test]
fn a_slice_counts_only_its_own_bytes() {
    let texts = StringArray::from_iter_values((0..8192).map(|_| "x".repeat(1000)));
    let batch = one_column(Arc::new(texts));
    let slices: Vec<_> = (0..8).map(|part| batch.slice(part * 1024, 1024)).collect();
    let messages = encode(&batch.schema(), Dictionaries::Flatten, &slices);
    assert_eq!(messages.len(), 1 + slices.len());
}

#[test]
fn rows_without_columns_are_counted() {
    let schema = Arc::new(Schema::empty());
    let options = RecordBatchOptions::new().with_row_count(Some(3));
    let batch = RecordBatch::try_new_with_options(schema, vec![], &options).unwrap();
    let (_, batches) = decode(encode(
        &batch.schema(),
        Dictionaries::Flatten,
        std::slice::from_ref(&batch),
    ));
    assert_eq!(batches[0].num_rows(), 3);
}
