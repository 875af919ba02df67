//! What can be wrong inside a decompressed buffer.

/// A corrupt entry of a buffer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry of type {type_index} at byte {offset} is corrupt")]
pub struct EntryError {
    /// Index in the type table of the buffer.
    pub type_index: u8,
    /// Where the entry starts in its decompressed buffer.
    pub offset: usize,
    #[source]
    pub problem: Problem,
}

/// Why an entry is corrupt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("the type table has only {types} types")]
    UnknownType { types: usize },
    #[error("it reaches past the end of the buffer")]
    PastEnd,
    #[error("it is too short for its content")]
    TooShort,
    #[error("its type is not usable")]
    Layout(#[source] Box<LayoutError>),
    #[error("it refers to the unknown id {id:#x}")]
    UnknownId { id: u64 },
    #[error("its id {id:#x} was given before")]
    DuplicateId { id: u64 },
    #[error("the id {id:#x} does not refer to a text")]
    NotText { id: u64 },
    #[error("the id {id:#x} does not refer to a property set")]
    NotProperties { id: u64 },
    #[error("the id {id:#x} does not refer to a descriptor")]
    NotDescriptor { id: u64 },
    #[error("its type has no member that is an id")]
    NoId,
    #[error("its type is not known, and neither is its content")]
    Opaque,
    #[error("a text is not UTF-8")]
    NotUtf8,
    #[error("a UTF-16 text has {length} bytes, an odd number")]
    OddWideText { length: usize },
    #[error("the text codec {codec} is not known")]
    UnknownCodec { codec: u8 },
    #[error("the block has more than {max} dependencies")]
    TooManyDependencies { max: usize },
    #[error("the dependencies of the block hold more than {max} bytes of text")]
    TooMuchText { max: usize },
}

impl From<LayoutError> for Problem {
    fn from(error: LayoutError) -> Self {
        Self::Layout(Box::new(error))
    }
}

/// Why no instance of a type can be read. It only matters when an instance occurs:
/// type tables also describe types that are never written as they say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    #[error("member `{member}` reaches outside of type `{type_name}`")]
    OutOfBounds { type_name: String, member: String },
    #[error("member `{member}` of type `{type_name}` has the wrong size")]
    WrongSize { type_name: String, member: String },
    #[error("member `{member}` of type `{type_name}` is of an unknown type")]
    UnknownMemberType { type_name: String, member: String },
    #[error("type `{type_name}` wraps a reference but has no member `id`")]
    NoId { type_name: String },
    #[error("types are nested more than {max} deep")]
    NestedTooDeep { max: usize },
    #[error("the type table expands to more than {max} members")]
    TooManyMembers { max: usize },
    #[error("there is no type `{type_name}`")]
    NoSuchType { type_name: String },
    #[error("type `{type_name}` has no usable member `{member}`")]
    NoSuchMember {
        type_name: String,
        member: &'static str,
    },
}
