//! The older storage of properties: a list of structs of key and value.

use arrow::array::{Array, ArrayRef, AsArray, ListArray, StringArray, StructArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use jsonb::Value;

use crate::error::Error;

/// A column of property lists.
#[derive(Debug)]
pub(crate) struct PropertyLists<'a> {
    lists: &'a ListArray,
    entries: &'a StructArray,
    keys: StringArray,
    values: StringArray,
}

impl<'a> PropertyLists<'a> {
    pub(crate) fn new(function: &'static str, lists: &'a ArrayRef) -> Result<Self> {
        let layout = || Error::Layout { function };
        let lists: &ListArray = lists.as_list_opt().ok_or_else(layout)?;
        let entries = lists.values().as_struct_opt().ok_or_else(layout)?;
        let texts = |name: &str| -> Result<StringArray> {
            let column = entries.column_by_name(name).ok_or_else(layout)?;
            Ok(cast(column, &DataType::Utf8)?.as_string().clone())
        };
        Ok(Self {
            lists,
            entries,
            keys: texts("key")?,
            values: texts("value")?,
        })
    }

    /// Entries of one list in order; those without a key are skipped.
    fn entries(&self, index: usize) -> impl Iterator<Item = (&str, Option<&str>)> {
        let offsets = self.lists.value_offsets();
        let range = offsets[index] as usize..offsets[index + 1] as usize;
        range.filter_map(|entry| {
            if self.entries.is_null(entry) || self.keys.is_null(entry) {
                return None;
            }
            let value = self
                .values
                .is_valid(entry)
                .then(|| self.values.value(entry));
            Some((self.keys.value(entry), value))
        })
    }

    pub(crate) fn length(&self, index: usize) -> usize {
        self.entries(index).count()
    }

    /// The exact name, else the first that differs only by ASCII case.
    pub(crate) fn value(&self, index: usize, name: &str) -> Option<&str> {
        let exact = self.entries(index).find(|(key, _)| *key == name);
        let found = exact.or_else(|| {
            self.entries(index)
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
        });
        found.and_then(|(_, value)| value)
    }

    /// As a JSONB object of strings; of a repeated key the last value stays.
    pub(crate) fn to_jsonb(&self, index: usize) -> Vec<u8> {
        let members = self
            .entries(index)
            .map(|(key, value)| {
                let value = value.map_or(Value::Null, |value| Value::String(value.into()));
                (key.to_owned(), value)
            })
            .collect();
        Value::Object(members).to_vec()
    }
}
