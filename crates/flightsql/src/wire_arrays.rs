//! Arrays in the types that go over the wire, and how many bytes they take there.

use arrow::array::{
    AnyDictionaryArray, Array, ArrayRef, AsArray, FixedSizeListArray, GenericByteArray,
    GenericListArray, MapArray, OffsetSizeTrait, StructArray,
};
use arrow::buffer::{Buffer, OffsetBuffer};
use arrow::compute::{CastOptions, cast_with_options, take};
use arrow::datatypes::{BinaryType, ByteArrayType, DataType, FieldRef, Utf8Type};
use arrow::error::ArrowError;
use std::sync::Arc;

type Result<T, E = ArrowError> = std::result::Result<T, E>;

/// `array` as `target`, which is what `wire_schema` made of its type. Free when they are equal.
pub(crate) fn to_wire(array: &ArrayRef, target: &DataType) -> Result<ArrayRef> {
    if array.data_type() == target {
        return Ok(Arc::clone(array));
    }
    match (array.data_type(), target) {
        (DataType::Dictionary(_, _), DataType::Dictionary(_, value_type)) => {
            let dictionary = array.as_any_dictionary();
            let values = to_wire(dictionary.values(), value_type)?;
            Ok(dictionary.with_values(values))
        }
        (DataType::Dictionary(_, _), _) => flattened(array.as_any_dictionary(), target),
        (DataType::List(_), DataType::List(item)) => list_to_wire::<i32>(array, item),
        (DataType::LargeList(_), DataType::LargeList(item)) => list_to_wire::<i64>(array, item),
        (DataType::FixedSizeList(_, _), DataType::FixedSizeList(item, size)) => {
            let list = array.as_fixed_size_list();
            let values = to_wire(list.values(), item.data_type())?;
            let nulls = list.nulls().cloned();
            let list = FixedSizeListArray::try_new_with_length(
                Arc::clone(item),
                *size,
                values,
                nulls,
                list.len(),
            )?;
            Ok(Arc::new(list))
        }
        (DataType::Struct(_), DataType::Struct(fields)) => {
            Ok(Arc::new(struct_to_wire(array.as_struct(), fields)?))
        }
        (DataType::Map(_, _), DataType::Map(entries, sorted)) => {
            map_to_wire(array.as_map(), entries, *sorted)
        }
        _ => {
            let strict = CastOptions {
                safe: false,
                ..CastOptions::default()
            };
            cast_with_options(array, target, &strict)
        }
    }
}

fn struct_to_wire(array: &StructArray, fields: &arrow::datatypes::Fields) -> Result<StructArray> {
    let columns = array
        .columns()
        .iter()
        .zip(fields)
        .map(|(column, field)| to_wire(column, field.data_type()))
        .collect::<Result<Vec<_>>>()?;
    let nulls = array.nulls().cloned();
    StructArray::try_new_with_length(fields.clone(), columns, nulls, array.len())
}

fn list_to_wire<O: OffsetSizeTrait>(array: &ArrayRef, item: &FieldRef) -> Result<ArrayRef> {
    let list = array.as_list::<O>();
    let (offsets, values) = referenced(list.offsets(), list.values());
    let values = to_wire(&values, item.data_type())?;
    let nulls = list.nulls().cloned();
    let list = GenericListArray::<O>::try_new(Arc::clone(item), offsets, values, nulls)?;
    Ok(Arc::new(list))
}

fn map_to_wire(map: &MapArray, entries: &FieldRef, sorted: bool) -> Result<ArrayRef> {
    let all_entries: ArrayRef = Arc::new(map.entries().clone());
    let (offsets, values) = referenced(map.offsets(), &all_entries);
    let values = to_wire(&values, entries.data_type())?;
    let map = MapArray::try_new(
        Arc::clone(entries),
        offsets,
        values.as_struct().clone(),
        map.nulls().cloned(),
        sorted,
    )?;
    Ok(Arc::new(map))
}

/// The part of a list's values that its offsets refer to: a slice of a list keeps all of them.
fn referenced<O: OffsetSizeTrait>(
    offsets: &OffsetBuffer<O>,
    values: &ArrayRef,
) -> (OffsetBuffer<O>, ArrayRef) {
    let first = offsets.first().copied().unwrap_or_default();
    let last = offsets.last().copied().unwrap_or_default();
    if first.as_usize() == 0 && last.as_usize() == values.len() {
        return (offsets.clone(), Arc::clone(values));
    }
    let rebased = offsets.iter().map(|offset| *offset - first).collect();
    (
        OffsetBuffer::new(rebased),
        values.slice(first.as_usize(), (last - first).as_usize()),
    )
}

/// A dictionary's values in the order of its keys.
fn flattened(dictionary: &dyn AnyDictionaryArray, target: &DataType) -> Result<ArrayRef> {
    let values = to_wire(dictionary.values(), target)?;
    // A column that is the same in every row is what most dictionaries of a block are.
    if values.len() == 1 && values.null_count() == 0 && dictionary.keys().null_count() == 0 {
        match target {
            DataType::Utf8 => return repeated::<Utf8Type>(&values, dictionary.len()),
            DataType::Binary => return repeated::<BinaryType>(&values, dictionary.len()),
            _ => {}
        }
    }
    take(&values, dictionary.keys(), None)
}

/// The one value of `values`, `count` times.
fn repeated<T: ByteArrayType<Offset = i32>>(values: &ArrayRef, count: usize) -> Result<ArrayRef> {
    let values = values.as_bytes::<T>();
    let bytes: &[u8] = values.value(0).as_ref();
    let total = bytes.len().checked_mul(count);
    if total.is_none_or(|total| i32::try_from(total).is_err()) {
        return Err(ArrowError::OffsetOverflowError(total.unwrap_or(usize::MAX)));
    }
    let offsets = OffsetBuffer::from_repeated_length(bytes.len(), count);
    let repeated = Buffer::from_vec(bytes.repeat(count));
    Ok(Arc::new(GenericByteArray::<T>::try_new(
        offsets, repeated, None,
    )?))
}

/// Bytes that the rows of `array` take in a record batch message, up to padding. What a slice
/// leaves out does not count, and neither do the values of a dictionary that stays one: they
/// travel in a message of their own.
pub(crate) fn wire_bytes(array: &dyn Array, flatten: bool) -> usize {
    let rows = array.len();
    let nulls = if array.null_count() > 0 {
        rows.div_ceil(8)
    } else {
        0
    };
    let data = match array.data_type() {
        DataType::Null => 0,
        DataType::Boolean => rows.div_ceil(8),
        DataType::FixedSizeBinary(width) => rows * *width as usize,
        DataType::Utf8 => offsets_bytes(array.as_string::<i32>().offsets()),
        DataType::LargeUtf8 => offsets_bytes(array.as_string::<i64>().offsets()),
        DataType::Binary => offsets_bytes(array.as_binary::<i32>().offsets()),
        DataType::LargeBinary => offsets_bytes(array.as_binary::<i64>().offsets()),
        DataType::Utf8View => rows * 4 + views_bytes(array.as_string_view().views()),
        DataType::BinaryView => rows * 4 + views_bytes(array.as_binary_view().views()),
        DataType::Dictionary(keys, _) if !flatten => rows * keys.primitive_width().unwrap_or(8),
        DataType::Dictionary(_, _) => flattened_bytes(array.as_any_dictionary()),
        DataType::Struct(_) => columns_bytes(array.as_struct().columns(), flatten),
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            list_bytes(list.offsets(), list.values(), flatten)
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            list_bytes(list.offsets(), list.values(), flatten)
        }
        DataType::FixedSizeList(_, _) => wire_bytes(array.as_fixed_size_list().values(), flatten),
        DataType::Map(_, _) => {
            let map = array.as_map();
            let (offsets, values) = (map.offsets(), map.entries());
            let first = offsets.first().map_or(0, |first| *first as usize);
            let last = offsets.last().map_or(0, |last| *last as usize);
            rows * 4 + wire_bytes(&values.slice(first, last - first), flatten)
        }
        other => match other.primitive_width() {
            Some(width) => rows * width,
            None => array.to_data().get_slice_memory_size().unwrap_or(0),
        },
    };
    nulls + data
}

/// The sum over the columns of a batch or a struct.
pub(crate) fn columns_bytes(columns: &[ArrayRef], flatten: bool) -> usize {
    columns
        .iter()
        .map(|column| wire_bytes(column, flatten))
        .sum()
}

fn offsets_bytes<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>) -> usize {
    let first = offsets.first().copied().unwrap_or_default();
    let last = offsets.last().copied().unwrap_or_default();
    size_of_val::<[O]>(offsets) + (last - first).as_usize()
}

fn list_bytes<O: OffsetSizeTrait>(
    offsets: &OffsetBuffer<O>,
    values: &ArrayRef,
    flatten: bool,
) -> usize {
    let (_, values) = referenced(offsets, values);
    size_of_val::<[O]>(offsets) + wire_bytes(&values, flatten)
}

/// The low half of a view's first word is its length.
fn views_bytes(views: &[u128]) -> usize {
    views.iter().map(|view| *view as u32 as usize).sum()
}

/// What the values would take, once for every key that names them.
fn flattened_bytes(dictionary: &dyn AnyDictionaryArray) -> usize {
    let values = dictionary.values();
    let rows = dictionary.len();
    if values.is_empty() {
        return 0;
    }
    if values.len() == 1 {
        return rows * wire_bytes(values, true);
    }
    let lengths: Vec<usize> = match values.data_type() {
        DataType::Utf8 => lengths(values.as_string::<i32>().offsets()),
        DataType::Binary => lengths(values.as_binary::<i32>().offsets()),
        DataType::LargeUtf8 => lengths(values.as_string::<i64>().offsets()),
        DataType::LargeBinary => lengths(values.as_binary::<i64>().offsets()),
        other => match other.primitive_width() {
            Some(width) => return rows * width,
            None => (0..values.len())
                .map(|at| wire_bytes(&values.slice(at, 1), true))
                .collect(),
        },
    };
    let keys = dictionary.normalized_keys();
    rows * 4 + keys.iter().map(|key| lengths[*key]).sum::<usize>()
}

fn lengths<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>) -> Vec<usize> {
    offsets
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).as_usize())
        .collect()
}

#[cfg(test)]
mod tests;
