//! References replaced by what they refer to.

use std::collections::HashMap;

use wire::transit::{
    Dependencies, Dependency, Entry, Field, FieldKind, Problem, TypeLayout, TypeTable, read_array,
};

use super::document::{Document, Members};
use super::dynamic;
use crate::error::EventProblem;
use crate::plan::StreamPlan;

/// Objects inside of each other in the document of one event.
const MAX_NESTING: usize = 16;

/// Bytes of the documents of all dependencies of one block. They can share others, so that
/// they are able to announce far more than they hold.
const MAX_EXPANDED: usize = 128 << 20;

/// Memory that the document of a dependency takes besides its bytes, roughly.
const ENTRY_BYTES: usize = 64;

/// Makes the documents of events.
#[derive(Debug)]
pub(super) struct Expander<'a> {
    pub plan: &'a StreamPlan,
    pub dependencies: &'a Dependencies,
    pub expanded: &'a mut Expanded,
}

/// The documents of dependencies, by position, made at first use.
#[derive(Debug, Default)]
pub(super) struct Expanded {
    documents: HashMap<u32, Document>,
    bytes: usize,
}

impl Expander<'_> {
    pub(super) fn event(&mut self, entry: &Entry<'_>) -> Result<Document, EventProblem> {
        if !entry.layout.is_dynamic() {
            let objects = &self.plan.layout.objects;
            return self.instance(objects, entry.layout, entry.body, MAX_NESTING);
        }
        let kind = &self.plan.events[usize::from(entry.type_index)].kind;
        let mut members = Members::of_type(&entry.layout.name)?;
        dynamic::push_members(self, &mut members, kind, entry.body)?;
        Ok(members.finish())
    }

    /// What a member of an event refers to.
    pub(super) fn reference(&mut self, id: u64) -> Result<Document, EventProblem> {
        let position = self.dependencies.find(id)?;
        self.dependency(position, MAX_NESTING - 1)
    }

    /// `levels` = how many objects may be inside of each other.
    fn dependency(&mut self, position: u32, levels: usize) -> Result<Document, EventProblem> {
        let document = match self.expanded.documents.get(&position) {
            Some(known) => known.clone(),
            None => {
                let made = self.make_dependency(position, levels)?;
                self.expanded.add(position, made)?
            }
        };
        match document.nesting <= levels {
            true => Ok(document),
            false => Err(EventProblem::NestedTooDeep { max: MAX_NESTING }),
        }
    }

    fn make_dependency(&mut self, position: u32, levels: usize) -> Result<Document, EventProblem> {
        let dependencies = self.dependencies;
        match dependencies.get(position) {
            Some(Dependency::Object { .. }) => {
                let object = dependencies.object(position);
                let (type_index, instance) = object.unwrap_or_default();
                let types = &self.plan.layout.dependencies;
                let layout = &types.types()[usize::from(type_index)];
                self.instance(types, layout, instance, levels)
            }
            Some(Dependency::Properties { .. }) => {
                let set = dependencies.properties(position);
                Document::properties(set.into_iter().flatten())
            }
            _ => Document::text(dependencies.text(position).unwrap_or_default()),
        }
    }

    /// An instance of a static type.
    fn instance(
        &mut self,
        types: &TypeTable,
        layout: &TypeLayout,
        instance: &[u8],
        levels: usize,
    ) -> Result<Document, EventProblem> {
        let max = MAX_NESTING;
        let inner = levels.checked_sub(1);
        let inner = inner.ok_or(EventProblem::NestedTooDeep { max })?;
        let mut members = Members::of_type(&layout.name)?;
        for field in layout.fields()?.all() {
            members.push(&field.name, self.member(types, field, instance, inner)?)?;
        }
        Ok(members.finish())
    }

    fn member(
        &mut self,
        types: &TypeTable,
        field: &Field,
        instance: &[u8],
        levels: usize,
    ) -> Result<Document, EventProblem> {
        let word = || read_array(instance, field.offset);
        Ok(match field.kind {
            FieldKind::U8 => {
                let [byte] = read_array(instance, field.offset)?;
                Document::unsigned(byte.into())
            }
            FieldKind::U32 => {
                let number = read_array(instance, field.offset).map(u32::from_le_bytes)?;
                Document::unsigned(number.into())
            }
            FieldKind::U64 => Document::unsigned(u64::from_le_bytes(word()?)),
            FieldKind::I64 => Document::signed(i64::from_le_bytes(word()?)),
            FieldKind::F64 => Document::float(f64::from_le_bytes(word()?)),
            FieldKind::Reference => {
                let position = self.dependencies.find(u64::from_le_bytes(word()?))?;
                self.dependency(position, levels)?
            }
            FieldKind::Nested => {
                let nested = types.find(&field.type_name)?;
                let inside = instance.get(field.offset as usize..);
                self.instance(types, nested, inside.ok_or(Problem::TooShort)?, levels)?
            }
        })
    }
}

impl Expanded {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn add(&mut self, position: u32, document: Document) -> Result<Document, EventProblem> {
        self.bytes += ENTRY_BYTES + document.bytes.len();
        if self.bytes > MAX_EXPANDED {
            return Err(EventProblem::TooManyReferences { max: MAX_EXPANDED });
        }
        self.documents.insert(position, document.clone());
        Ok(document)
    }
}
