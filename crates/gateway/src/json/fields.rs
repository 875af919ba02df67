//! Objects: named columns side by side, the form of a row and of a struct value.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::Fields as ArrowFields;

use super::ConversionError;
use super::column::Column;
use super::text;

/// The `,"name":` texts of an object, in column order.
#[derive(Debug, Clone)]
pub(super) struct Keys(Arc<[Box<[u8]>]>);

impl Keys {
    /// Escapes the names; a repeated one gets the first free suffix `_2`, `_3`, …
    pub(super) fn new(fields: &ArrowFields) -> Self {
        let originals: HashSet<&str> = fields.iter().map(|field| field.name().as_str()).collect();
        let mut used: HashSet<String> = HashSet::with_capacity(fields.len());
        let keys = fields.iter().map(|field| {
            let name = free_name(field.name(), &originals, &used);
            let mut key = vec![b','];
            text::write_string(name.as_bytes(), &mut key);
            key.push(b':');
            used.insert(name);
            key.into_boxed_slice()
        });
        Self(keys.collect())
    }
}

/// The name itself at its first use, then the first suffix that no other column has.
fn free_name(name: &str, originals: &HashSet<&str>, used: &HashSet<String>) -> String {
    if !used.contains(name) {
        return name.to_owned();
    }
    (2..)
        .map(|number: u64| format!("{name}_{number}"))
        .find(|candidate| !used.contains(candidate) && !originals.contains(candidate.as_str()))
        .expect("there are more numbers than columns")
}

/// Prepared columns with their keys.
#[derive(Debug)]
pub(super) struct Fields {
    keys: Keys,
    columns: Vec<Column>,
}

impl Fields {
    pub(super) fn new(keys: &Keys, arrays: &[ArrayRef]) -> Result<Self, ConversionError> {
        let columns: Result<_, _> = arrays.iter().map(Column::new).collect();
        Ok(Self {
            keys: keys.clone(),
            columns: columns?,
        })
    }

    /// Writes one object without the keys whose value is null.
    pub(super) fn write(&mut self, row: usize, out: &mut Vec<u8>) {
        let start = out.len();
        for (key, column) in self.keys.0.iter().zip(&mut self.columns) {
            if !column.is_null(row) {
                out.extend_from_slice(key);
                column.write(row, out);
            }
        }
        close_object(start, out);
    }
}

/// Ends an object whose members each begin with a comma: the brace takes the place of the
/// first comma, so that no member needs to know whether it is the first.
pub(super) fn close_object(start: usize, out: &mut Vec<u8>) {
    match out.get_mut(start) {
        Some(first) => *first = b'{',
        None => out.push(b'{'),
    }
    out.push(b'}');
}
