//! Bounds-checked reads from the bytes of one entry.

use super::Problem;

/// Reads little-endian values from the front of a slice.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    #[inline]
    pub fn u8(&mut self) -> Result<u8, Problem> {
        self.array().map(u8::from_le_bytes)
    }

    #[inline]
    pub fn u32(&mut self) -> Result<u32, Problem> {
        self.array().map(u32::from_le_bytes)
    }

    #[inline]
    pub fn u64(&mut self) -> Result<u64, Problem> {
        self.array().map(u64::from_le_bytes)
    }

    #[inline]
    pub fn i64(&mut self) -> Result<i64, Problem> {
        self.array().map(i64::from_le_bytes)
    }

    #[inline]
    pub fn bytes(&mut self, length: usize) -> Result<&'a [u8], Problem> {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(Problem::TooShort)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Everything that is left.
    #[inline]
    pub const fn rest(self) -> &'a [u8] {
        self.rest
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Problem::TooShort)?;
        self.rest = rest;
        Ok(*taken)
    }
}

/// The value bytes of a member at `offset` of an instance.
#[inline]
pub fn read_array<const N: usize>(instance: &[u8], offset: u32) -> Result<[u8; N], Problem> {
    let value = instance
        .get(offset as usize..)
        .and_then(<[u8]>::first_chunk);
    value.copied().ok_or(Problem::TooShort)
}

#[inline]
pub(super) fn read_u64(instance: &[u8], offset: u32) -> Result<u64, Problem> {
    read_array(instance, offset).map(u64::from_le_bytes)
}
