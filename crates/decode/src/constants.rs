//! The columns that have one value for all rows of a block.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, DictionaryArray, Int32Array, StringArray, TimestampNanosecondArray,
};
use arrow::datatypes::Int32Type;

use crate::batches::BlockSource;
use crate::column::{Column, UTC};
use crate::error::Result;
use crate::jsonb::properties_to_jsonb;

/// Full-length arrays of the constant columns; a batch takes slices.
#[derive(Debug)]
pub(crate) struct Constants {
    arrays: Vec<(Column, ArrayRef)>,
}

impl Constants {
    /// `rows` = the most a batch will have.
    pub(crate) fn new(source: &BlockSource, columns: &[Column], rows: usize) -> Result<Self> {
        // One index for every row; all dictionaries share the buffer.
        let keys = Int32Array::from(vec![0; rows]);
        let mut arrays = Vec::new();
        for &column in columns.iter().filter(|column| !column.varies()) {
            let array: ArrayRef = match one_value(source, column) {
                Some(value) => {
                    Arc::new(DictionaryArray::<Int32Type>::try_new(keys.clone(), value)?)
                }
                None => {
                    let times = TimestampNanosecondArray::from_value(source.insert_time.0, rows);
                    Arc::new(times.with_timezone(UTC))
                }
            };
            arrays.push((column, array));
        }
        Ok(Self { arrays })
    }

    /// The first `rows` values of a column, if it is a constant one.
    pub(crate) fn get(&self, column: Column, rows: usize) -> Option<ArrayRef> {
        let found = self
            .arrays
            .iter()
            .find(|(candidate, _)| *candidate == column);
        found.map(|(_, array)| array.slice(0, rows))
    }
}

/// The only value of a dictionary column; None for the insert time, which has no
/// dictionary.
fn one_value(source: &BlockSource, column: Column) -> Option<ArrayRef> {
    let process = &source.process;
    let text = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value])) };
    Some(match column {
        Column::ProcessId => text(&source.block.process_id.to_string()),
        Column::StreamId => text(&source.block.stream_id.to_string()),
        Column::BlockId => text(&source.block.block_id.to_string()),
        Column::Exe => text(&process.exe),
        Column::Username => text(&process.username),
        Column::Computer => text(&process.computer),
        Column::ProcessProperties => {
            let properties = properties_to_jsonb(&process.properties);
            Arc::new(BinaryArray::from_vec(vec![&properties]))
        }
        _ => return None,
    })
}
