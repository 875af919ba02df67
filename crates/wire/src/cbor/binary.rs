//! Bytes, in the spellings of all producers.

use std::borrow::Cow;

use minicbor::data::Type;

use super::{Reader, Result, broken, is_integer};

/// An integer array that stands for bytes announces its own length; only this much
/// of the announcement is believed before the elements are seen.
const BYTE_ARRAY_CAPACITY: u64 = 4096;

impl<'b> Reader<'b> {
    /// A byte string, or the array of integers 0 to 255 that older producers sent in
    /// its place. A byte string in one piece is borrowed.
    pub(crate) fn binary(&mut self, key: &'static str) -> Result<Cow<'b, [u8]>> {
        match self.kind()? {
            Type::Bytes => {
                let bytes = self.decoder.bytes().map_err(|e| self.broken(&e))?;
                Ok(Cow::Borrowed(bytes))
            }
            Type::BytesIndef => self.chunked_bytes().map(Cow::Owned),
            Type::Array | Type::ArrayIndef => self.byte_array(key).map(Cow::Owned),
            kind => Err(self.wrong_type(key, "bytes", kind)),
        }
    }

    fn chunked_bytes(&mut self) -> Result<Vec<u8>> {
        let offset = self.position();
        let mut bytes = Vec::new();
        let chunks = self.decoder.bytes_iter().map_err(|e| broken(offset, &e))?;
        for chunk in chunks {
            bytes.extend_from_slice(chunk.map_err(|e| broken(offset, &e))?);
        }
        Ok(bytes)
    }

    fn byte_array(&mut self, key: &'static str) -> Result<Vec<u8>> {
        let mut length = self.array(key)?;
        let capacity = length.unwrap_or(0).min(BYTE_ARRAY_CAPACITY);
        let mut bytes = Vec::with_capacity(usize::try_from(capacity).unwrap_or(0));
        while self.has_next(&mut length)? {
            let kind = self.kind()?;
            if !is_integer(kind) {
                return Err(self.wrong_type(key, "an integer", kind));
            }
            bytes.push(self.decoder.u8().map_err(|e| self.out_of_range(key, &e))?);
        }
        Ok(bytes)
    }
}
