//! `jsonb_array_elements` and `jsonb_each`: a row per element or member.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, AsArray, BinaryArray, BinaryBuilder, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::exec_err;
use datafusion::error::Result;

use super::{Rows, TableFunctionDefinition, batch};
use crate::document::{Cursor, Element};
use crate::documentation::TableFunctionDoc;
use crate::jsonb_functions::document;
use crate::types::Kind;

const ARRAY_ELEMENTS: &str = "jsonb_array_elements";
const EACH: &str = "jsonb_each";
const KEY: &str = "key";

/// A batch ends when its documents are this long, however few they are.
const BATCH_BYTES: usize = 1 << 20;

static ELEMENT_SCHEMA: LazyLock<SchemaRef> =
    LazyLock::new(|| Arc::new(Schema::new(vec![value_field()])));

static MEMBER_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new(KEY, DataType::Utf8, false),
        value_field(),
    ]))
});

fn value_field() -> Field {
    Field::new("value", DataType::Binary, false)
}

pub(super) const JSONB_ARRAY_ELEMENTS: TableFunctionDefinition = TableFunctionDefinition {
    argument: Kind::Jsonb,
    schema: || Arc::clone(&ELEMENT_SCHEMA),
    needs_row: false,
    rows: |value| match Members::new(ARRAY_ELEMENTS, value)? {
        Some(members) if !members.cursor.is_object() => Ok(Box::new(members)),
        _ => exec_err!("{ARRAY_ELEMENTS}: the document is not an array"),
    },
    documentation: TableFunctionDoc {
        name: ARRAY_ELEMENTS,
        syntax: "jsonb_array_elements(document)",
        description: "A row per element of a JSONB array. No rows for NULL and for a \
            subquery without rows; a document that is no array, a subquery that returns more \
            than one row and bytes that are not JSONB are errors.",
        arguments: &[(
            "document",
            "A JSONB array: a constant expression or a subquery in parentheses of its own.",
        )],
        columns: &[("value", "Binary", "The element, a JSONB document.")],
        example: "SELECT jsonb_as_i64(value) AS number FROM \
            jsonb_array_elements(jsonb_parse('[5, 6]'))",
    },
};

pub(super) const JSONB_EACH: TableFunctionDefinition = TableFunctionDefinition {
    argument: Kind::Jsonb,
    schema: || Arc::clone(&MEMBER_SCHEMA),
    needs_row: true,
    rows: |value| match Members::new(EACH, value)? {
        Some(members) => Ok(Box::new(members)),
        None => exec_err!("{EACH}: the document is neither an object nor an array"),
    },
    documentation: TableFunctionDoc {
        name: EACH,
        syntax: "jsonb_each(document)",
        description: "A row per member of a JSONB object, or per \
            element of a JSONB array. No rows for NULL; a document that is neither, a subquery \
            that returns no row or more than one and bytes that are not JSONB are errors.",
        arguments: &[(
            "document",
            "A JSONB object or array: a constant expression or a subquery in parentheses of its \
             own.",
        )],
        columns: &[
            (
                KEY,
                "Utf8",
                "The name of the member, or the index of the element from 0.",
            ),
            (
                "value",
                "Binary",
                "The member or element, a JSONB document.",
            ),
        ],
        example: "SELECT key, jsonb_format_json(value) AS json\n\
            FROM jsonb_each(jsonb_parse('{\"a\": 1, \"b\": [true]}'))",
    },
};

/// Elements of arrays and members of objects. The value is the last column, the key is before
/// it.
struct Members {
    /// One document, checked.
    document: BinaryArray,
    cursor: Cursor,
}

impl Members {
    /// `None` of a scalar.
    fn new(function: &'static str, value: &ArrayRef) -> Result<Option<Self>> {
        let value = cast(value, &DataType::Binary)?;
        let bytes = value.as_binary::<i32>().clone();
        let cursor = Cursor::new(&document(function, bytes.value(0))?);
        Ok(cursor.map(|cursor| Self {
            document: bytes,
            cursor,
        }))
    }
}

impl Rows for Members {
    fn next(&mut self, row_count: usize, schema: &SchemaRef) -> Result<Option<RecordBatch>> {
        let document = self.document.value(0);
        let mut elements = Vec::new();
        let mut bytes = 0;
        while elements.len() < row_count && bytes < BATCH_BYTES {
            let Some(element) = self.cursor.next(document) else {
                break;
            };
            bytes += element.len();
            elements.push(element);
        }
        if elements.is_empty() {
            return Ok(None);
        }
        let columns = schema
            .fields()
            .iter()
            .map(|field| match field.name().as_str() {
                KEY => keys(&elements),
                _ => values(&elements),
            });
        batch(schema, columns.collect(), elements.len()).map(Some)
    }
}

fn keys(elements: &[Element<'_>]) -> ArrayRef {
    let keys = elements.iter().map(|element| match element.key {
        Some(name) => Cow::Borrowed(name),
        None => Cow::Owned(element.index.to_string()),
    });
    Arc::new(StringArray::from_iter_values(keys))
}

fn values(elements: &[Element<'_>]) -> ArrayRef {
    let mut values = BinaryBuilder::new();
    let mut value = Vec::new();
    for element in elements {
        value.clear();
        element.write(&mut value);
        values.append_value(&value);
    }
    Arc::new(values.finish())
}
