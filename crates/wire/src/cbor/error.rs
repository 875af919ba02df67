//! What can be wrong with a CBOR document.

/// Why an envelope, a stored payload or a type table was refused. `key` is the map
/// key whose value was being read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the input ends in the middle of an item")]
    Truncated,
    #[error("malformed CBOR at byte {offset}")]
    Malformed { offset: usize },
    #[error("`{key}` is missing")]
    MissingKey { key: &'static str },
    #[error("`{key}` appears twice")]
    DuplicateKey { key: &'static str },
    #[error("`{key}` should be {expected}, found {found} at byte {offset}")]
    WrongType {
        key: &'static str,
        expected: &'static str,
        found: String,
        offset: usize,
    },
    #[error("the number in `{key}` is out of range")]
    OutOfRange { key: &'static str },
    #[error("`{key}` is not a UUID")]
    InvalidUuid { key: &'static str },
    #[error("`{key}` is not an RFC 3339 time between the years 1678 and 2262")]
    InvalidTime { key: &'static str },
    #[error("`{key}` has more than {max} elements")]
    TooMany { key: &'static str, max: usize },
    #[error("containers are nested more than {max} deep")]
    NestedTooDeep { max: usize },
}
