//! The dependencies of one block: what its events refer to by id.

use super::cursor::read_u64;
use super::fields::FieldKind;
use super::id_map::{IdHashBuilder, IdMap};
use super::{Cursor, DynamicText, Entries, Entry, EntryError, Problem, TypeLayout, TypeTable};

/// Dependencies of one block; producers write some hundreds.
pub const MAX_DEPENDENCIES: usize = 1 << 22;

/// Bytes of text in the dependencies of one block.
pub const MAX_DEPENDENCY_TEXT: usize = 256 * 1024 * 1024;

/// Everything in the dependencies buffer of a block, by position and by id.
///
/// Ids are addresses in the producer and mean nothing outside of the block.
#[derive(Debug)]
pub struct Dependencies {
    buffer: Vec<u8>,
    entries: Vec<Dependency>,
    ids: IdMap,
    text: String,
    /// Name and value of each property of each set, as positions of texts.
    properties: Vec<(u32, u32)>,
}

/// One dependency; the contents are reached through [`Dependencies`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependency {
    Text { start: u32, length: u32 },
    Properties { first: u32, count: u32 },
    Object { type_index: u8, start: u32 },
}

impl Dependencies {
    /// Read a decompressed dependencies buffer. An entry may only refer to entries
    /// before it, and no id may repeat.
    pub fn parse(types: &TypeTable, buffer: Vec<u8>) -> Result<Self, EntryError> {
        let mut parsed = Self {
            buffer: Vec::new(),
            entries: Vec::new(),
            ids: IdMap::with_hasher(IdHashBuilder::new()),
            text: String::new(),
            properties: Vec::new(),
        };
        for entry in Entries::new(types, &buffer) {
            let entry = entry?;
            parsed
                .add(types, &entry)
                .map_err(|problem| entry.error(problem))?;
        }
        parsed.buffer = buffer;
        Ok(parsed)
    }

    /// How many there are; positions are below.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Length of the buffer that they were read from, which they keep.
    pub fn buffer_bytes(&self) -> usize {
        self.buffer.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Position of the dependency with that id.
    #[inline]
    pub fn find(&self, id: u64) -> Result<u32, Problem> {
        self.ids.get(&id).copied().ok_or(Problem::UnknownId { id })
    }

    #[inline]
    pub fn get(&self, position: u32) -> Option<Dependency> {
        self.entries.get(position as usize).copied()
    }

    /// The text at that position, if it is one.
    pub fn text(&self, position: u32) -> Option<&str> {
        match self.get(position)? {
            Dependency::Text { start, length } => {
                self.text.get(start as usize..)?.get(..length as usize)
            }
            _ => None,
        }
    }

    /// Positions of the name and the value of each property of the set at that
    /// position, if it is one. All of them are texts.
    pub fn property_set(&self, position: u32) -> Option<&[(u32, u32)]> {
        match self.get(position)? {
            Dependency::Properties { first, count } => {
                let set = self.properties.get(first as usize..)?;
                set.get(..count as usize)
            }
            _ => None,
        }
    }

    /// Names and values of the property set at that position, if it is one.
    pub fn properties(&self, position: u32) -> Option<impl Iterator<Item = (&str, &str)> + Clone> {
        let text = |position| self.text(position).unwrap_or_default();
        let set = self.property_set(position)?;
        Some(
            set.iter()
                .map(move |&(name, value)| (text(name), text(value))),
        )
    }

    /// Type and instance of the descriptor at that position, if it is one.
    pub fn object(&self, position: u32) -> Option<(u8, &[u8])> {
        match self.get(position)? {
            Dependency::Object { type_index, start } => {
                Some((type_index, self.buffer.get(start as usize..)?))
            }
            _ => None,
        }
    }

    /// Check that the ids at these offsets of an instance are those of dependencies.
    pub fn check_references(&self, instance: &[u8], offsets: &[u32]) -> Result<(), Problem> {
        offsets
            .iter()
            .try_for_each(|&offset| self.find(read_u64(instance, offset)?).map(drop))
    }

    fn add(&mut self, types: &TypeTable, entry: &Entry<'_>) -> Result<(), Problem> {
        if self.entries.len() == MAX_DEPENDENCIES {
            let max = MAX_DEPENDENCIES;
            return Err(Problem::TooManyDependencies { max });
        }
        let (id, dependency) = match (entry.layout.is_dynamic(), entry.layout.name.as_str()) {
            (true, "StaticString") => self.read_static_string(entry.body)?,
            (true, "StaticStringDependency") => self.read_dynamic_string(entry.body)?,
            (true, "PropertySetDependency") => self.read_property_set(types, entry.body)?,
            (true, _) => return Err(Problem::Opaque),
            (false, _) => self.read_object(entry)?,
        };
        let position = self.entries.len() as u32;
        if self.ids.insert(id, position).is_some() {
            return Err(Problem::DuplicateId { id });
        }
        self.entries.push(dependency);
        Ok(())
    }

    fn read_static_string(&mut self, body: &[u8]) -> Result<(u64, Dependency), Problem> {
        let mut cursor = Cursor::new(body);
        let id = cursor.u64()?;
        let text = std::str::from_utf8(cursor.rest()).map_err(|_| Problem::NotUtf8)?;
        let start = self.text.len();
        self.text.push_str(text);
        Ok((id, self.text_since(start)?))
    }

    fn read_dynamic_string(&mut self, body: &[u8]) -> Result<(u64, Dependency), Problem> {
        let mut cursor = Cursor::new(body);
        let id = cursor.u64()?;
        let text = DynamicText::read(&mut cursor)?;
        let start = self.text.len();
        text.write_to(&mut self.text)
            .expect("writing to a string does not fail");
        Ok((id, self.text_since(start)?))
    }

    fn text_since(&self, start: usize) -> Result<Dependency, Problem> {
        if self.text.len() > MAX_DEPENDENCY_TEXT {
            let max = MAX_DEPENDENCY_TEXT;
            return Err(Problem::TooMuchText { max });
        }
        Ok(Dependency::Text {
            start: start as u32,
            length: (self.text.len() - start) as u32,
        })
    }

    fn read_property_set(
        &mut self,
        types: &TypeTable,
        body: &[u8],
    ) -> Result<(u64, Dependency), Problem> {
        let mut cursor = Cursor::new(body);
        let id = cursor.u64()?;
        let count = cursor.u32()?;
        let property = types.find("Property")?;
        let name = property.require("name", &[FieldKind::Reference])?.0;
        let value = property.require("value", &[FieldKind::Reference])?.0;
        let first = self.properties.len() as u32;
        for _ in 0..count {
            // A missing instance ends the loop, so the count is never trusted.
            let instance = cursor.bytes(property.size as usize)?;
            self.check_references(instance, property.fields()?.references())?;
            let name = self.find_text(read_u64(instance, name)?)?;
            let value = self.find_text(read_u64(instance, value)?)?;
            self.properties.push((name, value));
        }
        Ok((id, Dependency::Properties { first, count }))
    }

    /// Position of a dependency that must be a text.
    #[inline]
    pub fn find_text(&self, id: u64) -> Result<u32, Problem> {
        let position = self.find(id)?;
        match self.get(position) {
            Some(Dependency::Text { .. }) => Ok(position),
            _ => Err(Problem::NotText { id }),
        }
    }

    /// Position of a dependency that must be a property set.
    #[inline]
    pub fn find_properties(&self, id: u64) -> Result<u32, Problem> {
        let position = self.find(id)?;
        match self.get(position) {
            Some(Dependency::Properties { .. }) => Ok(position),
            _ => Err(Problem::NotProperties { id }),
        }
    }

    fn read_object(&self, entry: &Entry<'_>) -> Result<(u64, Dependency), Problem> {
        let layout: &TypeLayout = entry.layout;
        let fields = layout.fields()?;
        self.check_references(entry.body, fields.references())?;
        let id = fields
            .get("id")
            .filter(|field| matches!(field.kind, FieldKind::U64 | FieldKind::I64))
            .filter(|_| !layout.is_wrapper())
            .ok_or(Problem::NoId)?;
        // A static entry is its type index, then its instance.
        let start = u32::try_from(entry.offset + 1).map_err(|_| Problem::PastEnd)?;
        let object = Dependency::Object {
            type_index: entry.type_index,
            start,
        };
        Ok((read_u64(entry.body, id.offset)?, object))
    }
}
