//! Type tables: the CBOR arrays in which a stream describes its own types.

use std::convert::Infallible;

use minicbor::Encoder;

use crate::cbor::{Error, Reader, Slot};

pub use crate::cbor::Error as MetadataError;

/// Entries of a type table; the buffers name a type by one byte.
pub const MAX_TYPES: usize = 256;

/// Members of one type.
pub const MAX_MEMBERS: usize = 4_096;

/// One type as its producer describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeDefinition {
    /// Says how the type is decoded.
    pub name: String,
    /// Bytes of one instance; 0 = the length precedes each instance.
    pub size: u32,
    pub members: Vec<MemberDefinition>,
    /// The type only wraps a reference: its value is that of its member `id`.
    pub is_reference: bool,
}

/// One member of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberDefinition {
    pub name: String,
    /// Name of an intrinsic type or of another entry of the table.
    pub type_name: String,
    /// Bytes from the start of the instance.
    pub offset: u32,
    /// Bytes.
    pub size: u32,
    /// The first 8 bytes are the id of a dependency.
    pub is_reference: bool,
}

/// Parse a type table; its order is that of the type indices in the buffers.
pub fn parse_types(metadata: &[u8]) -> Result<Vec<TypeDefinition>, MetadataError> {
    read_types(&mut Reader::new(metadata), "metadata")
}

/// The CBOR form of a type table, as producers send it.
pub fn encode_types(types: &[TypeDefinition]) -> Vec<u8> {
    let mut out = Encoder::new(Vec::new());
    write_types(&mut out, types).expect("writing to memory does not fail");
    out.into_writer()
}

fn write_types(
    out: &mut Encoder<Vec<u8>>,
    types: &[TypeDefinition],
) -> Result<(), minicbor::encode::Error<Infallible>> {
    out.array(types.len() as u64)?;
    for definition in types {
        out.map(4)?;
        out.str("name")?.str(&definition.name)?;
        out.str("size")?.u32(definition.size)?;
        out.str("members")?.array(definition.members.len() as u64)?;
        for member in &definition.members {
            out.map(5)?;
            out.str("name")?.str(&member.name)?;
            out.str("type_name")?.str(&member.type_name)?;
            out.str("offset")?.u32(member.offset)?;
            out.str("size")?.u32(member.size)?;
            out.str("is_reference")?.bool(member.is_reference)?;
        }
        out.str("is_reference")?.bool(definition.is_reference)?;
    }
    Ok(())
}

pub(crate) fn read_types(
    reader: &mut Reader<'_>,
    key: &'static str,
) -> Result<Vec<TypeDefinition>, Error> {
    reader.list(key, MAX_TYPES, read_type)
}

fn read_type(reader: &mut Reader<'_>) -> Result<TypeDefinition, Error> {
    let mut name = Slot::new("name");
    let mut size = Slot::new("size");
    let mut members = Slot::new("members");
    let mut is_reference = Slot::new("is_reference");
    reader.map("type", |reader, key| match key {
        "name" => name.read(reader, Reader::string),
        "size" => size.read(reader, Reader::u32),
        "members" => members.read(reader, |r, key| r.list(key, MAX_MEMBERS, read_member)),
        "is_reference" => is_reference.read(reader, Reader::bool),
        _ => reader.skip(),
    })?;
    Ok(TypeDefinition {
        name: name.take()?,
        size: size.take()?,
        members: members.take()?,
        is_reference: is_reference.take()?,
    })
}

fn read_member(reader: &mut Reader<'_>) -> Result<MemberDefinition, Error> {
    let mut name = Slot::new("name");
    let mut type_name = Slot::new("type_name");
    let mut offset = Slot::new("offset");
    let mut size = Slot::new("size");
    let mut is_reference = Slot::new("is_reference");
    reader.map("member", |reader, key| match key {
        "name" => name.read(reader, Reader::string),
        "type_name" => type_name.read(reader, Reader::string),
        "offset" => offset.read(reader, Reader::u32),
        "size" => size.read(reader, Reader::u32),
        "is_reference" => is_reference.read(reader, Reader::bool),
        _ => reader.skip(),
    })?;
    Ok(MemberDefinition {
        name: name.take()?,
        type_name: type_name.take()?,
        offset: offset.take()?,
        size: size.take()?,
        is_reference: is_reference.take()?,
    })
}
