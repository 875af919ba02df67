//! Property sets as JSONB documents.

use std::borrow::Cow;

use jsonb::{Object, Value};
use model::Properties;

/// A JSONB object of texts: keys sorted and unique, the last value of a key wins.
pub fn jsonb_object<'a>(members: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let members: Object<'a> = members
        .into_iter()
        .map(|(key, value)| (key.to_owned(), Value::String(Cow::Borrowed(value))))
        .collect();
    Value::Object(members).to_vec()
}

pub fn properties_to_jsonb(properties: &Properties) -> Vec<u8> {
    jsonb_object(properties.iter().map(|(k, v)| (k.as_str(), v.as_str())))
}

#[cfg(test)]
mod tests {
    use super::{jsonb_object, properties_to_jsonb};

    #[test]
    fn the_encoding_is_byte_exact() {
        let expected = b"\x40\0\0\x01\x10\0\0\x04\x10\0\0\x05namevalue";
        assert_eq!(jsonb_object([("name", "value")]), expected);
        assert_eq!(jsonb_object([]), [0x40, 0, 0, 0]);
        let properties = [("name".to_owned(), "value".to_owned())].into();
        assert_eq!(properties_to_jsonb(&properties), expected);
    }

    #[test]
    fn keys_are_sorted_and_the_last_value_wins() {
        let unsorted = jsonb_object([("b", "1"), ("a", "2"), ("b", "3")]);
        assert_eq!(unsorted, jsonb_object([("a", "2"), ("b", "3")]));
    }
}
