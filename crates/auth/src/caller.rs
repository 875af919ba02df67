//! The one who asks.

use std::ops::Deref;
use std::sync::Arc;

/// How a caller proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthMethod {
    ApiKey,
    Oidc,
    /// A provider outside of this crate.
    Other,
    /// Authentication is off: nothing was proved.
    Disabled,
}

/// What a provider found out about a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The name of an API key, or the `sub` of a token.
    pub subject: String,
    pub email: Option<String>,
    /// The `iss` of a token, or `api_key`.
    pub issuer: String,
    /// The configured audience that the token was made for.
    pub audience: Option<String>,
    /// Seconds since 1970 at which the credential ends.
    pub expires_at: Option<i64>,
    pub method: AuthMethod,
    pub is_admin: bool,
    /// Whether this caller may act in the name of others.
    pub allow_delegation: bool,
}

/// An authenticated caller: the extension that layers put into a request and handlers take out.
/// Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller(Arc<Identity>);

impl Caller {
    pub fn new(identity: Identity) -> Self {
        Self(Arc::new(identity))
    }

    /// Everybody, where authentication is off. Development mode is a named caller, never an
    /// absent one.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(Identity {
            subject: "unauthenticated".into(),
            email: None,
            issuer: "none".into(),
            audience: None,
            expires_at: None,
            method: AuthMethod::Disabled,
            is_admin: true,
            allow_delegation: true,
        })
    }
}

impl Deref for Caller {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.0
    }
}
