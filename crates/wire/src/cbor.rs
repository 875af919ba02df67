//! A pull reader over CBOR that accepts every spelling producers use: definite and
//! indefinite containers, chunked text and bytes, integers of any width, tags in
//! front of anything.

mod binary;
mod error;
mod skip;
mod slot;

use std::borrow::Cow;

use minicbor::data::Type;
use minicbor::decode::Decoder;
use uuid::Uuid;

pub use error::Error;
pub(crate) use slot::Slot;

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Reads one CBOR item after the other from a slice.
pub(crate) struct Reader<'b> {
    decoder: Decoder<'b>,
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self {
            decoder: Decoder::new(bytes),
        }
    }

    /// Offset of the next byte to read.
    pub(crate) fn position(&self) -> usize {
        self.decoder.position()
    }

    /// The type of the next item, after any tags in front of it.
    pub(crate) fn kind(&mut self) -> Result<Type> {
        loop {
            match self.decoder.datatype().map_err(|e| self.broken(&e))? {
                Type::Tag => self.decoder.tag().map(drop).map_err(|e| self.broken(&e))?,
                kind => return Ok(kind),
            }
        }
    }

    pub(crate) fn bool(&mut self, key: &'static str) -> Result<bool> {
        match self.kind()? {
            Type::Bool => self.decoder.bool().map_err(|e| self.broken(&e)),
            kind => Err(self.wrong_type(key, "a boolean", kind)),
        }
    }

    pub(crate) fn i64(&mut self, key: &'static str) -> Result<i64> {
        let kind = self.kind()?;
        if !is_integer(kind) {
            return Err(self.wrong_type(key, "an integer", kind));
        }
        self.decoder.i64().map_err(|e| self.out_of_range(key, &e))
    }

    pub(crate) fn u32(&mut self, key: &'static str) -> Result<u32> {
        u32::try_from(self.i64(key)?).map_err(|_| Error::OutOfRange { key })
    }

    /// A non-negative 32-bit count.
    pub(crate) fn count(&mut self, key: &'static str) -> Result<i32> {
        match i32::try_from(self.i64(key)?) {
            Ok(count) if count >= 0 => Ok(count),
            _ => Err(Error::OutOfRange { key }),
        }
    }

    pub(crate) fn text(&mut self, key: &'static str) -> Result<Cow<'b, str>> {
        match self.kind()? {
            Type::String => {
                let text = self.decoder.str().map_err(|e| self.broken(&e))?;
                Ok(Cow::Borrowed(text))
            }
            Type::StringIndef => self.chunked_text().map(Cow::Owned),
            kind => Err(self.wrong_type(key, "text", kind)),
        }
    }

    pub(crate) fn string(&mut self, key: &'static str) -> Result<String> {
        self.text(key).map(Cow::into_owned)
    }

    pub(crate) fn uuid(&mut self, key: &'static str) -> Result<Uuid> {
        Uuid::try_parse(&self.text(key)?).map_err(|_| Error::InvalidUuid { key })
    }

    /// Null and the empty text both mean "none".
    pub(crate) fn optional_uuid(&mut self, key: &'static str) -> Result<Option<Uuid>> {
        if matches!(self.kind()?, Type::Null | Type::Undefined) {
            self.skip()?;
            return Ok(None);
        }
        let text = self.text(key)?;
        if text.is_empty() {
            return Ok(None);
        }
        Uuid::try_parse(&text)
            .map(Some)
            .map_err(|_| Error::InvalidUuid { key })
    }

    /// An RFC 3339 text, as nanoseconds since the Unix epoch. Digits after the ninth
    /// of a fraction are dropped.
    pub(crate) fn time_ns(&mut self, key: &'static str) -> Result<i64> {
        let text = self.text(key)?;
        chrono::DateTime::parse_from_rfc3339(&text)
            .ok()
            .and_then(|time| time.timestamp_nanos_opt())
            .ok_or(Error::InvalidTime { key })
    }

    /// A map of texts, in the order received, at most `max` entries.
    pub(crate) fn text_map(
        &mut self,
        key: &'static str,
        max: usize,
    ) -> Result<Vec<(String, String)>> {
        let mut entries = Vec::new();
        self.map(key, |reader, name| {
            if entries.len() == max {
                return Err(Error::TooMany { key, max });
            }
            entries.push((name.to_owned(), reader.string(key)?));
            Ok(())
        })?;
        Ok(entries)
    }

    /// An array of items that `item` reads one at a time, at most `max`.
    pub(crate) fn list<T>(
        &mut self,
        key: &'static str,
        max: usize,
        mut item: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut length = self.array(key)?;
        let mut items = Vec::new();
        while self.has_next(&mut length)? {
            if items.len() == max {
                return Err(Error::TooMany { key, max });
            }
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// A map; `entry` must read or skip the value of each key. Values of keys that
    /// are not text are skipped here.
    pub(crate) fn map(
        &mut self,
        key: &'static str,
        mut entry: impl FnMut(&mut Self, &str) -> Result<()>,
    ) -> Result<()> {
        let mut length = match self.kind()? {
            Type::Map | Type::MapIndef => self.decoder.map().map_err(|e| self.broken(&e))?,
            kind => return Err(self.wrong_type(key, "a map", kind)),
        };
        while self.has_next(&mut length)? {
            if matches!(self.kind()?, Type::String | Type::StringIndef) {
                let name = self.text(key)?;
                entry(self, &name)?;
            } else {
                self.skip()?;
                self.skip()?;
            }
        }
        Ok(())
    }

    fn array(&mut self, key: &'static str) -> Result<Option<u64>> {
        match self.kind()? {
            Type::Array | Type::ArrayIndef => self.decoder.array().map_err(|e| self.broken(&e)),
            kind => Err(self.wrong_type(key, "an array", kind)),
        }
    }

    /// Whether a container holds one more item; consumes the break that ends an
    /// indefinite one.
    fn has_next(&mut self, length: &mut Option<u64>) -> Result<bool> {
        match length {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None => {
                let is_break = self.decoder.datatype().map_err(|e| self.broken(&e))? == Type::Break;
                if is_break {
                    self.decoder.set_position(self.decoder.position() + 1);
                }
                Ok(!is_break)
            }
        }
    }

    fn chunked_text(&mut self) -> Result<String> {
        let offset = self.position();
        let mut text = String::new();
        let chunks = self.decoder.str_iter().map_err(|e| broken(offset, &e))?;
        for chunk in chunks {
            text.push_str(chunk.map_err(|e| broken(offset, &e))?);
        }
        Ok(text)
    }

    fn wrong_type(&self, key: &'static str, expected: &'static str, found: Type) -> Error {
        Error::WrongType {
            key,
            expected,
            found: found.to_string(),
            offset: self.position(),
        }
    }

    fn out_of_range(&self, key: &'static str, error: &minicbor::decode::Error) -> Error {
        if error.is_end_of_input() {
            return Error::Truncated;
        }
        Error::OutOfRange { key }
    }

    fn broken(&self, error: &minicbor::decode::Error) -> Error {
        broken(self.position(), error)
    }
}

fn broken(offset: usize, error: &minicbor::decode::Error) -> Error {
    if error.is_end_of_input() {
        return Error::Truncated;
    }
    let offset = error.position().unwrap_or(offset);
    Error::Malformed { offset }
}

fn is_integer(kind: Type) -> bool {
    matches!(
        kind,
        Type::U8
            | Type::U16
            | Type::U32
            | Type::U64
            | Type::I8
            | Type::I16
            | Type::I32
            | Type::I64
            | Type::Int
    )
}

#[cfg(test)]
mod tests;
