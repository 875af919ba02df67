//! Texts inside entries: a codec, a length in bytes, then the bytes.

use std::fmt;

use super::{Cursor, Problem};

/// A text in the encoding of its producer. Writing it out yields UTF-8, with
/// U+FFFD for what is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DynamicText<'a> {
    /// Meant to be UTF-8.
    Narrow(&'a [u8]),
    /// UTF-16LE, not aligned; an even number of bytes.
    Wide(&'a [u8]),
}

impl<'a> DynamicText<'a> {
    #[inline]
    pub fn read(cursor: &mut Cursor<'a>) -> Result<Self, Problem> {
        let codec = cursor.u8()?;
        let length = cursor.u32()? as usize;
        let bytes = cursor.bytes(length)?;
        match codec {
            0 | 2 => Ok(Self::Narrow(bytes)),
            1 if length.is_multiple_of(2) => Ok(Self::Wide(bytes)),
            1 => Err(Problem::OddWideText { length }),
            _ => Err(Problem::UnknownCodec { codec }),
        }
    }

    /// Bytes of the encoded text. As UTF-8 it is at most three times as long.
    pub const fn encoded_len(&self) -> usize {
        match self {
            Self::Narrow(bytes) | Self::Wide(bytes) => bytes.len(),
        }
    }
}

impl fmt::Display for DynamicText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

impl DynamicText<'_> {
    pub fn write_to(&self, out: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Self::Narrow(bytes) => write_narrow(bytes, out),
            Self::Wide(bytes) => write_wide(bytes, out),
        }
    }
}

fn write_narrow(bytes: &[u8], out: &mut impl fmt::Write) -> fmt::Result {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return out.write_str(text);
    }
    for chunk in bytes.utf8_chunks() {
        out.write_str(chunk.valid())?;
        if !chunk.invalid().is_empty() {
            out.write_char(char::REPLACEMENT_CHARACTER)?;
        }
    }
    Ok(())
}

fn write_wide(bytes: &[u8], out: &mut impl fmt::Write) -> fmt::Result {
    let units = bytes
        .chunks_exact(2)
        .map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    char::decode_utf16(units)
        .map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER))
        .try_for_each(|decoded| out.write_char(decoded))
}
