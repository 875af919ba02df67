//! Walking a decompressed buffer from entry to entry.

use super::{EntryError, Problem, TypeLayout, TypeTable};

/// The entries of a buffer, in order. Ends after the first corrupt one.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    types: &'a [TypeLayout],
    buffer: &'a [u8],
    position: usize,
}

/// One entry, not yet interpreted.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    pub type_index: u8,
    pub layout: &'a TypeLayout,
    /// Where the entry starts in its buffer.
    pub offset: usize,
    /// The instance, without type and length; `layout.size` bytes unless dynamic.
    pub body: &'a [u8],
}

impl<'a> Entries<'a> {
    pub fn new(types: &'a TypeTable, buffer: &'a [u8]) -> Self {
        Self::resume(types, buffer, 0)
    }

    /// Go on at a [`position`](Self::position) of an earlier walk.
    pub fn resume(types: &'a TypeTable, buffer: &'a [u8], position: usize) -> Self {
        Self {
            types: types.types(),
            buffer,
            position,
        }
    }

    /// Where the next entry starts.
    pub const fn position(&self) -> usize {
        self.position
    }

    #[inline]
    fn read(&self, type_index: u8) -> Result<(Entry<'a>, usize), Problem> {
        let types = self.types.len();
        let layout = self.types.get(usize::from(type_index));
        let layout = layout.ok_or(Problem::UnknownType { types })?;
        let mut rest = self.buffer.get(self.position + 1..).unwrap_or_default();
        let mut length = layout.size as usize;
        if layout.is_dynamic() {
            let (head, after) = rest.split_first_chunk().ok_or(Problem::PastEnd)?;
            length = u32::from_le_bytes(*head) as usize;
            rest = after;
        }
        let body = rest.get(..length).ok_or(Problem::PastEnd)?;
        let entry = Entry {
            type_index,
            layout,
            offset: self.position,
            body,
        };
        Ok((entry, self.buffer.len() - rest.len() + length))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, EntryError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let type_index = *self.buffer.get(self.position)?;
        match self.read(type_index) {
            Ok((entry, end)) => {
                self.position = end;
                Some(Ok(entry))
            }
            Err(problem) => {
                let offset = self.position;
                self.position = self.buffer.len();
                Some(Err(EntryError {
                    type_index,
                    offset,
                    problem,
                }))
            }
        }
    }
}

impl Entry<'_> {
    /// Blame this entry.
    pub fn error(&self, problem: impl Into<Problem>) -> EntryError {
        EntryError {
            type_index: self.type_index,
            offset: self.offset,
            problem: problem.into(),
        }
    }
}
