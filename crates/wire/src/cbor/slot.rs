//! The value of one expected map key while a map is being read.

use super::{Error, Reader, Result};

/// Filled at most once, then taken. A key given twice is refused: which of two
/// values the producer meant can not be known.
pub(crate) struct Slot<T> {
    key: &'static str,
    value: Option<T>,
}

impl<T> Slot<T> {
    pub(crate) const fn new(key: &'static str) -> Self {
        Self { key, value: None }
    }

    pub(crate) fn read<'b>(
        &mut self,
        reader: &mut Reader<'b>,
        read: impl FnOnce(&mut Reader<'b>, &'static str) -> Result<T>,
    ) -> Result<()> {
        if self.value.is_some() {
            return Err(Error::DuplicateKey { key: self.key });
        }
        self.value = Some(read(reader, self.key)?);
        Ok(())
    }

    pub(crate) fn take(self) -> Result<T> {
        self.value.ok_or(Error::MissingKey { key: self.key })
    }
}
