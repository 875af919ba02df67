//! Argument types: what a function accepts and what it returns.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::common::plan_err;
use datafusion::error::Result;

use crate::histogram;

/// `Dictionary(Int32, Utf8)`.
pub(crate) fn text() -> DataType {
    dictionary(DataType::Utf8)
}

/// `Dictionary(Int32, Binary)` of JSONB documents.
pub(crate) fn jsonb() -> DataType {
    dictionary(DataType::Binary)
}

/// `Dictionary(Int32, List<Utf8>)`.
pub(crate) fn text_list() -> DataType {
    let item = Field::new_list_field(DataType::Utf8, true);
    dictionary(DataType::List(Arc::new(item)))
}

pub(crate) fn dictionary(values: DataType) -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(values))
}

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// JSONB: any binary layout, or a dictionary of one.
    Jsonb,
    /// Text: any string layout, or a dictionary of one.
    Text,
    /// JSONB, or the list of key and value that older data holds.
    Properties,
    /// Only that list, or a dictionary of it.
    PropertyList,
    /// Any dictionary.
    Dictionary,
    /// A histogram, or a dictionary of it.
    Histogram,
    /// Any number, as `Float64`.
    Float,
    /// Any number, as `Int64`.
    Integer,
    /// Any number, as `UInt32`.
    Color,
}

/// The types that the arguments of a function are cast to.
pub(crate) fn coerce(name: &str, kinds: &[Kind], given: &[DataType]) -> Result<Vec<DataType>> {
    if given.len() != kinds.len() {
        let plural = if kinds.len() == 1 { "" } else { "s" };
        return plan_err!(
            "{name} takes {} argument{plural}, not {}",
            kinds.len(),
            given.len()
        );
    }
    let arguments = kinds.iter().zip(given).enumerate();
    arguments
        .map(|(index, (kind, given))| match kind.coerce(given) {
            Some(coerced) => Ok(coerced),
            None => plan_err!(
                "{name}: argument {} must be {}, not {given}",
                index + 1,
                kind.description()
            ),
        })
        .collect()
}

impl Kind {
    /// The type an argument of type `given` is cast to; `None` when refused.
    /// Dictionaries keep their values and get 32-bit keys.
    pub(crate) fn coerce(self, given: &DataType) -> Option<DataType> {
        if let DataType::Dictionary(_, values) = given {
            return match self {
                Self::Dictionary => Some(dictionary(values.as_ref().clone())),
                Self::Float | Self::Integer | Self::Color => self.coerce_plain(values),
                _ if **values == DataType::Null => self.coerce(values),
                _ => self.coerce_plain(values).map(dictionary),
            };
        }
        self.coerce_plain(given)
    }

    fn coerce_plain(self, given: &DataType) -> Option<DataType> {
        match (self, given) {
            (
                Self::Jsonb | Self::Properties,
                DataType::Binary | DataType::LargeBinary | DataType::BinaryView,
            )
            | (Self::Text, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => {
                Some(given.clone())
            }
            (Self::Jsonb | Self::Properties, DataType::FixedSizeBinary(_) | DataType::Null) => {
                Some(DataType::Binary)
            }
            (Self::Text, DataType::Null) => Some(DataType::Utf8),
            (Self::Properties | Self::PropertyList, DataType::List(item))
                if is_property(item.data_type()) =>
            {
                Some(given.clone())
            }
            (Self::Histogram, DataType::Struct(fields)) if histogram::is_histogram(fields) => {
                Some(given.clone())
            }
            (Self::Histogram, DataType::Null) => Some(histogram::data_type()),
            (Self::Float | Self::Integer | Self::Color, _) => {
                let number = given.is_numeric() || given.is_null();
                number.then(|| self.number())
            }
            _ => None,
        }
    }

    fn number(self) -> DataType {
        match self {
            Self::Integer => DataType::Int64,
            Self::Color => DataType::UInt32,
            _ => DataType::Float64,
        }
    }

    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Jsonb => "JSONB (Binary, or a dictionary of it)",
            Self::Text => "text (Utf8, or a dictionary of it)",
            Self::Properties => "properties (JSONB, or a list of structs of key and value)",
            Self::PropertyList => "a list of structs of key and value",
            Self::Dictionary => "a dictionary",
            Self::Histogram => "a histogram",
            Self::Float => "a number",
            Self::Integer => "an integer",
            Self::Color => "a color (UInt32)",
        }
    }
}

fn is_property(item: &DataType) -> bool {
    let DataType::Struct(fields) = item else {
        return false;
    };
    ["key", "value"].iter().all(|name| {
        fields
            .find(name)
            .is_some_and(|(_, field)| Kind::Text.coerce(field.data_type()).is_some())
    })
}
