//! Lists and maps: each row is a range of a child column.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, ListLikeArray, MapArray};
use arrow::datatypes::ArrowNativeType;

use super::ConversionError;
use super::column::Column;
use super::fields::close_object;
use super::row_is_full;

/// A list of any of the five list types.
#[derive(Debug)]
pub(super) struct ListColumn {
    ranges: Vec<Range<usize>>,
    items: Column,
}

impl ListColumn {
    pub(super) fn new(array: &impl ListLikeArray) -> Result<Self, ConversionError> {
        let ranges = (0..array.len())
            .map(|row| match array.is_null(row) {
                true => 0..0,
                false => array.element_range(row),
            })
            .collect();
        let (ranges, used) = rebased(ranges);
        let items = Column::new(&array.values().slice(used.start, used.len()))?;
        Ok(Self { ranges, items })
    }

    /// Writes one array. Null elements keep their place.
    pub(super) fn write(&mut self, row: usize, out: &mut Vec<u8>) {
        out.push(b'[');
        let range = self.ranges[row].clone();
        let first = range.start;
        for item in range {
            if row_is_full(out) {
                break;
            }
            if item != first {
                out.push(b',');
            }
            if self.items.is_null(item) {
                out.extend_from_slice(b"null");
            } else {
                self.items.write(item, out);
            }
        }
        out.push(b']');
    }
}

/// A map with string keys.
#[derive(Debug)]
pub(super) struct MapColumn {
    ranges: Vec<Range<usize>>,
    keys: Column,
    values: Column,
}

impl MapColumn {
    pub(super) fn new(array: &MapArray) -> Result<Self, ConversionError> {
        let offsets = array.value_offsets();
        let ranges = (0..array.len())
            .map(|row| match array.is_null(row) {
                true => 0..0,
                false => offsets[row].as_usize()..offsets[row + 1].as_usize(),
            })
            .collect();
        let (ranges, used) = rebased(ranges);
        let part = |array: &ArrayRef| array.slice(used.start, used.len());
        let entries = array.entries().slice(used.start, used.len());
        let keys = Column::new(&part(array.keys()))?;
        let values = Column::new(&part(array.values()))?;
        let key_is_missing = |entry| entries.is_null(entry) || keys.is_null(entry);
        if ranges.iter().cloned().flatten().any(key_is_missing) {
            return Err(ConversionError::NullMapKey);
        }
        Ok(Self {
            ranges,
            keys,
            values,
        })
    }

    /// Writes one object without the keys whose value is null.
    pub(super) fn write(&mut self, row: usize, out: &mut Vec<u8>) {
        let start = out.len();
        for entry in self.ranges[row].clone() {
            if row_is_full(out) {
                break;
            }
            if !self.values.is_null(entry) {
                out.push(b',');
                self.keys.write(entry, out);
                out.push(b':');
                self.values.write(entry, out);
            }
        }
        close_object(start, out);
    }
}

/// Moves the ranges to where they lie in the part of the child that is used, and tells that
/// part: a slice of a large list must not cost the preparation of the whole child.
fn rebased(mut ranges: Vec<Range<usize>>) -> (Vec<Range<usize>>, Range<usize>) {
    let used = ranges.iter().filter(|range| !range.is_empty());
    let start = used.clone().map(|range| range.start).min().unwrap_or(0);
    let end = used.map(|range| range.end).max().unwrap_or(0);
    for range in &mut ranges {
        *range = if range.start < range.end {
            range.start - start..range.end - start
        } else {
            0..0
        };
    }
    (ranges, start..end)
}
