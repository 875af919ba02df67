//! Names of partitions.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDateTime, Utc};
use uuid::{Uuid, Variant};

use crate::{Error, Result};

/// The instance of a view that is the same for all processes.
const GLOBAL: &str = "global";
/// The longest name that file systems take.
const NAME_BYTES_MAX: usize = 255;
const DATE: &str = "%Y-%m-%d";
const TIME: &str = "%H-%M-%S";

/// Path of a partition below the lake's root.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartitionKey(String);

impl PartitionKey {
    /// The folder of all partitions.
    pub(crate) const FOLDER: &str = "views";
    const SUFFIX: &str = ".parquet";

    /// A key that nothing else has. `instance`: `global` or the id of a process or
    /// stream. `begin_ns`: where the insert range begins, since the Unix epoch.
    pub fn new(view_set: &str, instance: &str, begin_ns: i64) -> Result<Self> {
        let begin = DateTime::from_timestamp_nanos(begin_ns);
        Self::of(view_set, instance, begin, Uuid::new_v4()).ok_or(Error::InvalidPartitionKey)
    }

    /// Refuses keys that do not have the layout of a partition.
    pub fn parse(text: &str) -> Result<Self> {
        // Written once more from its parts, so there is one spelling of each key.
        match Self::read(text) {
            Some(key) if key.0 == text => Ok(key),
            _ => Err(Error::InvalidPartitionKey),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn read(text: &str) -> Option<Self> {
        let mut folders = text.split('/');
        let [_, view_set, instance, date, file] = std::array::from_fn(|_| folders.next());
        let (time, id) = file?.strip_suffix(Self::SUFFIX)?.split_once('_')?;
        let begin = format!("{} {time}", date?);
        let begin = NaiveDateTime::parse_from_str(&begin, &format!("{DATE} {TIME}")).ok()?;
        // Leaves out leap seconds, which no begin has.
        let begin = DateTime::from_timestamp(begin.and_utc().timestamp(), 0)?;
        Self::of(view_set?, instance?, begin, Uuid::try_parse(id).ok()?)
    }

    fn of(view_set: &str, instance: &str, begin: DateTime<Utc>, id: Uuid) -> Option<Self> {
        let is_random = id.get_version_num() == 4 && id.get_variant() == Variant::RFC4122;
        let has_four_digits = (0..=9999).contains(&begin.year());
        if !(is_view_set(view_set) && is_instance(instance) && is_random && has_four_digits) {
            return None;
        }
        Some(Self(format!(
            "{}/{view_set}/{instance}/{}/{}_{id}{}",
            Self::FOLDER,
            begin.format(DATE),
            begin.format(TIME),
            Self::SUFFIX
        )))
    }
}

impl fmt::Display for PartitionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_view_set(name: &str) -> bool {
    let is_letter = |letter: u8| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'_');
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.bytes().all(is_letter)
}

fn is_instance(name: &str) -> bool {
    let is_id = || Uuid::try_parse(name).is_ok_and(|id| id.to_string() == name);
    name == GLOBAL || is_id()
}

#[cfg(test)]
mod tests;
