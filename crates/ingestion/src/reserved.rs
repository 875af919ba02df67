//! Property keys that belong to the server.

use model::{Properties, RESERVED_PROPERTY_PREFIX};

/// Removes the properties that only the server may set: a client could otherwise choose, for
/// example, who sees its data. Says so once; neither keys nor values are logged.
pub(crate) fn drop_reserved(properties: &mut Properties, of: &dyn std::fmt::Display) {
    let before = properties.len();
    properties.retain(|key, _| !key.starts_with(RESERVED_PROPERTY_PREFIX));
    let dropped = before - properties.len();
    if dropped > 0 {
        tracing::warn!(%of, dropped, "dropped client properties with a reserved prefix");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_prefix_counts() {
        let keys = [
            "micromegas.",
            "micromegas.audience",
            "micromegas",
            "a.micromegas.b",
            "",
        ];
        let mut properties: Properties = keys
            .iter()
            .map(|key| ((*key).to_owned(), String::new()))
            .collect();
        drop_reserved(&mut properties, &"test");
        let kept: Vec<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(kept, ["", "a.micromegas.b", "micromegas"]);
    }
}
