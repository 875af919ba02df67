//! Header names that no client may use.

use http::{HeaderMap, HeaderName};

/// Identity travels beside the headers, so nothing may look like it came from the server.
pub(crate) fn strip_reserved(headers: &mut HeaderMap) {
    while let Some(name) = headers.keys().find(|name| is_reserved(name)).cloned() {
        headers.remove(name);
    }
}

fn is_reserved(name: &HeaderName) -> bool {
    name.as_str().starts_with("x-auth-") || name == "x-allow-delegation"
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn every_copy_of_every_reserved_name_goes() {
        let mut headers = HeaderMap::new();
        for name in [
            "x-auth-subject",
            "x-auth-email",
            "x-auth-email",
            "x-auth-issuer",
            "x-auth-is-admin",
            "x-auth-anything",
            "x-allow-delegation",
            "x-user-id",
            "x-authority",
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static("x"));
        }
        strip_reserved(&mut headers);
        let mut kept: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        kept.sort_unstable();
        assert_eq!(kept, ["x-authority", "x-user-id"]);
    }
}
