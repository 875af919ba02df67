//! Binary JSON documents: validation of bytes from outside, text in, text out.
//!
//! The `jsonb` crate trusts its input: on arbitrary bytes it can index out of
//! range, build strings that are not UTF-8 or recurse without end. So bytes
//! pass [`Document::new`] first, and only what it accepts reaches the crate.

use std::borrow::Cow;

use jsonb::{Number, RawJsonb, Value};

mod cursor;
#[cfg(test)]
mod tests;

pub(crate) use cursor::{Cursor, Element};

/// Deepest nesting of arrays and objects, in binary and in text. The crate
/// recurses per level, so this bounds the stack.
pub(crate) const DEPTH_MAX: usize = 128;

/// Longest JSON text that is parsed, in bytes. An entry of the binary form
/// holds its length in 28 bits and the binary form of a text can be a few times
/// larger than the text.
pub(crate) const TEXT_BYTES_MAX: usize = 64 << 20;

/// Why bytes are not a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidJsonb {
    #[error("the bytes end before the value does")]
    Truncated,
    #[error("bytes follow the end of the value")]
    TrailingBytes,
    #[error("unknown container header {0:#010x}")]
    Header(u32),
    #[error("unknown entry {0:#010x}")]
    Entry(u32),
    #[error("a string is not UTF-8")]
    Utf8,
    #[error("malformed number")]
    Number,
    #[error("an object key is not a string")]
    Key,
    #[error("nested deeper than {DEPTH_MAX} levels")]
    Depth,
}

/// A validated document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Document<'a> {
    raw: RawJsonb<'a>,
}

impl<'a> Document<'a> {
    /// Accepts exactly one complete value, checked to its leaves.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, InvalidJsonb> {
        check_container(bytes, 0)?;
        Ok(Self {
            raw: RawJsonb::new(bytes),
        })
    }

    /// Member of an object: the exact name, else the first that differs only by
    /// ASCII case. `None` when absent or when this is no object.
    pub(crate) fn member(&self, name: &str) -> Option<Vec<u8>> {
        let found = self.raw.get_by_name(name, true);
        found.ok().flatten().map(jsonb::OwnedJsonb::to_vec)
    }

    pub(crate) fn as_str(&self) -> Option<Cow<'_, str>> {
        self.raw.as_str().ok().flatten()
    }

    /// The nearest `f64` of a number.
    pub(crate) fn as_f64(&self) -> Option<f64> {
        let number = self.raw.as_number().ok().flatten()?;
        match number {
            Number::Int64(_) | Number::UInt64(_) | Number::Float64(_) => Some(number.as_f64()),
            // Through text: dividing the digits by a power of ten rounds twice.
            _ => number.to_string().parse().ok(),
        }
    }

    /// A number whose value is exactly an `i64`.
    pub(crate) fn as_i64(&self) -> Option<i64> {
        self.raw.as_i64().ok().flatten()
    }

    pub(crate) fn array_length(&self) -> Option<usize> {
        self.raw.array_length().ok().flatten()
    }

    /// Number of members of an object.
    pub(crate) fn object_length(&self) -> Option<usize> {
        match self.raw.jsonb_item_type() {
            Ok(jsonb::core::JsonbItemType::Object(length)) => Some(length),
            _ => None,
        }
    }

    pub(crate) fn object_keys(&self) -> Option<Vec<String>> {
        let keys = self.raw.object_keys().ok().flatten()?;
        jsonb::from_raw_jsonb(&keys.as_raw()).ok()
    }

    /// The document as a tree.
    pub(crate) fn to_value(self) -> Result<Value<'a>, InvalidJsonb> {
        // Unreachable after validation, but the crate's signature says it can fail.
        self.raw.to_value().map_err(|_| InvalidJsonb::Truncated)
    }

    /// JSON text. NaN and the infinities, which JSON lacks, print as `null`.
    pub(crate) fn to_text(self) -> String {
        self.raw.to_string()
    }
}

/// Parses JSON text (RFC 8259) to the binary form. `None` when it is not valid
/// JSON, repeats a key inside one object, nests too deep or is too long.
pub(crate) fn parse_text(text: &str) -> Option<Vec<u8>> {
    if text.len() > TEXT_BYTES_MAX || nests_too_deep(text) {
        return None;
    }
    jsonb::parse_owned_jsonb_standard_mode(text.as_bytes())
        .ok()
        .map(jsonb::OwnedJsonb::to_vec)
}

/// Brackets outside strings, counted before parsing.
fn nests_too_deep(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if in_string => {
                bytes.next();
            }
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return true;
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

const ARRAY: u32 = 0x8000_0000;
const OBJECT: u32 = 0x4000_0000;
const SCALAR: u32 = 0x2000_0000;
const HEADER_COUNT: u32 = 0x1FFF_FFFF;

const NULL: u32 = 0x0000_0000;
const STRING: u32 = 0x1000_0000;
const NUMBER: u32 = 0x2000_0000;
const FALSE: u32 = 0x3000_0000;
const TRUE: u32 = 0x4000_0000;
const CONTAINER: u32 = 0x5000_0000;
const ENTRY_LENGTH: u32 = 0x0FFF_FFFF;

/// A container: header, one entry per key and value, then the bodies in the
/// order of the entries, filling the bytes exactly.
fn check_container(bytes: &[u8], depth: usize) -> Result<(), InvalidJsonb> {
    if depth > DEPTH_MAX {
        return Err(InvalidJsonb::Depth);
    }
    let (header, rest) = split_u32(bytes)?;
    let count = (header & HEADER_COUNT) as usize;
    let (keys, values) = match header & !HEADER_COUNT {
        ARRAY => (0, count),
        OBJECT => (count, count),
        SCALAR if depth == 0 && count == 0 => (0, 1),
        _ => return Err(InvalidJsonb::Header(header)),
    };
    let scalar = header == SCALAR;
    let entries_bytes = (keys + values)
        .checked_mul(4)
        .ok_or(InvalidJsonb::Truncated)?;
    let (entries, mut bodies) = rest
        .split_at_checked(entries_bytes)
        .ok_or(InvalidJsonb::Truncated)?;
    for (index, entry) in entries.as_chunks::<4>().0.iter().enumerate() {
        let entry = u32::from_be_bytes(*entry);
        let (body, after) = bodies
            .split_at_checked((entry & ENTRY_LENGTH) as usize)
            .ok_or(InvalidJsonb::Truncated)?;
        let kind = entry & !ENTRY_LENGTH;
        if index < keys && kind != STRING {
            return Err(InvalidJsonb::Key);
        }
        if scalar && kind == CONTAINER {
            return Err(InvalidJsonb::Entry(entry));
        }
        check_entry(entry, body, depth)?;
        bodies = after;
    }
    if bodies.is_empty() {
        Ok(())
    } else {
        Err(InvalidJsonb::TrailingBytes)
    }
}

fn check_entry(entry: u32, body: &[u8], depth: usize) -> Result<(), InvalidJsonb> {
    match entry & !ENTRY_LENGTH {
        NULL | FALSE | TRUE if body.is_empty() => Ok(()),
        STRING => std::str::from_utf8(body)
            .map(|_| ())
            .map_err(|_| InvalidJsonb::Utf8),
        NUMBER => check_number(body),
        CONTAINER => check_container(body, depth + 1),
        _ => Err(InvalidJsonb::Entry(entry)),
    }
}

/// Digits that the crate can format: beyond them its tables are too short.
const DECIMAL_128_SCALE_MAX: u8 = 38;
const DECIMAL_256_SCALE_MAX: u8 = 76;
const DECIMAL_128_LIMIT: u128 = 10_u128.pow(38);
/// The high half of 10^76.
const DECIMAL_256_HIGH_LIMIT: u128 = 29_387_358_770_557_187_699_218_413_430_556_141_945;

fn check_number(body: &[u8]) -> Result<(), InvalidJsonb> {
    let (kind, digits) = body.split_first().ok_or(InvalidJsonb::Number)?;
    let valid = match (kind, digits.len()) {
        // zero, NaN, infinity, negative infinity
        (0x00 | 0x10 | 0x20 | 0x30, 0) => true,
        // signed, unsigned
        (0x40 | 0x50, 1 | 2 | 4 | 8) => true,
        // float
        (0x60, 8) => true,
        // decimal: digits, for two old forms a precision, then the scale
        (0x70, 9) => digits[8] <= DECIMAL_128_SCALE_MAX,
        (0x70, 17 | 18) => {
            let scale = digits[digits.len() - 1];
            scale <= DECIMAL_128_SCALE_MAX
                && high_digits(digits).is_some_and(|high| high.unsigned_abs() < DECIMAL_128_LIMIT)
        }
        (0x70, 33 | 34) => {
            let scale = digits[digits.len() - 1];
            scale <= DECIMAL_256_SCALE_MAX
                && high_digits(digits)
                    .is_some_and(|high| high.unsigned_abs() < DECIMAL_256_HIGH_LIMIT)
        }
        _ => false,
    };
    if valid {
        Ok(())
    } else {
        Err(InvalidJsonb::Number)
    }
}

/// The first 16 bytes as a signed number.
fn high_digits(digits: &[u8]) -> Option<i128> {
    digits.first_chunk().copied().map(i128::from_be_bytes)
}

fn split_u32(bytes: &[u8]) -> Result<(u32, &[u8]), InvalidJsonb> {
    let (head, rest) = bytes.split_first_chunk().ok_or(InvalidJsonb::Truncated)?;
    Ok((u32::from_be_bytes(*head), rest))
}
