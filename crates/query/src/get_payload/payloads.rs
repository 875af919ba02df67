//! Payloads as one column, and the memory that it takes.

use std::sync::Arc;

use bytes::Bytes;
use datafusion::arrow::array::{ArrayRef, BinaryArray};
use datafusion::arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryReservation;

/// Bytes of the payloads of one batch, below the 2 GiB that a column can hold.
const MAX_BYTES: usize = 1 << 30;

/// The sum of the sizes of payloads, if that many fit into a column.
pub(super) fn total_bytes(function: &str, sizes: impl IntoIterator<Item = i64>) -> Result<usize> {
    let sizes = sizes.into_iter();
    let total: u64 = sizes.map(i64::unsigned_abs).fold(0, u64::saturating_add);
    match usize::try_from(total) {
        Ok(total) if total <= MAX_BYTES => Ok(total),
        _ => exec_err!(
            "{function}: the payloads of one batch take {total} bytes, more than the {MAX_BYTES} \
             that fit: ask for fewer of them at a time"
        ),
    }
}

/// One row per payload; `bytes` is the sum of their sizes. The reservation shrinks to that,
/// and ends with the column.
pub(super) fn concatenate<'a>(
    rows: impl Iterator<Item = Option<&'a Bytes>> + Clone,
    bytes: usize,
    memory: MemoryReservation,
) -> Result<ArrayRef> {
    let mut values = Vec::with_capacity(bytes);
    for payload in rows.clone().flatten() {
        values.extend_from_slice(payload);
    }
    memory.try_resize(values.len())?;
    let lengths = rows.clone().map(|payload| payload.map_or(0, Bytes::len));
    let offsets = OffsetBuffer::from_lengths(lengths);
    let nulls: NullBuffer = rows.map(|payload| payload.is_some()).collect();
    let values = Buffer::from(Bytes::from_owner(Held {
        values,
        _memory: memory,
    }));
    Ok(Arc::new(BinaryArray::try_new(
        offsets,
        values,
        Some(nulls),
    )?))
}

/// Bytes and what is reserved for them.
struct Held {
    values: Vec<u8>,
    _memory: MemoryReservation,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.values
    }
}
