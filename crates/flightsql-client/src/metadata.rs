//! What accompanies one query: validated name and value pairs.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use tonic::metadata::{Ascii, AsciiMetadataKey, AsciiMetadataValue, MetadataMap, MetadataValue};

/// Metadata of one query. Its `Debug` form shows names only, since values may be secrets.
#[derive(Clone, Default)]
pub struct RequestMetadata {
    entries: MetadataMap,
}

/// Why a pair is refused. Values are never repeated.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Not a legal name of a text entry: a `-bin` name is not one.
    #[error("{0:?} is not a valid metadata name")]
    Name(String),
    /// Only visible ASCII and spaces can travel; anything else must be percent-encoded.
    #[error("the value of metadata {0} has characters other than printable ASCII")]
    Value(String),
}

impl RequestMetadata {
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits the query to events between two moments, both included.
    #[must_use]
    pub fn with_range(self, begin: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        self.with("query_range_begin", time_value(begin))
            .with("query_range_end", time_value(end))
    }

    /// Limits the number of rows of the result.
    #[must_use]
    pub fn with_limit(self, rows: u64) -> Self {
        self.with("limit", AsciiMetadataValue::from(rows))
    }

    /// Asks for dictionary arrays as they are: a repeated string then travels once per batch.
    #[must_use]
    pub fn with_preserved_dictionaries(self) -> Self {
        self.with(
            "preserve_dictionary",
            AsciiMetadataValue::from_static("true"),
        )
    }

    /// Sets any pair; an earlier value of the same name is replaced.
    ///
    /// # Errors
    /// A name or value that cannot travel as text metadata.
    pub fn insert(&mut self, name: &str, value: &str) -> Result<(), MetadataError> {
        let key = AsciiMetadataKey::from_bytes(name.as_bytes())
            .map_err(|_| MetadataError::Name(name.to_owned()))?;
        // The library would let other bytes pass.
        let printable = value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let mut value = MetadataValue::<Ascii>::try_from(value)
            .ok()
            .filter(|_| printable)
            .ok_or_else(|| MetadataError::Value(key.to_string()))?;
        value.set_sensitive(key.as_str() == "authorization");
        self.entries.insert(key, value);
        Ok(())
    }

    pub(crate) fn into_inner(self) -> MetadataMap {
        self.entries
    }

    fn with(mut self, name: &'static str, value: AsciiMetadataValue) -> Self {
        self.entries.insert(name, value);
        self
    }
}

impl fmt::Debug for RequestMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.entries.as_ref().keys();
        f.debug_set().entries(names).finish()
    }
}

fn time_value(time: DateTime<Utc>) -> AsciiMetadataValue {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
        .parse()
        .expect("an RFC 3339 time is ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: &str, expected: Result<(), &str>) {
        let mut metadata = RequestMetadata::new();
        let result = metadata.insert(name, value).map_err(|e| e.to_string());
        match (&result, expected) {
            (Ok(()), Ok(())) => {}
            (Err(message), Err(expected)) => {
                assert!(message.contains(expected), "{name}: {message}");
                assert!(!message.contains("secret"), "{message}");
            }
            _ => panic!("{name}: {result:?}"),
        }
    }

    #[test]
    fn only_printable_ascii_pairs_are_accepted() {
        check("authorization", "Bearer secret", Ok(()));
        check("X-Client-Type", "web+gateway", Ok(()));
        check("x-empty", "", Ok(()));
        check("x-note", "secret\u{e9}", Err("x-note"));
        check("x-note", "secret\nline", Err("x-note"));
        check("bad name", "secret", Err("bad name"));
        check("", "secret", Err("not a valid metadata name"));
        check("trace-bin", "secret", Err("trace-bin"));
    }

    #[test]
    fn debug_shows_names_only() {
        let mut metadata = RequestMetadata::new().with_limit(5);
        metadata
            .insert("authorization", "Bearer secret")
            .expect("valid pair");
        metadata.insert("x-password", "secret").expect("valid pair");
        let text = format!("{metadata:?}");
        assert!(
            text.contains("authorization") && text.contains("limit"),
            "{text}"
        );
        assert!(!text.contains("secret"), "{text}");
    }

    #[test]
    fn times_keep_their_nanoseconds() {
        let begin = DateTime::from_timestamp(1, 5).expect("valid time");
        let end = DateTime::from_timestamp(2, 0).expect("valid time");
        let entries = RequestMetadata::new().with_range(begin, end).into_inner();
        let text = |name| {
            entries
                .get(name)
                .expect("present")
                .to_str()
                .expect("text")
                .to_owned()
        };
        assert_eq!(text("query_range_begin"), "1970-01-01T00:00:01.000000005Z");
        assert_eq!(text("query_range_end"), "1970-01-01T00:00:02Z");
    }
}
