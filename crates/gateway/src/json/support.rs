//! Which types have a JSON form, decided from the schema before anything is sent.

use arrow::datatypes::{DataType, Field};

use super::ConversionError;
use super::timestamp::Zone;

/// Deepest nesting of lists, structs and maps. The encoder recurses as deep as the type.
const DEPTH_MAX: usize = 64;

/// Checks that every value of a column can be written.
pub(super) fn check(field: &Field) -> Result<(), ConversionError> {
    check_type(field.name(), field.data_type(), 0)
}

fn check_type(column: &str, data_type: &DataType, depth: usize) -> Result<(), ConversionError> {
    if depth > DEPTH_MAX {
        return Err(ConversionError::TooDeep {
            column: column.to_owned(),
        });
    }
    let child = |field: &Field| check_type(column, field.data_type(), depth + 1);
    match data_type {
        DataType::Timestamp(_, Some(zone)) => match Zone::parse(zone) {
            Ok(_) => Ok(()),
            Err(_) => Err(ConversionError::TimeZone {
                column: column.to_owned(),
                zone: zone.to_string(),
            }),
        },
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => child(item),
        DataType::RunEndEncoded(_, values) => child(values),
        DataType::Dictionary(_, values) => check_type(column, values, depth + 1),
        DataType::Struct(fields) => fields.iter().try_for_each(|field| child(field)),
        DataType::Map(entries, _) => check_map(column, entries, depth),
        DataType::Union(_, _) => Err(unsupported(column, data_type)),
        _ => Ok(()),
    }
}

fn check_map(column: &str, entries: &Field, depth: usize) -> Result<(), ConversionError> {
    let DataType::Struct(fields) = entries.data_type() else {
        return Err(unsupported(column, entries.data_type()));
    };
    let [key, value] = fields.as_ref() else {
        return Err(unsupported(column, entries.data_type()));
    };
    if !is_string(key.data_type()) {
        return Err(ConversionError::MapKeys {
            column: column.to_owned(),
            data_type: key.data_type().clone(),
        });
    }
    check_type(column, value.data_type(), depth + 1)
}

/// Whether the values are strings once dictionaries and runs are decoded.
fn is_string(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => values.is_string(),
        DataType::RunEndEncoded(_, values) => values.data_type().is_string(),
        _ => false,
    }
}

fn unsupported(column: &str, data_type: &DataType) -> ConversionError {
    ConversionError::Unsupported {
        column: column.to_owned(),
        data_type: data_type.clone(),
    }
}
