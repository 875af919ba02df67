//! The binary format of the events inside a block: type tables, the buffers they
//! describe, and the dependencies that events refer to.
//!
//! A stream's type tables are compiled once into a [`StreamLayout`]: every member
//! becomes a fixed offset, nested types included. Reading a block then never looks
//! at a name again.

mod cursor;
mod dependencies;
mod entries;
mod error;
mod fields;
mod id_map;
mod layout;
mod metadata;
mod text;

pub use cursor::{Cursor, read_array};
pub use dependencies::{Dependencies, Dependency, MAX_DEPENDENCIES, MAX_DEPENDENCY_TEXT};
pub use entries::{Entries, Entry};
pub use error::{EntryError, LayoutError, Problem};
pub use fields::{Field, FieldKind, Fields};
pub use layout::{StreamLayout, TypeLayout, TypeTable};
pub(crate) use metadata::read_types;
pub use metadata::{
    MAX_MEMBERS, MAX_TYPES, MemberDefinition, MetadataError, TypeDefinition, encode_types,
    parse_types,
};
pub use text::DynamicText;

#[cfg(test)]
mod tests;
