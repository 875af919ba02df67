//! The elements of an array or the members of an object, one after the other.

#[cfg(test)]
mod tests;

use super::{ARRAY, CONTAINER, Document, ENTRY_LENGTH, HEADER_COUNT, OBJECT, SCALAR, split_u32};

/// A position between the elements of a document. It holds no reference, so that it can be
/// kept with whatever owns the bytes.
#[derive(Debug, Clone)]
pub(crate) struct Cursor {
    is_object: bool,
    count: usize,
    next: usize,
    /// Where the next key, of objects, and the next value begin.
    key_offset: usize,
    value_offset: usize,
}

/// An element of an array or a member of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    /// Of members of objects.
    pub(crate) key: Option<&'a str>,
    pub(crate) index: usize,
    entry: u32,
    body: &'a [u8],
}

impl Cursor {
    /// Before the first element; `None` of a document that is a scalar.
    pub(crate) fn new(document: &Document<'_>) -> Option<Self> {
        let bytes = document.raw.as_ref();
        let (header, _) = split_u32(bytes).ok()?;
        let count = (header & HEADER_COUNT) as usize;
        let is_object = match header & !HEADER_COUNT {
            ARRAY => false,
            OBJECT => true,
            _ => return None,
        };
        let mut cursor = Self {
            is_object,
            count,
            next: 0,
            key_offset: 4 + 4 * count * if is_object { 2 } else { 1 },
            value_offset: 0,
        };
        let keys = if is_object { count } else { 0 };
        let key_bytes: usize = (0..keys)
            .map(|index| Some(length(cursor.entry(bytes, index)?)))
            .sum::<Option<usize>>()?;
        cursor.value_offset = cursor.key_offset + key_bytes;
        Some(cursor)
    }

    pub(crate) const fn is_object(&self) -> bool {
        self.is_object
    }

    /// The next element of the document that the cursor was made for.
    pub(crate) fn next<'a>(&mut self, bytes: &'a [u8]) -> Option<Element<'a>> {
        if self.next == self.count {
            return None;
        }
        let index = self.next;
        let key = if self.is_object {
            let end = self.key_offset + length(self.entry(bytes, index)?);
            let key = bytes.get(self.key_offset..end)?;
            self.key_offset = end;
            Some(std::str::from_utf8(key).ok()?)
        } else {
            None
        };
        let values = if self.is_object { self.count } else { 0 };
        let entry = self.entry(bytes, values + index)?;
        let end = self.value_offset + length(entry);
        let body = bytes.get(self.value_offset..end)?;
        self.value_offset = end;
        self.next += 1;
        Some(Element {
            key,
            index,
            entry,
            body,
        })
    }

    fn entry(&self, bytes: &[u8], index: usize) -> Option<u32> {
        let begin = 4 + 4 * index;
        let entry = bytes.get(begin..begin + 4)?;
        Some(u32::from_be_bytes(entry.try_into().ok()?))
    }
}

const fn length(entry: u32) -> usize {
    (entry & ENTRY_LENGTH) as usize
}

impl Element<'_> {
    /// The bytes of key and value.
    pub(crate) fn len(&self) -> usize {
        self.key.map_or(0, str::len) + self.body.len()
    }

    /// Appends the value as a document of its own.
    pub(crate) fn write(&self, document: &mut Vec<u8>) {
        // Arrays and objects are documents already; a scalar gets a container.
        if self.entry & !ENTRY_LENGTH != CONTAINER {
            document.extend(SCALAR.to_be_bytes());
            document.extend(self.entry.to_be_bytes());
        }
        document.extend(self.body);
    }
}
