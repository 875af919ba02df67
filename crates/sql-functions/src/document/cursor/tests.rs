//! Elements are those that the crate of the format finds.

use jsonb::RawJsonb;
use proptest::prelude::*;

use super::{Cursor, Document};
use crate::document::parse_text;

/// Names, of objects, and documents.
fn elements(bytes: &[u8]) -> Option<Vec<(Option<String>, Vec<u8>)>> {
    let mut cursor = Cursor::new(&Document::new(bytes).expect("valid"))?;
    let mut elements = Vec::new();
    while let Some(element) = cursor.next(bytes) {
        assert_eq!(element.index, elements.len());
        let mut document = Vec::new();
        element.write(&mut document);
        elements.push((element.key.map(str::to_owned), document));
    }
    assert_eq!(cursor.next(bytes), None, "the end is the end");
    Some(elements)
}

fn check(text: &str) {
    let bytes = parse_text(text).expect("JSON");
    let raw = RawJsonb::new(&bytes);
    let of_array = raw.array_values().expect("readable").map(|values| {
        let values = values.into_iter();
        values
            .map(|value| (None, value.to_vec()))
            .collect::<Vec<_>>()
    });
    let of_object = raw.object_each().expect("readable").map(|members| {
        let members = members.into_iter();
        members
            .map(|(name, value)| (Some(name), value.to_vec()))
            .collect::<Vec<_>>()
    });
    assert_eq!(elements(&bytes), of_array.or(of_object), "{text}");
}

#[test]
fn elements_of_every_kind() {
    for text in [
        "[]",
        "{}",
        "1",
        "null",
        r#"[null, true, false, "", "text", 0, -1, 2.5, [], {}, [1, [2]], {"a": 1}]"#,
        r#"{"b": [1], "a": {"c": null}, "": "x", "é": 1e300}"#,
    ] {
        check(text);
    }
}

proptest! {
    #[test]
    fn elements_of_any_names_and_numbers(members in prop::collection::btree_map(".{0,8}", any::<i64>(), 0..40)) {
        let pairs: Vec<String> = members
            .iter()
            .filter(|(name, _)| !name.contains(['"', '\\']) && !name.contains(char::is_control))
            .map(|(name, number)| format!("\"{name}\": {number}"))
            .collect();
        check(&format!("{{{}}}", pairs.join(",")));
        let numbers: Vec<String> = members.values().map(i64::to_string).collect();
        check(&format!("[{}]", numbers.join(",")));
    }

    /// Whatever passes the check can be walked.
    #[test]
    fn any_bytes_that_are_valid_have_elements(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if Document::new(&bytes).is_ok() {
            elements(&bytes);
        }
    }
}
