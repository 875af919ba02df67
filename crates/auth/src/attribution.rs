//! Who is recorded as the user of a request. For the record only: what a caller may do is
//! decided by [`Caller`], never by this.

use std::borrow::Cow;

use http::HeaderMap;
use percent_encoding::percent_decode;

use crate::{AuthMethod, Caller};

const USER_ID: &str = "x-user-id";
const USER_EMAIL: &str = "x-user-email";
const USER_NAME: &str = "x-user-name";

const UNKNOWN: &str = "unknown";
/// Stands for the email of a key that acts for itself, or for a user without email.
const SERVICE_ACCOUNT: &str = "service-account";

/// The user that a client claims to act for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimedUser {
    pub id: Option<String>,
    pub email: Option<String>,
    /// Free text for people to read; nothing checks it.
    pub name: Option<String>,
}

/// The user of a request, as logs and audit records name them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    pub user: String,
    pub email: String,
    pub name: Option<String>,
    /// The key that acted for the user, when one did.
    pub service_account: Option<String>,
}

/// A caller claimed to be somebody else without the right to. The client is told this text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("User impersonation not allowed: {header} differs from the authenticated user")]
pub struct Impersonation {
    header: &'static str,
}

impl ClaimedUser {
    /// Values are percent-encoded UTF-8.
    pub fn of_headers(headers: &HeaderMap) -> Self {
        let claim = |name| {
            headers
                .get(name)
                .and_then(|value| decoded(value.as_bytes()))
        };
        Self {
            id: claim(USER_ID),
            email: claim(USER_EMAIL),
            name: claim(USER_NAME),
        }
    }
}

impl Attribution {
    /// # Errors
    /// The caller may not act for others and claims another id or email than their own.
    pub fn of(caller: &Caller, claimed: ClaimedUser) -> Result<Self, Impersonation> {
        match caller.method {
            AuthMethod::Disabled => Ok(Self {
                user: claimed.id.unwrap_or_else(|| UNKNOWN.to_owned()),
                email: claimed.email.unwrap_or_else(|| UNKNOWN.to_owned()),
                name: claimed.name,
                service_account: None,
            }),
            _ if caller.allow_delegation => Ok(Self::delegated(caller, claimed)),
            _ => Self::own(caller, claimed),
        }
    }

    /// The caller alone, whatever is claimed.
    pub fn proven(caller: &Caller) -> Self {
        Self {
            user: caller.subject.clone(),
            email: caller.email.clone().unwrap_or_else(|| UNKNOWN.to_owned()),
            name: None,
            service_account: None,
        }
    }

    fn delegated(caller: &Caller, claimed: ClaimedUser) -> Self {
        let acts_for_other = claimed.id.is_some() || claimed.email.is_some();
        let own_email = || caller.email.clone();
        let email = claimed.email.or_else(own_email);
        Self {
            user: claimed.id.unwrap_or_else(|| caller.subject.clone()),
            email: email.unwrap_or_else(|| SERVICE_ACCOUNT.to_owned()),
            name: claimed.name,
            service_account: acts_for_other.then(|| caller.subject.clone()),
        }
    }

    /// An email that the token does not prove counts as another one.
    fn own(caller: &Caller, claimed: ClaimedUser) -> Result<Self, Impersonation> {
        if claimed.id.is_some_and(|id| id != caller.subject) {
            return Err(Impersonation { header: USER_ID });
        }
        if claimed.email.is_some() && claimed.email != caller.email {
            return Err(Impersonation { header: USER_EMAIL });
        }
        Ok(Self {
            name: claimed.name,
            ..Self::proven(caller)
        })
    }
}

/// What can not be decoded is kept as it came, without its bytes outside of printable ASCII.
/// Control characters never pass: the text goes into log lines.
fn decoded(bytes: &[u8]) -> Option<String> {
    let text = match percent_decode(bytes).decode_utf8() {
        Ok(text) if bytes.is_ascii() => text,
        _ => {
            tracing::debug!("an attribution header is not percent-encoded UTF-8");
            Cow::Owned(
                bytes
                    .iter()
                    .copied()
                    .map(char::from)
                    .filter(is_printable_ascii)
                    .collect(),
            )
        }
    };
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    Some(text).filter(|text| !text.is_empty())
}

fn is_printable_ascii(character: &char) -> bool {
    matches!(character, ' '..='~')
}

#[cfg(test)]
mod tests;
