//! An argument, reduced to its distinct values.
//!
//! Telemetry columns repeat: ten thousand log entries carry the properties of
//! three processes. A dictionary already names its distinct values, so a
//! function is evaluated once per value and its answer shares the keys.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryViewArray, Int32Array, LargeBinaryArray,
    LargeStringArray, StringArray, StringViewArray,
};
use arrow::datatypes::{DataType, Int32Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion::scalar::ScalarValue;

use crate::error::Error;

/// Which value each row takes.
#[derive(Debug, Clone)]
pub(crate) enum Rows {
    /// One value for all rows: the argument was a constant.
    Constant,
    /// Row `i` takes value `i`.
    Each,
    /// Row `i` takes value `keys[i]`.
    Keys(Int32Array),
}

/// An argument: its values, and which row takes which.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) values: ArrayRef,
    pub(crate) rows: Rows,
}

impl Column {
    pub(crate) fn new(argument: ColumnarValue) -> Result<Self> {
        match argument {
            ColumnarValue::Scalar(ScalarValue::Dictionary(_, value)) => Ok(Self {
                values: value.to_array()?,
                rows: Rows::Constant,
            }),
            ColumnarValue::Scalar(value) => Ok(Self {
                values: value.to_array()?,
                rows: Rows::Constant,
            }),
            ColumnarValue::Array(array) => Ok(match array.as_dictionary_opt::<Int32Type>() {
                Some(dictionary) => Self {
                    values: Arc::clone(dictionary.values()),
                    rows: Rows::Keys(dictionary.keys().clone()),
                },
                None => Self {
                    values: array,
                    rows: Rows::Each,
                },
            }),
        }
    }

    pub(crate) fn is_constant(&self) -> bool {
        matches!(self.rows, Rows::Constant)
    }

    /// The value that `row` takes; `None` when the row is null.
    pub(crate) fn index(&self, row: usize) -> Option<usize> {
        let index = match &self.rows {
            Rows::Constant => 0,
            Rows::Each => row,
            Rows::Keys(keys) => {
                if keys.is_null(row) {
                    return None;
                }
                usize::try_from(keys.value(row)).ok()?
            }
        };
        self.values.is_valid(index).then_some(index)
    }

    /// The values that some row takes. A filtered batch keeps the whole
    /// dictionary, and what no row shows must neither cost nor fail.
    pub(crate) fn used(&self) -> Vec<bool> {
        match &self.rows {
            Rows::Constant | Rows::Each => (0..self.values.len())
                .map(|index| self.values.is_valid(index))
                .collect(),
            Rows::Keys(keys) => {
                let mut used = vec![false; self.values.len()];
                for key in keys.iter().flatten() {
                    if let Some(slot) = usize::try_from(key).ok().and_then(|key| used.get_mut(key))
                    {
                        *slot = true;
                    }
                }
                for (index, slot) in used.iter_mut().enumerate() {
                    *slot &= self.values.is_valid(index);
                }
                used
            }
        }
    }

    pub(crate) fn bytes(&self, function: &'static str) -> Result<Bytes<'_>> {
        let values = &self.values;
        let bytes = match values.data_type() {
            DataType::Binary => values.as_any().downcast_ref().map(Bytes::Binary),
            DataType::LargeBinary => values.as_any().downcast_ref().map(Bytes::Large),
            DataType::BinaryView => values.as_any().downcast_ref().map(Bytes::View),
            _ => None,
        };
        Ok(bytes.ok_or(Error::Layout { function })?)
    }

    pub(crate) fn texts(&self, function: &'static str) -> Result<Texts<'_>> {
        let values = &self.values;
        let texts = match values.data_type() {
            DataType::Utf8 => values.as_any().downcast_ref().map(Texts::Utf8),
            DataType::LargeUtf8 => values.as_any().downcast_ref().map(Texts::Large),
            DataType::Utf8View => values.as_any().downcast_ref().map(Texts::View),
            _ => None,
        };
        Ok(texts.ok_or(Error::Layout { function })?)
    }
}

/// Binary values in any of Arrow's layouts.
pub(crate) enum Bytes<'a> {
    Binary(&'a BinaryArray),
    Large(&'a LargeBinaryArray),
    View(&'a BinaryViewArray),
}

impl<'a> Bytes<'a> {
    pub(crate) fn value(&self, index: usize) -> &'a [u8] {
        match self {
            Self::Binary(array) => array.value(index),
            Self::Large(array) => array.value(index),
            Self::View(array) => array.value(index),
        }
    }
}

/// Text values in any of Arrow's layouts.
pub(crate) enum Texts<'a> {
    Utf8(&'a StringArray),
    Large(&'a LargeStringArray),
    View(&'a StringViewArray),
}

impl<'a> Texts<'a> {
    pub(crate) fn value(&self, index: usize) -> &'a str {
        match self {
            Self::Utf8(array) => array.value(index),
            Self::Large(array) => array.value(index),
            Self::View(array) => array.value(index),
        }
    }
}
