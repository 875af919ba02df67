//! Where the members of a statically sized type lie.

/// The readable members of one type, nested types flattened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    pub(super) fields: Vec<Field>,
    pub(super) references: Vec<u32>,
}

/// One member of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    /// The type as the table spells it: the one to look up when the member is nested.
    pub type_name: String,
    /// Bytes from the start of the instance to the value.
    pub offset: u32,
    pub kind: FieldKind,
}

/// How the value of a member is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    U8,
    U32,
    U64,
    I64,
    F64,
    /// The 8-byte id of a dependency.
    Reference,
    /// An instance of another type, which is not just a reference.
    Nested,
}

impl Fields {
    /// The members, in the order of the type table; of those with the same name, the first.
    pub fn all(&self) -> &[Field] {
        &self.fields
    }

    /// The member of that name.
    pub fn get(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Offsets of every id in an instance, each once, also those inside nested types.
    pub fn references(&self) -> &[u32] {
        &self.references
    }
}
