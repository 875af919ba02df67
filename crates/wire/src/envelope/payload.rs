//! The two compressed buffers of a block, as sent and as stored.

use std::borrow::Cow;

use bytes::Bytes;

use super::Error;
use crate::cbor::{Reader, Slot};

const DEPENDENCIES: &str = "dependencies";
const OBJECTS: &str = "objects";

/// The two compressed buffers of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    pub dependencies: Bytes,
    pub objects: Bytes,
}

impl Payload {
    /// Parse a stored payload: byte strings or integer arrays. A byte string in one
    /// piece is a slice of `stored`, not a copy.
    pub fn parse(stored: &Bytes) -> Result<Self, Error> {
        Self::read(&mut Reader::new(stored), "payload", stored)
    }

    /// `input` is the buffer that `reader` reads.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        key: &'static str,
        input: &Bytes,
    ) -> Result<Self, Error> {
        let mut dependencies = Slot::new(DEPENDENCIES);
        let mut objects = Slot::new(OBJECTS);
        let binary = |reader: &mut Reader<'_>, key| {
            Ok(match reader.binary(key)? {
                Cow::Borrowed(slice) => input.slice_ref(slice),
                Cow::Owned(bytes) => Bytes::from(bytes),
            })
        };
        reader.map(key, |reader, key| match key {
            DEPENDENCIES => dependencies.read(reader, binary),
            OBJECTS => objects.read(reader, binary),
            _ => reader.skip(),
        })?;
        Ok(Self {
            dependencies: dependencies.take()?,
            objects: objects.take()?,
        })
    }

    /// Length in bytes of what [`Payload::encode_into`] appends.
    pub fn encoded_len(&self) -> usize {
        let text = |text: &str| head(3, text.len()).1 + text.len();
        let binary = |bytes: &Bytes| head(2, bytes.len()).1 + bytes.len();
        1 + text(DEPENDENCIES) + binary(&self.dependencies) + text(OBJECTS) + binary(&self.objects)
    }

    /// Append the stored form: a CBOR map of two byte strings.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        out.reserve(self.encoded_len());
        put_head(out, 5, 2);
        for (key, bytes) in [(DEPENDENCIES, &self.dependencies), (OBJECTS, &self.objects)] {
            put_head(out, 3, key.len());
            out.extend_from_slice(key.as_bytes());
            put_head(out, 2, bytes.len());
            out.extend_from_slice(bytes);
        }
    }
}

fn put_head(out: &mut Vec<u8>, major: u8, length: usize) {
    let (bytes, used) = head(major, length);
    out.extend_from_slice(&bytes[..used]);
}

/// The shortest head of a CBOR item of that major type and length, and how many of
/// the nine bytes it takes.
fn head(major: u8, length: usize) -> ([u8; 9], usize) {
    let length = length as u64;
    let mut bytes = [0; 9];
    let (info, width) = match length {
        0..24 => (length as u8, 0),
        24..0x100 => (24, 1),
        0x100..0x1_0000 => (25, 2),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 8),
    };
    bytes[0] = major << 5 | info;
    bytes[1..=width].copy_from_slice(&length.to_be_bytes()[8 - width..]);
    (bytes, 1 + width)
}
