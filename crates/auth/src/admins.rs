//! Who may administer.

use std::collections::HashSet;
use std::fmt;

use crate::json::{self, ConfigError};

/// Subjects and emails of administrators, matched byte for byte.
#[derive(Clone, Default)]
pub struct Admins(HashSet<String>);

impl Admins {
    /// A JSON array of strings.
    ///
    /// # Errors
    /// It is something else; the error tells the place and the reason.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let value = json::parse(text)?;
        let mut names = HashSet::new();
        for (index, entry) in json::array(&value, "the value")?.iter().enumerate() {
            let place = format!("entry {}", index + 1);
            let name = json::string(entry, &place)?;
            if name.trim().is_empty() {
                return Err(ConfigError::new(format!("{place} is empty")));
            }
            names.insert(name.to_owned());
        }
        Ok(Self(names))
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Who they are is nobody's business: only their number is shown.
impl fmt::Debug for Admins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Admins({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_matched_exactly() {
        let admins = Admins::parse(r#"["ann@example.com", "Jos\u00e9"]"#).unwrap();
        assert!(admins.contains("ann@example.com") && admins.contains("José"));
        assert!(!admins.contains("Ann@example.com") && !admins.contains("ann"));
        assert!(Admins::parse("[]").unwrap().iter().next().is_none());
        assert_eq!(format!("{admins:?}"), "Admins(2)");
    }

    #[test]
    fn errors_tell_the_place_and_quote_nothing() {
        for (text, expected) in [
            (
                "[\"secret\"",
                "is not valid JSON: EOF while parsing a list at line 1 column 9",
            ),
            ("\"secret\"", "the value must be an array and is a string"),
            ("[\"a\", 5]", "entry 2 must be a string and is a number"),
            ("[\" \"]", "entry 1 is empty"),
            (
                "",
                "is not valid JSON: EOF while parsing a value at line 1 column 0",
            ),
        ] {
            assert_eq!(Admins::parse(text).unwrap_err().to_string(), expected);
        }
    }
}
