//! The tables that can be uploaded.

use std::fmt;
use std::str::FromStr;

use super::{BulkError, Result};

/// What can be uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkTable {
    Processes,
    Streams,
    Blocks,
    Payloads,
}

impl BulkTable {
    const ALL: [Self; 4] = [Self::Processes, Self::Streams, Self::Blocks, Self::Payloads];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Processes => "processes",
            Self::Streams => "streams",
            Self::Blocks => "blocks",
            Self::Payloads => "payloads",
        }
    }
}

impl fmt::Display for BulkTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for BulkTable {
    type Err = BulkError;

    fn from_str(name: &str) -> Result<Self> {
        let table = Self::ALL.into_iter().find(|table| table.name() == name);
        table.ok_or_else(|| BulkError::UnknownTable(model::truncate_chars(name, 64).to_owned()))
    }
}
