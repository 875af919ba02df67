//! The values of a column by type, matched once per batch.

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryViewArray, FixedSizeBinaryArray, LargeBinaryArray,
    LargeStringArray, StringArray, StringViewArray,
};
use arrow::buffer::{BooleanBuffer, ScalarBuffer};
use arrow::datatypes::{
    ArrowNativeType, ArrowPrimitiveType, DataType, Float16Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};

use super::ConversionError;
use super::column::{Column, Runs};
use super::fields::{Fields, Keys};
use super::nested::{ListColumn, MapColumn};
use super::text;
use super::texts::Texts;
use super::timestamp::TimestampColumn;

/// What a column holds, ready to be written.
#[derive(Debug)]
pub(super) enum Values {
    Null,
    Boolean(BooleanBuffer),
    Int8(ScalarBuffer<i8>),
    Int16(ScalarBuffer<i16>),
    Int32(ScalarBuffer<i32>),
    Int64(ScalarBuffer<i64>),
    UInt8(ScalarBuffer<u8>),
    UInt16(ScalarBuffer<u16>),
    UInt32(ScalarBuffer<u32>),
    UInt64(ScalarBuffer<u64>),
    Float16(ScalarBuffer<<Float16Type as ArrowPrimitiveType>::Native>),
    Float32(ScalarBuffer<f32>),
    Float64(ScalarBuffer<f64>),
    /// `clean`: no value of the batch has a character that needs escaping.
    Utf8 {
        array: StringArray,
        clean: bool,
    },
    LargeUtf8 {
        array: LargeStringArray,
        clean: bool,
    },
    Utf8View(StringViewArray),
    Binary(BinaryArray),
    LargeBinary(LargeBinaryArray),
    FixedSizeBinary(FixedSizeBinaryArray),
    BinaryView(BinaryViewArray),
    Timestamp(Box<TimestampColumn>),
    /// Already JSON.
    Texts(Texts),
    /// A dictionary: which of the values each row has.
    Dictionary {
        keys: Vec<usize>,
        values: Box<Column>,
    },
    /// Runs: a run may stand for far more rows than memory has room for, so each row is
    /// looked up.
    Runs {
        runs: Runs,
        values: Box<Column>,
    },
    List(Box<ListColumn>),
    Struct(Box<Fields>),
    Map(Box<MapColumn>),
}

impl Values {
    pub(super) fn new(array: &ArrayRef) -> Result<Self, ConversionError> {
        Ok(match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean(array.as_boolean().values().clone()),
            DataType::Int8 => Self::Int8(array.as_primitive::<Int8Type>().values().clone()),
            DataType::Int16 => Self::Int16(array.as_primitive::<Int16Type>().values().clone()),
            DataType::Int32 => Self::Int32(array.as_primitive::<Int32Type>().values().clone()),
            DataType::Int64 => Self::Int64(array.as_primitive::<Int64Type>().values().clone()),
            DataType::UInt8 => Self::UInt8(array.as_primitive::<UInt8Type>().values().clone()),
            DataType::UInt16 => Self::UInt16(array.as_primitive::<UInt16Type>().values().clone()),
            DataType::UInt32 => Self::UInt32(array.as_primitive::<UInt32Type>().values().clone()),
            DataType::UInt64 => Self::UInt64(array.as_primitive::<UInt64Type>().values().clone()),
            DataType::Float16 => {
                Self::Float16(array.as_primitive::<Float16Type>().values().clone())
            }
            DataType::Float32 => {
                Self::Float32(array.as_primitive::<Float32Type>().values().clone())
            }
            DataType::Float64 => {
                Self::Float64(array.as_primitive::<Float64Type>().values().clone())
            }
            DataType::Utf8 => Self::utf8(array.as_string::<i32>().clone()),
            DataType::LargeUtf8 => Self::large_utf8(array.as_string::<i64>().clone()),
            DataType::Utf8View => Self::Utf8View(array.as_string_view().clone()),
            DataType::Binary => Self::Binary(array.as_binary::<i32>().clone()),
            DataType::LargeBinary => Self::LargeBinary(array.as_binary::<i64>().clone()),
            DataType::FixedSizeBinary(_) => {
                Self::FixedSizeBinary(array.as_fixed_size_binary().clone())
            }
            DataType::BinaryView => Self::BinaryView(array.as_binary_view().clone()),
            DataType::Timestamp(unit, zone) => Self::Timestamp(Box::new(TimestampColumn::new(
                array,
                *unit,
                zone.as_deref(),
            )?)),
            DataType::List(_) => Self::List(Box::new(ListColumn::new(array.as_list::<i32>())?)),
            DataType::LargeList(_) => {
                Self::List(Box::new(ListColumn::new(array.as_list::<i64>())?))
            }
            DataType::ListView(_) => {
                Self::List(Box::new(ListColumn::new(array.as_list_view::<i32>())?))
            }
            DataType::LargeListView(_) => {
                Self::List(Box::new(ListColumn::new(array.as_list_view::<i64>())?))
            }
            DataType::FixedSizeList(_, _) => {
                Self::List(Box::new(ListColumn::new(array.as_fixed_size_list())?))
            }
            DataType::Struct(fields) => Self::Struct(Box::new(Fields::new(
                &Keys::new(fields),
                array.as_struct().columns(),
            )?)),
            DataType::Map(_, _) => Self::Map(Box::new(MapColumn::new(array.as_map())?)),
            DataType::Decimal32(_, _)
            | DataType::Decimal64(_, _)
            | DataType::Decimal128(_, _)
            | DataType::Decimal256(_, _) => Self::Texts(Texts::format(array, false)?),
            data_type if data_type.is_temporal() => Self::Texts(Texts::format(array, true)?),
            data_type => {
                return Err(ConversionError::Unsupported {
                    column: String::new(),
                    data_type: data_type.clone(),
                });
            }
        })
    }

    /// Whether the text of a value is bounded by the value's own size.
    pub(super) fn is_flat(&self) -> bool {
        !matches!(
            self,
            Self::Dictionary { .. }
                | Self::Runs { .. }
                | Self::List(_)
                | Self::Struct(_)
                | Self::Map(_)
        )
    }

    fn utf8(array: StringArray) -> Self {
        let clean = is_clean(array.offsets().inner(), array.value_data());
        Self::Utf8 { array, clean }
    }

    fn large_utf8(array: LargeStringArray) -> Self {
        let clean = is_clean(array.offsets().inner(), array.value_data());
        Self::LargeUtf8 { array, clean }
    }

    /// Writes a value that is not null.
    #[inline]
    pub(super) fn write(&mut self, row: usize, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Boolean(values) if values.value(row) => out.extend_from_slice(b"true"),
            Self::Boolean(_) => out.extend_from_slice(b"false"),
            Self::Int8(values) => write_integer(values[row], out),
            Self::Int16(values) => write_integer(values[row], out),
            Self::Int32(values) => write_integer(values[row], out),
            Self::Int64(values) => write_integer(values[row], out),
            Self::UInt8(values) => write_integer(values[row], out),
            Self::UInt16(values) => write_integer(values[row], out),
            Self::UInt32(values) => write_integer(values[row], out),
            Self::UInt64(values) => write_integer(values[row], out),
            Self::Float16(values) => write_f32(values[row].to_f32(), out),
            Self::Float32(values) => write_f32(values[row], out),
            Self::Float64(values) => write_f64(values[row], out),
            Self::Utf8 { array, clean } => write_str(array.value(row), *clean, out),
            Self::LargeUtf8 { array, clean } => write_str(array.value(row), *clean, out),
            Self::Utf8View(array) => write_str(array.value(row), false, out),
            Self::Binary(array) => text::write_hex(array.value(row), out),
            Self::LargeBinary(array) => text::write_hex(array.value(row), out),
            Self::FixedSizeBinary(array) => text::write_hex(array.value(row), out),
            Self::BinaryView(array) => text::write_hex(array.value(row), out),
            Self::Timestamp(column) => column.write(row, out),
            Self::Texts(texts) => out.extend_from_slice(texts.get(row)),
            Self::Dictionary { keys, values } => values.write(keys[row], out),
            Self::Runs { runs, values } => values.write(runs.value_of(row), out),
            Self::List(column) => column.write(row, out),
            Self::Struct(fields) => fields.write(row, out),
            Self::Map(column) => column.write(row, out),
        }
    }
}

/// Whether the bytes that the rows use have nothing to escape. One pass over the batch
/// saves the look at each value.
fn is_clean<O: ArrowNativeType>(offsets: &ScalarBuffer<O>, bytes: &[u8]) -> bool {
    match (offsets.first(), offsets.last()) {
        (Some(first), Some(last)) => text::is_clean(&bytes[first.as_usize()..last.as_usize()]),
        _ => true,
    }
}

fn write_str(value: &str, clean: bool, out: &mut Vec<u8>) {
    if clean {
        out.push(b'"');
        out.extend_from_slice(value.as_bytes());
        out.push(b'"');
    } else {
        text::write_string(value.as_bytes(), out);
    }
}

fn write_integer(value: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn write_f32(value: f32, out: &mut Vec<u8>) {
    if value.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    } else {
        out.extend_from_slice(b"null");
    }
}

fn write_f64(value: f64, out: &mut Vec<u8>) {
    if value.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    } else {
        out.extend_from_slice(b"null");
    }
}
