//! Numbers for texts that come again and again.

use std::collections::HashMap;

use crate::protos::{EventCategory, EventName, InternedData, SourceLocation};
use crate::writer::Span;

/// What the tables may hold, about. A program has a few thousand call sites, of a hundred
/// bytes each; only names that are made up as it runs come to more.
const BYTES_MAX: usize = 4 << 20;

/// What an entry takes beside its text, about.
const ENTRY_BYTES: usize = 64;

/// Of names, categories and source locations, each with ids of its own.
#[derive(Debug, Default)]
pub(crate) struct Interning {
    names: Texts,
    categories: Texts,
    /// Parts of the keys of locations.
    files: Texts,
    locations: HashMap<(u64, u32), u64>,
}

/// What a packet says instead of the texts of its span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ids {
    pub name: u64,
    pub category: u64,
    pub location: u64,
}

impl Interning {
    /// The ids of a span, and what of them the first packet has to define.
    pub fn intern(&mut self, span: &Span<'_>) -> (Ids, InternedData) {
        let mut defined = InternedData::default();
        let (name, is_new) = self.names.id(span.name);
        if is_new {
            defined.event_names.push(EventName {
                iid: Some(name),
                name: Some(span.name.to_owned()),
            });
        }
        let (category, is_new) = self.categories.id(span.target);
        if is_new {
            defined.event_categories.push(EventCategory {
                iid: Some(category),
                name: Some(span.target.to_owned()),
            });
        }
        let (location, is_new) = self.location(span.file, span.line);
        if is_new {
            defined.source_locations.push(SourceLocation {
                iid: Some(location),
                file_name: Some(span.file.to_owned()),
                line_number: Some(span.line),
            });
        }
        let ids = Ids {
            name,
            category,
            location,
        };
        (ids, defined)
    }

    fn location(&mut self, file: &str, line: u32) -> (u64, bool) {
        let (file, _) = self.files.id(file);
        let next = self.locations.len() as u64 + 1;
        let id = *self.locations.entry((file, line)).or_insert(next);
        (id, id == next)
    }

    pub fn memory_bytes(&self) -> usize {
        let texts = [&self.names, &self.categories, &self.files].map(|texts| texts.bytes);
        texts.iter().sum::<usize>() + self.locations.len() * ENTRY_BYTES
    }

    /// Whether it is time to forget everything.
    pub fn is_full(&self) -> bool {
        self.memory_bytes() >= BYTES_MAX
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Numbered from 1 in the order of their first use.
#[derive(Debug, Default)]
struct Texts {
    ids: HashMap<Box<str>, u64>,
    bytes: usize,
}

impl Texts {
    /// The number, and whether it was given just now.
    fn id(&mut self, text: &str) -> (u64, bool) {
        if let Some(id) = self.ids.get(text) {
            return (*id, false);
        }
        let id = self.ids.len() as u64 + 1;
        self.ids.insert(text.into(), id);
        self.bytes += text.len() + ENTRY_BYTES;
        (id, true)
    }
}

#[cfg(test)]
mod tests;
