//! The columns of a batch, chosen and ordered by their indices in the table's schema.

use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int32Array, TimestampNanosecondArray};
use arrow::datatypes::{Int32Type, Schema, SchemaRef};
use model::TimeNs;

use super::ChainTable;
use crate::column::UTC;
use crate::error::{Error, Result};

/// Schema and columns of the batches; `all` = the columns of the table.
pub(super) fn project<C: Copy>(
    table: ChainTable,
    all: &[C],
    projection: Option<&[usize]>,
) -> Result<(SchemaRef, Vec<C>)> {
    let schema = table.schema();
    let Some(projection) = projection else {
        return Ok((schema, all.to_vec()));
    };
    let mut columns = Vec::with_capacity(projection.len());
    let mut fields = Vec::with_capacity(projection.len());
    for &index in projection {
        let column = all.get(index).ok_or(Error::NoSuchColumn { index })?;
        columns.push(*column);
        fields.push(Arc::clone(&schema.fields()[index]));
    }
    Ok((Arc::new(Schema::new(fields)), columns))
}

/// A dictionary column: the index of each row's value among `values`.
pub(super) fn dictionary(keys: Vec<i32>, values: &ArrayRef) -> Result<ArrayRef> {
    let keys = Int32Array::new(keys.into(), None);
    let array = DictionaryArray::<Int32Type>::try_new(keys, Arc::clone(values))?;
    Ok(Arc::new(array))
}

pub(super) fn timestamps(times: Vec<TimeNs>) -> ArrayRef {
    Arc::new(TimestampNanosecondArray::from(times).with_timezone(UTC))
}
