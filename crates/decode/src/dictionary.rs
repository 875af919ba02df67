//! Per-block dictionaries: a value gets its index at first use, a row only writes it.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, GenericByteArray, Int32Array};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{BinaryType, ByteArrayType, Int32Type, Utf8Type};
use arrow::error::ArrowError;
use wire::transit::Dependencies;

use crate::error::{EventProblem, Result};
use crate::jsonb::jsonb_object;

/// Bytes of all property documents of one block, also of those that turn out equal.
const MAX_PROPERTY_BYTES: usize = 128 * 1024 * 1024;

/// A dependency that has no index yet.
const NO_KEY: i32 = -1;

/// Distinct values in the order of their first use.
#[derive(Debug)]
pub(crate) struct Interner {
    keys: HashMap<Box<[u8]>, i32>,
    bytes: Vec<u8>,
    offsets: Vec<i32>,
}

impl Interner {
    pub(crate) fn new() -> Self {
        Self {
            keys: HashMap::new(),
            bytes: Vec::new(),
            offsets: vec![0],
        }
    }

    /// The callers bound what they intern far below the 2 GiB of an Arrow array.
    pub(crate) fn key(&mut self, value: &[u8]) -> i32 {
        if let Some(&key) = self.keys.get(value) {
            return key;
        }
        let key = self.keys.len() as i32;
        self.keys.insert(value.into(), key);
        self.bytes.extend_from_slice(value);
        self.offsets.push(self.bytes.len() as i32);
        key
    }

    /// The value with that index.
    pub(crate) fn value(&self, key: i32) -> Option<&[u8]> {
        let key = usize::try_from(key).ok()?;
        let (start, end) = (*self.offsets.get(key)?, *self.offsets.get(key + 1)?);
        self.bytes.get(start as usize..end as usize)
    }

    /// Bytes of all values.
    pub(crate) fn value_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Memory that the values take, each kept twice, roughly.
    pub(crate) fn memory_bytes(&self) -> usize {
        let entry = size_of::<(Box<[u8]>, i32)>() + size_of::<i32>();
        2 * self.bytes.len() + self.keys.len() * entry
    }

    pub(crate) fn values<T: ByteArrayType<Offset = i32>>(&self) -> Result<ArrayRef, ArrowError> {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets.clone()));
        let bytes = Buffer::from_slice_ref(&self.bytes);
        GenericByteArray::<T>::try_new(offsets, bytes, None).map(|values| Arc::new(values) as _)
    }
}

/// A dictionary column whose values are texts, most of them among the dependencies.
#[derive(Debug)]
pub(crate) struct TextColumn {
    column: KeyColumn,
}

/// A dictionary column whose values are property sets among the dependencies.
#[derive(Debug)]
pub(crate) struct PropertyColumn {
    column: KeyColumn,
    empty: i32,
    /// Bytes of the documents made so far.
    made: usize,
}

/// Keys of the current batch, and the dictionary of the whole block. A column that
/// nobody asked for keeps neither.
#[derive(Debug)]
struct KeyColumn {
    wanted: bool,
    /// Index of each dependency, by position.
    by_dependency: Vec<i32>,
    interner: Interner,
    values: Option<ArrayRef>,
    keys: Vec<i32>,
}

impl KeyColumn {
    fn new(wanted: bool, dependencies: usize) -> Self {
        let length = if wanted { dependencies } else { 0 };
        Self {
            wanted,
            by_dependency: vec![NO_KEY; length],
            interner: Interner::new(),
            values: None,
            keys: Vec::new(),
        }
    }

    /// The index of a dependency seen before; 0 for every one in an unwanted column.
    fn known(&self, position: u32) -> Option<i32> {
        match self.by_dependency.get(position as usize) {
            Some(&NO_KEY) => None,
            Some(&key) => Some(key),
            None => Some(0),
        }
    }

    fn learn(&mut self, position: u32, value: &[u8]) -> i32 {
        let key = self.interner.key(value);
        self.by_dependency[position as usize] = key;
        key
    }

    fn freeze<T: ByteArrayType<Offset = i32>>(&mut self) -> Result<(), ArrowError> {
        if self.wanted {
            self.values = Some(self.interner.values::<T>()?);
        }
        Ok(())
    }

    fn reserve(&mut self, rows: usize) {
        if self.wanted {
            self.keys.reserve_exact(rows);
        }
    }

    #[inline]
    fn push(&mut self, key: i32) {
        if self.wanted {
            self.keys.push(key);
        }
    }

    fn finish(&mut self) -> Result<Option<ArrayRef>, ArrowError> {
        let Some(values) = &self.values else {
            return Ok(None);
        };
        let keys = Int32Array::new(std::mem::take(&mut self.keys).into(), None);
        let array = DictionaryArray::<Int32Type>::try_new(keys, Arc::clone(values))?;
        Ok(Some(Arc::new(array)))
    }
}

impl TextColumn {
    pub(crate) fn new(wanted: bool, dependencies: &Dependencies) -> Self {
        Self {
            column: KeyColumn::new(wanted, dependencies.len()),
        }
    }

    /// Without a text that is a dependency.
    pub(crate) fn of_literals(wanted: bool) -> Self {
        Self {
            column: KeyColumn::new(wanted, 0),
        }
    }

    /// Index of a dependency that is a text.
    pub(crate) fn key(&mut self, dependencies: &Dependencies, position: u32) -> i32 {
        self.column.known(position).unwrap_or_else(|| {
            let text = dependencies.text(position).unwrap_or_default();
            self.column.learn(position, text.as_bytes())
        })
    }

    /// Index of a text that no dependency holds.
    pub(crate) fn literal(&mut self, text: &str) -> i32 {
        match self.column.wanted {
            true => self.column.interner.key(text.as_bytes()),
            false => 0,
        }
    }

    /// Bytes of all distinct texts so far.
    pub(crate) fn text_len(&self) -> usize {
        self.column.interner.bytes.len()
    }

    /// Every text is known by now; the dictionary is the same for all batches.
    pub(crate) fn freeze(&mut self) -> Result<(), ArrowError> {
        self.column.freeze::<Utf8Type>()
    }

    pub(crate) fn reserve(&mut self, rows: usize) {
        self.column.reserve(rows);
    }

    #[inline]
    pub(crate) fn push(&mut self, key: i32) {
        self.column.push(key);
    }

    pub(crate) fn finish(&mut self) -> Result<Option<ArrayRef>, ArrowError> {
        self.column.finish()
    }
}

impl PropertyColumn {
    pub(crate) fn new(wanted: bool, dependencies: &Dependencies) -> Self {
        Self {
            column: KeyColumn::new(wanted, dependencies.len()),
            empty: NO_KEY,
            made: 0,
        }
    }

    /// Index of a dependency that is a property set.
    pub(crate) fn key(
        &mut self,
        dependencies: &Dependencies,
        position: u32,
    ) -> Result<i32, EventProblem> {
        if let Some(key) = self.column.known(position) {
            return Ok(key);
        }
        let set = dependencies.properties(position).into_iter().flatten();
        // Sets may share long texts, so the documents can outgrow the dependencies.
        self.made += 4 + set
            .clone()
            .map(|(k, v)| 8 + k.len() + v.len())
            .sum::<usize>();
        if self.made > MAX_PROPERTY_BYTES {
            let max = MAX_PROPERTY_BYTES;
            return Err(EventProblem::TooManyProperties { max });
        }
        Ok(self.column.learn(position, &jsonb_object(set)))
    }

    /// Index of the set without properties.
    pub(crate) fn empty(&mut self) -> i32 {
        if self.empty == NO_KEY {
            self.empty = match self.column.wanted {
                true => self.column.interner.key(&jsonb_object([])),
                false => 0,
            };
        }
        self.empty
    }

    /// Every set is known by now; the dictionary is the same for all batches.
    pub(crate) fn freeze(&mut self) -> Result<(), ArrowError> {
        self.column.freeze::<BinaryType>()
    }

    pub(crate) fn reserve(&mut self, rows: usize) {
        self.column.reserve(rows);
    }

    #[inline]
    pub(crate) fn push(&mut self, key: i32) {
        self.column.push(key);
    }

    pub(crate) fn finish(&mut self) -> Result<Option<ArrayRef>, ArrowError> {
        self.column.finish()
    }
}
