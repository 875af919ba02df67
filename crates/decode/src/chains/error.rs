//! Why the blocks of a chain do not fit together.

use std::fmt;

/// Characters of each text in a message.
const MAX_SHOWN: usize = 200;

/// Bytes of distinct texts of a chain. The texts of one more block, at most as much,
/// keep it far below the 2 GiB that an Arrow array can hold.
const MAX_TEXT: usize = 256 << 20;

/// Why a block does not continue its chain. `event` is the ordinal of the event that
/// does not fit in its stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    #[error("event {event} closes {closing} while the innermost open scope is {open}")]
    Mismatch {
        event: i64,
        closing: Box<ScopeName>,
        open: Box<ScopeName>,
    },
    #[error("event {event} begins a span earlier than the span before it")]
    Backwards { event: i64 },
    #[error("the chain has more than {max} spans")]
    TooManySpans { max: usize },
    #[error("the chain holds more than {max} bytes of text")]
    TooMuchText { max: usize },
    #[error("the block was decoded for another table")]
    OtherTable,
}

/// How a message names a scope; long texts are cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeName {
    pub name: String,
    pub file: String,
    pub line: u32,
}

impl ScopeName {
    pub(super) fn new(name: &str, file: &str, line: u32) -> Self {
        let cut = |text| model::truncate_chars(text, MAX_SHOWN).to_owned();
        Self {
            name: cut(name),
            file: cut(file),
            line,
        }
    }
}

impl fmt::Display for ScopeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}:{})", self.name, self.file, self.line)
    }
}

/// `bytes` = those of all distinct texts so far.
pub(super) fn check_text(bytes: usize) -> Result<(), ChainError> {
    match bytes > MAX_TEXT {
        true => Err(ChainError::TooMuchText { max: MAX_TEXT }),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_TEXT, check_text};

    #[test]
    fn texts_are_bounded() {
        assert_eq!(check_text(MAX_TEXT), Ok(()));
        let error = check_text(MAX_TEXT + 1).expect_err("too much");
        let expected = "the chain holds more than 268435456 bytes of text";
        assert_eq!(error.to_string(), expected);
    }
}
