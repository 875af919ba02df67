//! Static keys: a name and a secret that its owner sends as bearer token.

use std::collections::HashMap;
use std::fmt;

use async_trait::async_trait;

use crate::bearer::TOKEN_BYTES_MAX;
use crate::digest::Digest;
use crate::json::{self, ConfigError};
use crate::{Admins, AuthMethod, Caller, Identity, Provider, Rejection, RequestView};

/// Longer names are refused: they are in every log line of their owner.
const NAME_BYTES_MAX: usize = 256;

/// The issuer of callers that came with a key.
const ISSUER: &str = "api_key";

/// The key ring of a service, by the digests of its keys. The keys themselves are forgotten.
#[derive(Clone)]
pub struct ApiKeys(HashMap<Digest, Caller>);

impl ApiKeys {
    /// A JSON array of `{"name": string, "key": string}`. The last of several equal keys
    /// counts. A key whose name is in `admins` may administer; no other may.
    ///
    /// # Errors
    /// Something else, or a key that no request could carry.
    pub fn parse(text: &str, admins: &Admins) -> Result<Self, ConfigError> {
        let value = json::parse(text)?;
        let mut keys = HashMap::new();
        for (index, entry) in json::array(&value, "the value")?.iter().enumerate() {
            let place = format!("entry {}", index + 1);
            let object = json::object(entry, &place)?;
            let name = json::field(object, "name", &place)?;
            let key = json::field(object, "key", &place)?;
            check_name(name, &place)?;
            check_key(key, &place)?;
            keys.insert(Digest::of(key), caller(name, admins.contains(name)));
        }
        Ok(Self(keys))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// An empty ring is a configured one: it lets nobody in.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn has_name(&self, name: &str) -> bool {
        self.0.values().any(|caller| caller.subject == name)
    }

    pub(crate) fn find(&self, digest: Digest) -> Option<&Caller> {
        self.0.get(&digest)
    }
}

#[async_trait]
impl Provider for ApiKeys {
    fn name(&self) -> &'static str {
        ISSUER
    }

    async fn authenticate(&self, request: &RequestView<'_>) -> Result<Caller, Rejection> {
        let caller = self.find(request.bearer()?.digest());
        caller
            .cloned()
            .ok_or_else(|| Rejection::refused("no such key"))
    }
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeys({})", self.0.len())
    }
}

fn caller(name: &str, is_admin: bool) -> Caller {
    Caller::new(Identity {
        subject: name.to_owned(),
        email: None,
        issuer: ISSUER.to_owned(),
        audience: None,
        expires_at: None,
        method: AuthMethod::ApiKey,
        is_admin,
        allow_delegation: true,
    })
}

fn check_name(name: &str, place: &str) -> Result<(), ConfigError> {
    let problem = if name.trim().is_empty() {
        "is empty"
    } else if name.len() > NAME_BYTES_MAX {
        "has more than 256 bytes"
    } else if name.chars().any(char::is_control) {
        "has control characters"
    } else {
        return Ok(());
    };
    Err(ConfigError::new(format!(
        "{place}, field \"name\", {problem}"
    )))
}

fn check_key(key: &str, place: &str) -> Result<(), ConfigError> {
    let problem = if key.trim().is_empty() {
        "is empty: an empty bearer token would match it".to_owned()
    } else if key.len() > TOKEN_BYTES_MAX {
        format!("has more than {TOKEN_BYTES_MAX} bytes")
    } else if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        "has spaces, line breaks or other characters that no header carries; a key must be one \
         line of visible ASCII, such as the output of `openssl rand -base64 512 | tr -d '\\n'`"
            .to_owned()
    } else {
        return Ok(());
    };
    Err(ConfigError::new(format!(
        "{place}, field \"key\", {problem}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ApiKeys, ConfigError> {
        ApiKeys::parse(text, &Admins::default())
    }

    async fn subject(keys: &ApiKeys, token: &str) -> Option<String> {
        let caller = keys.authenticate(&RequestView::of_token(token)).await;
        caller.ok().map(|caller| caller.subject.clone())
    }

    #[tokio::test]
    async fn keys_are_found_by_their_whole_text() {
        // As long as `openssl rand -base64 512` makes them.
        let long = "q".repeat(690);
        let text = format!(
            r#"[{{"name": "ci", "key": "{long}"}}, {{"name": "José", "key": "k2"}},
                {{"name": "ci", "key": "k3", "comment": 1}}, {{"name": "last", "key": "k2"}}]"#
        );
        let keys = parse(&text).unwrap();
        assert_eq!(subject(&keys, &long).await.unwrap(), "ci");
        assert_eq!(subject(&keys, "k3").await.unwrap(), "ci");
        assert_eq!(subject(&keys, "k2").await.unwrap(), "last");
        for wrong in [&long[1..], "k", "k22", "", "K2"] {
            assert_eq!(subject(&keys, wrong).await, None, "{wrong}");
        }
        let caller = keys
            .authenticate(&RequestView::of_token("k3"))
            .await
            .unwrap();
        assert!(!caller.is_admin && caller.allow_delegation);
        assert_eq!(caller.issuer, "api_key");
    }

    #[tokio::test]
    async fn an_operator_may_name_keys_that_administer() {
        let admins = Admins::parse(r#"["root"]"#).unwrap();
        let text = r#"[{"name": "root", "key": "a"}, {"name": "ci", "key": "b"}]"#;
        let keys = ApiKeys::parse(text, &admins).unwrap();
        for (token, is_admin) in [("a", true), ("b", false)] {
            let caller = keys.authenticate(&RequestView::of_token(token)).await;
            assert_eq!(caller.unwrap().is_admin, is_admin, "{token}");
        }
    }

    #[tokio::test]
    async fn an_empty_ring_lets_nobody_in() {
        let keys = parse("[]").unwrap();
        assert!(keys.is_empty());
        assert_eq!(subject(&keys, "k").await, None);
    }

    #[test]
    fn errors_tell_the_place_and_quote_nothing() {
        for (text, expected) in [
            (
                "hunter2",
                "is not valid JSON: expected value at line 1 column 1",
            ),
            ("[{\"name\": \"a\",\n \"key\": hunter2}]", "line 2 column 9"),
            ("\"hunter2\"", "the value must be an array and is a string"),
            ("[\"hunter2\"]", "entry 1 must be an object and is a string"),
            (r#"[{"name": "hunter2"}]"#, "entry 1 has no field \"key\""),
            (r#"[{"key": "hunter2"}]"#, "entry 1 has no field \"name\""),
            (
                r#"[{"name": "a", "key": 5}]"#,
                "entry 1, field \"key\", must be a string and is a number",
            ),
            (
                r#"[{"name": "a", "key": "k"}, {"name": "b", "key": ""}]"#,
                "entry 2, field \"key\", is empty",
            ),
            (r#"[{"name": "a", "key": "  "}]"#, "is empty"),
            (
                r#"[{"name": "a", "key": "hunter2\nhunter2"}]"#,
                "line breaks",
            ),
            (r#"[{"name": "a", "key": "hunter2 "}]"#, "spaces"),
            (r#"[{"name": "a", "key": "hunter2é"}]"#, "ASCII"),
            (
                r#"[{"name": "", "key": "hunter2"}]"#,
                "field \"name\", is empty",
            ),
            (
                r#"[{"name": "a\nb", "key": "hunter2"}]"#,
                "control characters",
            ),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn printing_shows_no_key() {
        let keys = parse(r#"[{"name": "a", "key": "hunter2"}]"#).unwrap();
        assert_eq!(format!("{keys:?}"), "ApiKeys(1)");
    }
}
