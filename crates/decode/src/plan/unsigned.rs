//! Unsigned members of 8 or 32 bits: producers choose either width.

use wire::transit::{FieldKind, LayoutError, Problem, TypeLayout, read_array};

/// Where a small number lies, and how wide it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unsigned {
    offset: u32,
    is_byte: bool,
}

impl Unsigned {
    pub(super) fn new(owner: &TypeLayout, member: &'static str) -> Result<Self, LayoutError> {
        let (offset, kind) = owner.require(member, &[FieldKind::U8, FieldKind::U32])?;
        Ok(Self {
            offset,
            is_byte: kind == FieldKind::U8,
        })
    }

    #[inline]
    pub(crate) fn read(self, instance: &[u8]) -> Result<u32, Problem> {
        match self.is_byte {
            true => read_array(instance, self.offset).map(|[byte]| u32::from(byte)),
            false => read_array(instance, self.offset).map(u32::from_le_bytes),
        }
    }
}
