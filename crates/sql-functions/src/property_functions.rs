//! The property functions, over both storages of properties.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, DictionaryArray, Int32Array, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Int32Type};
use arrow::row::{RowConverter, SortField};
use datafusion::error::Result;

use crate::answers::Answers;
use crate::column::{Bytes, Column, Rows};
use crate::document::Document;
use crate::documentation::{FunctionDoc, PROPERTIES};
use crate::error::Error;
use crate::function::{Call, Definition, Outcome};
use crate::jsonb_functions::document;
use crate::property_list::PropertyLists;
use crate::types::{self, Kind};

const PROPERTIES_ARGUMENT: (&str, &str) = (
    "properties",
    "A JSONB object, or a list of structs of `key` and `value`.",
);

pub(crate) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "property_get",
        arguments: &[Kind::Properties, Kind::Text],
        returns: |_| types::text(),
        evaluate: property_get,
        documentation: FunctionDoc {
            section: PROPERTIES,
            syntax: "property_get(properties, name)",
            description: "The value of a property: the one of exactly this name, else the first \
                whose name differs by ASCII case alone. Strings come as they are, other JSON \
                values as JSON text. NULL when there is none and when an argument is NULL; bytes \
                that are not JSONB are an error.",
            arguments: &[PROPERTIES_ARGUMENT, ("name", "Name of the property.")],
            example: "SELECT property_get(jsonb_parse('{\"Region\": \"eu\"}'), 'region') AS region",
        },
    },
    Definition {
        name: "properties_length",
        arguments: &[Kind::Properties],
        returns: |_| DataType::Int32,
        evaluate: properties_length,
        documentation: FunctionDoc {
            section: PROPERTIES,
            syntax: "properties_length(properties)",
            description: "The number of properties. NULL when the argument is, or is JSONB and no \
                object; bytes that are not JSONB are an error.",
            arguments: &[PROPERTIES_ARGUMENT],
            example: "SELECT properties_length(jsonb_parse('{\"a\": 1, \"b\": 2}')) AS length",
        },
    },
    Definition {
        name: "properties_to_jsonb",
        arguments: &[Kind::Properties],
        returns: |_| types::jsonb(),
        evaluate: properties_to_jsonb,
        documentation: FunctionDoc {
            section: PROPERTIES,
            syntax: "properties_to_jsonb(properties)",
            description: "The properties as a JSONB object; of a repeated key the last value stays. \
                NULL when the argument is and for bytes that are not JSONB.",
            arguments: &[PROPERTIES_ARGUMENT],
            example: "SELECT jsonb_format_json(properties_to_jsonb([named_struct('key', 'Region', \
                'value', 'eu')])) AS properties",
        },
    },
    Definition {
        name: "properties_to_dict",
        arguments: &[Kind::PropertyList],
        returns: |arguments| match arguments {
            [dictionary @ DataType::Dictionary(..)] => dictionary.clone(),
            [list] => types::dictionary(list.clone()),
            _ => DataType::Null,
        },
        evaluate: properties_to_dict,
        documentation: FunctionDoc {
            section: PROPERTIES,
            syntax: "properties_to_dict(properties)",
            description: "A list of properties as a dictionary in which equal lists are stored once. \
                NULL when the argument is; JSONB is refused.",
            arguments: &[("properties", "A list of structs of `key` and `value`.")],
            example: "SELECT properties_to_dict([named_struct('key', 'Region', 'value', 'eu')]) AS \
                properties",
        },
    },
    Definition {
        name: "properties_to_array",
        arguments: &[Kind::Dictionary],
        returns: |arguments| match arguments {
            [DataType::Dictionary(_, values)] => values.as_ref().clone(),
            _ => DataType::Null,
        },
        evaluate: properties_to_array,
        documentation: FunctionDoc {
            section: PROPERTIES,
            syntax: "properties_to_array(dictionary)",
            description: "The values of a dictionary, one per row. NULL when the argument is; \
                anything but a dictionary is refused.",
            arguments: &[(
                "dictionary",
                "A dictionary, as `properties_to_dict` returns it.",
            )],
            example: "SELECT properties_to_array(properties_to_dict([named_struct('key', 'Region', \
                'value', 'eu')])) AS properties",
        },
    },
];

/// Properties in either storage.
#[expect(
    clippy::large_enum_variant,
    reason = "one value per call, on the stack"
)]
enum Properties<'a> {
    Jsonb(Bytes<'a>),
    List(PropertyLists<'a>),
}

impl<'a> Properties<'a> {
    fn new(function: &'static str, column: &'a Column) -> Result<Self> {
        Ok(match column.values.data_type() {
            DataType::List(_) => Self::List(PropertyLists::new(function, &column.values)?),
            _ => Self::Jsonb(column.bytes(function)?),
        })
    }
}

fn property_get(call: &Call) -> Result<Outcome> {
    let [column, names] = &call.arguments[..] else {
        return Err(layout(call));
    };
    let properties = Properties::new(call.function, column)?;
    let texts = names.texts(call.function)?;
    let value = |index: usize, name: &str| match &properties {
        Properties::Jsonb(bytes) => {
            let document = document(call.function, bytes.value(index))?;
            Ok(document.member(name).map(text_of))
        }
        Properties::List(lists) => Ok(lists.value(index, name).map(str::to_owned)),
    };
    if !names.is_constant() {
        let answers = Answers::of_call(call, |at| value(at[0], texts.value(at[1])))?;
        return answers.into_text();
    }
    let Some(name) = names.index(0) else {
        return Answers::<String>::none().into_text();
    };
    let name = texts.value(name);
    Answers::of_column(column, |index| value(index, name))?.into_text()
}

/// A string as it is, anything else as JSON text.
fn text_of(member: Vec<u8>) -> String {
    match Document::new(&member) {
        Ok(document) => match document.as_str() {
            Some(text) => text.into_owned(),
            None => document.to_text(),
        },
        // A member of a valid document is valid.
        Err(_) => String::new(),
    }
}

fn properties_length(call: &Call) -> Result<Outcome> {
    let column = &call.arguments[0];
    let properties = Properties::new(call.function, column)?;
    let answers = Answers::of_column(column, |index| {
        let length = match &properties {
            Properties::Jsonb(bytes) => {
                document(call.function, bytes.value(index))?.object_length()
            }
            Properties::List(lists) => Some(lists.length(index)),
        };
        Ok(length.and_then(|length| i32::try_from(length).ok()))
    })?;
    Ok(answers.into_numbers::<Int32Type>())
}

fn properties_to_jsonb(call: &Call) -> Result<Outcome> {
    let column = &call.arguments[0];
    let properties = Properties::new(call.function, column)?;
    let answers = Answers::of_column(column, |index| {
        Ok(match &properties {
            Properties::Jsonb(bytes) => {
                let bytes = bytes.value(index);
                Document::new(bytes).is_ok().then(|| bytes.to_vec())
            }
            Properties::List(lists) => Some(lists.to_jsonb(index)),
        })
    })?;
    answers.into_jsonb()
}

/// Equal lists share one dictionary value.
fn properties_to_dict(call: &Call) -> Result<Outcome> {
    let column = &call.arguments[0];
    let (keys, values) = match &column.rows {
        Rows::Keys(keys) => (keys.clone(), Arc::clone(&column.values)),
        Rows::Constant | Rows::Each => distinct(&column.values)?,
    };
    Ok(Outcome {
        array: Arc::new(DictionaryArray::try_new(keys, values)?),
        constant: column.is_constant(),
    })
}

/// The distinct values of an array, and the one that each row has.
fn distinct(array: &ArrayRef) -> Result<(Int32Array, ArrayRef)> {
    let converter = RowConverter::new(vec![SortField::new(array.data_type().clone())])?;
    let rows = converter.convert_columns(&[Arc::clone(array)])?;
    let mut seen: HashMap<&[u8], i32> = HashMap::new();
    let mut first_rows: Vec<u32> = Vec::new();
    let mut keys = Int32Array::builder(array.len());
    for (index, row) in rows.iter().enumerate() {
        if array.is_null(index) {
            keys.append_null();
            continue;
        }
        // Batches hold far fewer rows than either index type counts.
        let key = *seen.entry(row.data()).or_insert_with(|| {
            first_rows.push(index as u32);
            first_rows.len() as i32 - 1
        });
        keys.append_value(key);
    }
    let values = take(array, &UInt32Array::from(first_rows), None)?;
    Ok((keys.finish(), values))
}

fn properties_to_array(call: &Call) -> Result<Outcome> {
    let column = &call.arguments[0];
    let array = match &column.rows {
        Rows::Keys(keys) => take(&column.values, keys, None)?,
        Rows::Constant | Rows::Each => Arc::clone(&column.values),
    };
    Ok(Outcome {
        array,
        constant: column.is_constant(),
    })
}

fn layout(call: &Call) -> datafusion::error::DataFusionError {
    Error::Layout {
        function: call.function,
    }
    .into()
}
