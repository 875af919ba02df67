//! Names of segments.

use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{Error, Result};

/// Path of a segment below the lake's root.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentKey(String);

impl SegmentKey {
    /// The folder of all segments.
    pub(crate) const FOLDER: &str = "segments";
    const SUFFIX: &str = ".seg";

    /// A key that nothing else has.
    pub(crate) fn new() -> Self {
        let id = Uuid::now_v7();
        Self::of(id).expect("a new UUID holds a time of this age")
    }

    /// Refuses keys that do not have the layout of a segment.
    pub fn parse(text: &str) -> Result<Self> {
        let name = text.rsplit('/').next().unwrap_or_default();
        let id = name.strip_suffix(Self::SUFFIX);
        let id = id.and_then(|id| Uuid::try_parse(id).ok());
        // Written once more from the id, so there is one spelling of each key.
        let key = id.and_then(Self::of).ok_or(Error::InvalidKey)?;
        if key.0 == text {
            Ok(key)
        } else {
            Err(Error::InvalidKey)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(id: Uuid) -> Option<Self> {
        if id.get_version_num() != 7 {
            return None;
        }
        let (seconds, nanoseconds) = id.get_timestamp()?.to_unix();
        let time: DateTime<Utc> =
            DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanoseconds)?;
        Some(Self(format!(
            "{}/{}/{id}{}",
            Self::FOLDER,
            time.format("%Y-%m-%d/%H"),
            Self::SUFFIX
        )))
    }
}

impl fmt::Display for SegmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_keys_are_distinct_and_parse() {
        let (first, second) = (SegmentKey::new(), SegmentKey::new());
        assert_ne!(first, second);
        assert_eq!(SegmentKey::parse(first.as_str()).unwrap(), first);
    }

    #[test]
    fn the_folder_is_the_hour_of_the_id() {
        let key = "segments/2022-02-22/19/017f22e2-79b0-7cc3-98c4-dc0c0c07398f.seg";
        assert_eq!(SegmentKey::parse(key).unwrap().as_str(), key);
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "segments",
            "017f22e2-79b0-7cc3-98c4-dc0c0c07398f.seg",
            "/segments/2022-02-22/19/017f22e2-79b0-7cc3-98c4-dc0c0c07398f.seg",
            "segments/2022-02-22/20/017f22e2-79b0-7cc3-98c4-dc0c0c07398f.seg",
            "segments/2022-02-22/19/017F22E2-79b0-7cc3-98c4-dc0c0c07398f.seg",
            "segments/2022-02-22/19/017f22e279b07cc398c4dc0c0c07398f.seg",
            "segments/2022-02-22/19/017f22e2-79b0-7cc3-98c4-dc0c0c07398f.seg.tmp",
            "segments/2022-02-22/19/../19/017f22e2-79b0-7cc3-98c4-dc0c0c07398f.seg",
            "../segments/2022-02-22/19/017f22e2-79b0-7cc3-98c4-dc0c0c07398f.seg",
            "segments/2022-02-22/19/017f22e2-79b0-4cc3-98c4-dc0c0c07398f.seg",
            "segments/x/ffffffff-ffff-7fff-bfff-ffffffffffff.seg",
        ] {
            assert!(SegmentKey::parse(text).is_err(), "{text}");
        }
    }
}
