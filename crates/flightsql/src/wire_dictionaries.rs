//! Dictionaries that stay dictionaries, in the form that all readers take.

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, GenericByteArray, PrimitiveArray, UInt64Array,
};
use arrow::compute::take;
use arrow::datatypes::{
    ArrowDictionaryKeyType, ArrowNativeType, BinaryType, ByteArrayType, DataType, Int16Type,
    Int32Type, LargeBinaryType, LargeUtf8Type, Utf8Type,
};
use arrow::error::ArrowError;
use std::collections::HashMap;
use std::sync::Arc;

/// The same rows over a dictionary whose values are distinct, not null, and all in use.
///
/// Joined batches repeat values, which pandas refuses in a categorical column; and after a filter
/// or a limit few rows carry the dictionary of many, which travels with every batch. Columns that
/// are not dictionaries of text or bytes, and dictionaries inside of other types, stay as they are.
pub(crate) fn normalised(array: ArrayRef) -> Result<ArrayRef, ArrowError> {
    let DataType::Dictionary(keys, _) = array.data_type() else {
        return Ok(array);
    };
    let rebuilt = match keys.as_ref() {
        DataType::Int32 => with_values_of::<Int32Type>(array.as_dictionary())?,
        DataType::Int16 => with_values_of::<Int16Type>(array.as_dictionary())?,
        _ => None,
    };
    Ok(rebuilt.unwrap_or(array))
}

fn with_values_of<K: ArrowDictionaryKeyType>(
    dictionary: &DictionaryArray<K>,
) -> Result<Option<ArrayRef>, ArrowError> {
    let values = dictionary.values();
    match values.data_type() {
        DataType::Utf8 => rebuilt(dictionary, values.as_bytes::<Utf8Type>()),
        DataType::Binary => rebuilt(dictionary, values.as_bytes::<BinaryType>()),
        DataType::LargeUtf8 => rebuilt(dictionary, values.as_bytes::<LargeUtf8Type>()),
        DataType::LargeBinary => rebuilt(dictionary, values.as_bytes::<LargeBinaryType>()),
        _ => Ok(None),
    }
}

/// `None` when the dictionary is in that form already.
fn rebuilt<K: ArrowDictionaryKeyType, T: ByteArrayType>(
    dictionary: &DictionaryArray<K>,
    values: &GenericByteArray<T>,
) -> Result<Option<ArrayRef>, ArrowError> {
    if values.len() == 1 && values.null_count() == 0 {
        return Ok(None);
    }
    let mut distinct = Distinct::new(values);
    let keys = dictionary
        .keys()
        .iter()
        .map(|key| {
            let new = distinct.key_of(key?.as_usize())?;
            Some(K::Native::usize_as(new))
        })
        .collect::<PrimitiveArray<K>>();
    if distinct.kept.len() == values.len() {
        return Ok(None);
    }
    let values = take(values, &UInt64Array::from(distinct.kept), None)?;
    Ok(Some(Arc::new(DictionaryArray::try_new(keys, values)?)))
}

/// The values met so far, in the order of their first use.
struct Distinct<'a, T: ByteArrayType> {
    values: &'a GenericByteArray<T>,
    /// For each old key that was met, its new one.
    new_keys: Vec<Option<usize>>,
    seen: HashMap<&'a [u8], usize>,
    kept: Vec<u64>,
}

impl<'a, T: ByteArrayType> Distinct<'a, T> {
    fn new(values: &'a GenericByteArray<T>) -> Self {
        Self {
            values,
            new_keys: vec![None; values.len()],
            seen: HashMap::new(),
            kept: Vec::new(),
        }
    }

    /// The key of the value that `old` is the key of; `None` for a null.
    fn key_of(&mut self, old: usize) -> Option<usize> {
        if let Some(new) = self.new_keys[old] {
            return Some(new);
        }
        if self.values.is_null(old) {
            return None;
        }
        let value: &[u8] = self.values.value(old).as_ref();
        let new = *self.seen.entry(value).or_insert_with(|| {
            self.kept.push(old as u64);
            self.kept.len() - 1
        });
        self.new_keys[old] = Some(new);
        Some(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{BinaryArray, Int16Array, Int32Array, Int64Array, StringArray};

    fn check(array: &ArrayRef, keys: &[Option<i32>], values: ArrayRef) {
        let array = normalised(Arc::clone(array)).unwrap();
        let dictionary = array.as_any_dictionary();
        let found = arrow::compute::cast(dictionary.keys(), &DataType::Int32).unwrap();
        let expected: ArrayRef = Arc::new(Int32Array::from(keys.to_vec()));
        assert_eq!(&found, &expected);
        assert_eq!(dictionary.values(), &values);
    }

    fn strings(values: &[Option<&str>]) -> ArrayRef {
        Arc::new(StringArray::from(values.to_vec()))
    }

    fn dictionary(keys: &[Option<i32>], values: ArrayRef) -> ArrayRef {
        let keys = Int32Array::from(keys.to_vec());
        Arc::new(DictionaryArray::<Int32Type>::new(keys, values))
    }

    #[test]
    fn repeated_unused_and_null_values_go() {
        let (a, b) = (Some("a"), Some("b"));
        let keys = [Some(2), Some(0), None, Some(1), Some(2)];
        check(
            &dictionary(&keys, strings(&[a, a, b])),
            &[Some(0), Some(1), None, Some(1), Some(0)],
            strings(&[b, a]),
        );
        check(
            &dictionary(&[Some(1)], strings(&[a, b])),
            &[Some(0)],
            strings(&[b]),
        );
        check(
            &dictionary(&[Some(0), Some(1)], strings(&[None, a])),
            &[None, Some(0)],
            strings(&[a]),
        );
        check(
            &dictionary(&[Some(0)], strings(&[None])),
            &[None],
            strings(&[]),
        );
        check(
            &dictionary(&[None], strings(&[a, b])),
            &[None],
            strings(&[]),
        );
        check(&dictionary(&[], strings(&[])), &[], strings(&[]));
        let bytes: ArrayRef = Arc::new(BinaryArray::from_vec(vec![b"x", b"x"]));
        check(
            &dictionary(&[Some(1), Some(0)], bytes),
            &[Some(0), Some(0)],
            Arc::new(BinaryArray::from_vec(vec![b"x"])),
        );
        let narrow =
            DictionaryArray::<Int16Type>::new(Int16Array::from(vec![1, 0]), strings(&[a, a]));
        let narrow: ArrayRef = Arc::new(narrow);
        check(&narrow, &[Some(0), Some(0)], strings(&[a]));
    }

    #[test]
    fn what_is_in_order_is_left_alone() {
        for array in [
            dictionary(&[Some(1), Some(0)], strings(&[Some("a"), Some("b")])),
            dictionary(&[Some(0), Some(0)], strings(&[Some("a")])),
            dictionary(&[Some(0)], Arc::new(Int64Array::from(vec![1, 1]))),
            strings(&[Some("a")]),
        ] {
            let same = normalised(Arc::clone(&array)).unwrap();
            assert!(Arc::ptr_eq(&array, &same));
        }
    }
}
