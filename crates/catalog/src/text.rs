//! Text as both databases can store it.

use std::borrow::Cow;

use model::{MAX_NAME_CHARS, Properties, truncate_chars};

use crate::{Error, Result};

/// PostgreSQL refuses NUL in text, so it is replaced in both databases.
pub(crate) fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A descriptive field: at most [`MAX_NAME_CHARS`] characters, no NUL.
pub(crate) fn name(text: &str) -> String {
    without_nul(truncate_chars(text, MAX_NAME_CHARS)).into_owned()
}

/// JSON escapes NUL, so these texts keep it.
pub(crate) fn properties_json(properties: &Properties) -> String {
    serde_json::to_string(properties).expect("a map of texts is JSON")
}

pub(crate) fn parse_properties(json: &str) -> Result<Properties> {
    serde_json::from_str(json).map_err(|_| Error::Unreadable {
        what: "properties text",
    })
}

pub(crate) fn list_json(texts: &[String]) -> String {
    serde_json::to_string(texts).expect("a list of texts is JSON")
}

pub(crate) fn parse_list(json: &str, what: &'static str) -> Result<Vec<String>> {
    serde_json::from_str(json).map_err(|_| Error::Unreadable { what })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_by_characters_and_hold_no_nul() {
        for (text, expected) in [
            ("plain", "plain".to_owned()),
            ("a\0b", "a\u{fffd}b".to_owned()),
            ("é".repeat(300).as_str(), "é".repeat(255)),
        ] {
            assert_eq!(name(text), expected);
        }
    }

    #[test]
    fn json_texts_come_back_whole() {
        let properties = Properties::from([("k\0\"".to_owned(), "v\\\n漢🚀".to_owned())]);
        let json = properties_json(&properties);
        assert!(!json.contains('\0'));
        assert_eq!(parse_properties(&json).unwrap(), properties);
        let tags = vec!["a\"b".to_owned(), String::new()];
        assert_eq!(parse_list(&list_json(&tags), "tags").unwrap(), tags);
        assert!(parse_list("{", "tags").is_err());
    }
}
