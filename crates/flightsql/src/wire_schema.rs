//! Which types go over the wire. Every schema that is announced and every batch that is sent
//! passes through here, so that they agree.

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;
use arrow_flight::{IpcMessage, SchemaAsIpc};
use bytes::Bytes;
use std::sync::Arc;

/// What becomes of dictionary arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dictionaries {
    /// Replaced by their values: many clients can not read dictionaries.
    Flatten,
    /// Sent as they are, for callers that ask for it.
    Preserve,
}

/// The schema that clients see: same names and nullability, no metadata, no string views.
pub(crate) fn wire_schema(schema: &Schema, dictionaries: Dictionaries) -> SchemaRef {
    let fields = schema
        .fields()
        .iter()
        .map(|field| wire_field(field, dictionaries))
        .collect::<Vec<_>>();
    Arc::new(Schema::new(fields))
}

fn wire_field(field: &FieldRef, dictionaries: Dictionaries) -> FieldRef {
    let data_type = wire_type(field.data_type(), dictionaries);
    if field.metadata().is_empty() && &data_type == field.data_type() {
        return Arc::clone(field);
    }
    Arc::new(Field::new(field.name(), data_type, field.is_nullable()))
}

/// Unions and run-end encoded arrays go out as they are: no view produces them, only a caller who
/// asks for one by name.
fn wire_type(data_type: &DataType, dictionaries: Dictionaries) -> DataType {
    let inner = |field| wire_field(field, dictionaries);
    match data_type {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::Dictionary(keys, values) => match dictionaries {
            Dictionaries::Flatten => wire_type(values, dictionaries),
            Dictionaries::Preserve => {
                DataType::Dictionary(keys.clone(), Box::new(wire_type(values, dictionaries)))
            }
        },
        DataType::List(item) | DataType::ListView(item) => DataType::List(inner(item)),
        DataType::LargeList(item) | DataType::LargeListView(item) => {
            DataType::LargeList(inner(item))
        }
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(inner(item), *size),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(inner).collect()),
        DataType::Map(entries, sorted) => DataType::Map(inner(entries), *sorted),
        other => other.clone(),
    }
}

/// One encapsulated IPC message.
pub(crate) fn schema_message(schema: &Schema) -> Result<Bytes, ArrowError> {
    let options = Default::default();
    let IpcMessage(bytes) = SchemaAsIpc::new(schema, &options).try_into()?;
    Ok(bytes)
}

/// A whole IPC stream without batches, end-of-stream mark included: what clients open with a
/// stream reader.
pub(crate) fn schema_stream(schema: &Schema) -> Result<Bytes, ArrowError> {
    let mut writer = StreamWriter::try_new(Vec::new(), schema)?;
    writer.finish()?;
    Ok(writer.into_inner()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use DataType::{Binary, Int16, Int32, Int64, LargeUtf8, Utf8, Utf8View};

    fn dictionary(keys: DataType, values: DataType) -> DataType {
        DataType::Dictionary(Box::new(keys), Box::new(values))
    }

    fn list(item: DataType) -> DataType {
        DataType::new_list(item, true)
    }

    fn check(data_type: DataType, flattened: DataType, preserved: DataType) {
        let schema = Schema::new(vec![
            Field::new("a", data_type.clone(), true),
            Field::new("b", data_type, false),
        ]);
        for (dictionaries, expected) in [
            (Dictionaries::Flatten, flattened),
            (Dictionaries::Preserve, preserved),
        ] {
            let expected = Schema::new(vec![
                Field::new("a", expected.clone(), true),
                Field::new("b", expected, false),
            ]);
            assert_eq!(*wire_schema(&schema, dictionaries), expected);
        }
    }

    #[test]
    fn types() {
        check(Int64, Int64, Int64);
        check(LargeUtf8, LargeUtf8, LargeUtf8);
        check(Utf8View, Utf8, Utf8);
        check(DataType::BinaryView, Binary, Binary);
        let d = dictionary(Int32, Utf8);
        check(d.clone(), Utf8, d.clone());
        check(dictionary(Int16, Utf8View), Utf8, dictionary(Int16, Utf8));
        check(list(d.clone()), list(Utf8), list(d.clone()));
        check(
            dictionary(Int32, list(Utf8View)),
            list(Utf8),
            dictionary(Int32, list(Utf8)),
        );
        let pair = |value: DataType| {
            DataType::Struct(
                vec![
                    Field::new("key", Utf8, false),
                    Field::new("value", value, true),
                ]
                .into(),
            )
        };
        check(
            list(pair(d.clone())),
            list(pair(Utf8)),
            list(pair(d.clone())),
        );
        let map = |value: DataType| {
            DataType::Map(Arc::new(Field::new("entries", pair(value), false)), false)
        };
        check(map(Utf8View), map(Utf8), map(Utf8));
        check(
            DataType::ListView(Arc::new(Field::new("item", Utf8View, false))),
            DataType::List(Arc::new(Field::new("item", Utf8, false))),
            DataType::List(Arc::new(Field::new("item", Utf8, false))),
        );
    }

    #[test]
    fn metadata_stays_behind() {
        let metadata = [("PARQUET:field_id".to_owned(), "1".to_owned())];
        let field = Field::new("a", Int64, false).with_metadata(metadata.clone().into());
        let schema = Schema::new_with_metadata(vec![field], metadata.into());
        let expected = Schema::new(vec![Field::new("a", Int64, false)]);
        assert_eq!(*wire_schema(&schema, Dictionaries::Flatten), expected);
    }

    #[test]
    fn a_schema_stream_reads_as_one() {
        let schema = Schema::new(vec![Field::new("a", dictionary(Int32, Utf8), false)]);
        let bytes = schema_stream(&schema).unwrap();
        let reader = arrow::ipc::reader::StreamReader::try_new(&bytes[..], None).unwrap();
        assert_eq!(*reader.schema(), schema);
        assert_eq!(reader.count(), 0);
        assert!(bytes.ends_with(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]));
    }
}
