//! Compiling type tables: names and nested types become fixed offsets.

use std::collections::{HashMap, HashSet};

use super::LayoutError;
use super::fields::{Field, FieldKind, Fields};
use super::metadata::{MemberDefinition, MetadataError, TypeDefinition, parse_types};

/// Types nested deeper than this are refused; a type inside itself is, too.
const MAX_NESTING: usize = 8;

/// Members looked at while compiling one table, nested ones counted each time.
const MAX_EXPANDED_MEMBERS: usize = 65_536;

/// What the two buffers of each block of a stream are made of.
#[derive(Debug, Clone)]
pub struct StreamLayout {
    pub dependencies: TypeTable,
    pub objects: TypeTable,
}

/// A compiled type table; the position of a type is its index in the buffers.
#[derive(Debug, Clone)]
pub struct TypeTable {
    types: Vec<TypeLayout>,
}

/// One compiled type.
#[derive(Debug, Clone)]
pub struct TypeLayout {
    pub name: String,
    /// Bytes of one instance; 0 = the length precedes each instance.
    pub size: u32,
    /// What the whole instance stands for, when the type only wraps a reference.
    reference: Option<(FieldKind, u32)>,
    fields: Result<Fields, LayoutError>,
}

impl TypeTable {
    /// Parse and compile a type table.
    pub fn parse(metadata: &[u8]) -> Result<Self, MetadataError> {
        parse_types(metadata).map(|types| Self::compile(&types))
    }

    /// A type that can not be compiled is kept with its error.
    pub fn compile(definitions: &[TypeDefinition]) -> Self {
        let mut compiler = Compiler::new(definitions);
        let types = definitions.iter().map(|d| compiler.compile(d)).collect();
        Self { types }
    }

    pub fn types(&self) -> &[TypeLayout] {
        &self.types
    }

    /// The first type of that name.
    pub fn find(&self, name: &str) -> Result<&TypeLayout, LayoutError> {
        let found = self.types.iter().find(|layout| layout.name == name);
        found.ok_or_else(|| LayoutError::NoSuchType {
            type_name: name.to_owned(),
        })
    }
}

impl TypeLayout {
    /// The length of each instance precedes it.
    pub const fn is_dynamic(&self) -> bool {
        self.size == 0
    }

    /// The members of a statically sized instance.
    pub fn fields(&self) -> Result<&Fields, LayoutError> {
        self.fields.as_ref().map_err(Clone::clone)
    }

    /// For a type that only wraps an id: where the id lies in an instance.
    pub fn reference(&self) -> Option<u32> {
        match self.reference {
            Some((FieldKind::Reference, offset)) => Some(offset),
            _ => None,
        }
    }

    /// Whether an instance stands for something else than an object with members.
    pub const fn is_wrapper(&self) -> bool {
        self.reference.is_some()
    }

    /// Offset of a member that must exist and be of one of `kinds`.
    pub fn require(
        &self,
        member: &'static str,
        kinds: &[FieldKind],
    ) -> Result<(u32, FieldKind), LayoutError> {
        let field = self.fields()?.get(member);
        field
            .filter(|field| kinds.contains(&field.kind))
            .map(|field| (field.offset, field.kind))
            .ok_or_else(|| LayoutError::NoSuchMember {
                type_name: self.name.clone(),
                member,
            })
    }
}

/// Where a value lies and what it is.
type Place = (FieldKind, u32);

struct Compiler<'a> {
    by_name: HashMap<&'a str, &'a TypeDefinition>,
    members_left: usize,
}

impl<'a> Compiler<'a> {
    fn new(definitions: &'a [TypeDefinition]) -> Self {
        let mut by_name = HashMap::new();
        for definition in definitions {
            by_name
                .entry(definition.name.as_str())
                .or_insert(definition);
        }
        Self {
            by_name,
            members_left: MAX_EXPANDED_MEMBERS,
        }
    }

    fn compile(&mut self, definition: &TypeDefinition) -> TypeLayout {
        let compiled = self.compile_members(definition);
        let (fields, reference) = match compiled {
            Ok((fields, reference)) => (Ok(fields), reference),
            Err(error) => (Err(error), None),
        };
        TypeLayout {
            name: definition.name.clone(),
            size: definition.size,
            reference,
            fields,
        }
    }

    fn compile_members(
        &mut self,
        definition: &TypeDefinition,
    ) -> Result<(Fields, Option<Place>), LayoutError> {
        let mut fields = Vec::new();
        let mut names = HashSet::new();
        let mut references = Vec::new();
        for member in &definition.members {
            let (kind, offset) = self.place(definition, member, 0, 0, &mut references)?;
            if !names.insert(member.name.as_str()) {
                continue;
            }
            fields.push(Field {
                name: member.name.clone(),
                type_name: member.type_name.clone(),
                offset,
                kind,
            });
        }
        references.sort_unstable();
        references.dedup();
        let fields = Fields { fields, references };
        let id = fields.get("id").map(|field| (field.kind, field.offset));
        let reference = wrapped(definition, id)?;
        Ok((fields, reference))
    }

    /// Place one member of an instance that starts at `base`, and note each id in it.
    fn place(
        &mut self,
        owner: &TypeDefinition,
        member: &MemberDefinition,
        base: u32,
        depth: usize,
        references: &mut Vec<u32>,
    ) -> Result<Place, LayoutError> {
        let max = MAX_EXPANDED_MEMBERS;
        let left = self.members_left.checked_sub(1);
        self.members_left = left.ok_or(LayoutError::TooManyMembers { max })?;
        check_bounds(owner, member, member.size)?;
        // Every instance lies inside the outermost one, so this can not overflow.
        let offset = base + member.offset;
        if member.is_reference {
            check_size(owner, member, member.size >= 8)?;
            references.push(offset);
            return Ok((FieldKind::Reference, offset));
        }
        if let Some((kind, size)) = intrinsic(&member.type_name) {
            check_size(owner, member, member.size == size)?;
            return Ok((kind, offset));
        }
        self.place_nested(owner, member, offset, depth, references)
    }

    fn place_nested(
        &mut self,
        owner: &TypeDefinition,
        member: &MemberDefinition,
        offset: u32,
        depth: usize,
        references: &mut Vec<u32>,
    ) -> Result<Place, LayoutError> {
        let nested = self.by_name.get(member.type_name.as_str()).copied();
        let nested = nested.ok_or_else(|| LayoutError::UnknownMemberType {
            type_name: owner.name.clone(),
            member: member.name.clone(),
        })?;
        check_bounds(owner, member, nested.size)?;
        if depth == MAX_NESTING {
            return Err(LayoutError::NestedTooDeep { max: MAX_NESTING });
        }
        let mut id = None;
        for inner in &nested.members {
            let place = self.place(nested, inner, offset, depth + 1, references)?;
            if inner.name == "id" && id.is_none() {
                id = Some(place);
            }
        }
        Ok(wrapped(nested, id)?.unwrap_or((FieldKind::Nested, offset)))
    }
}

/// The value a type stands for, if it is a mere reference.
fn wrapped(definition: &TypeDefinition, id: Option<Place>) -> Result<Option<Place>, LayoutError> {
    if !definition.is_reference {
        return Ok(None);
    }
    id.map(Some).ok_or_else(|| LayoutError::NoId {
        type_name: definition.name.clone(),
    })
}

fn check_bounds(
    owner: &TypeDefinition,
    member: &MemberDefinition,
    size: u32,
) -> Result<(), LayoutError> {
    match member.offset.checked_add(size) {
        Some(end) if end <= owner.size => Ok(()),
        _ => Err(LayoutError::OutOfBounds {
            type_name: owner.name.clone(),
            member: member.name.clone(),
        }),
    }
}

fn check_size(
    owner: &TypeDefinition,
    member: &MemberDefinition,
    right: bool,
) -> Result<(), LayoutError> {
    if right {
        return Ok(());
    }
    Err(LayoutError::WrongSize {
        type_name: owner.name.clone(),
        member: member.name.clone(),
    })
}

/// Kind and size of the member types that need no description.
fn intrinsic(type_name: &str) -> Option<(FieldKind, u32)> {
    Some(match type_name {
        "u8" | "uint8" => (FieldKind::U8, 1),
        "u32" | "uint32" => (FieldKind::U32, 4),
        "u64" | "uint64" => (FieldKind::U64, 8),
        "i64" | "int64" => (FieldKind::I64, 8),
        "f64" => (FieldKind::F64, 8),
        _ => return None,
    })
}
