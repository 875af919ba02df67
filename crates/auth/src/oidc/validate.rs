//! What must hold of a token beside its signature, and who its bearer is.

use std::time::{SystemTime, UNIX_EPOCH};

use super::claims::Claims;
use super::config::IssuerConfig;
use super::token::{Quoted, TokenError};
use crate::{Admins, AuthMethod, Caller, Identity};

/// Clocks of issuers may be this far ahead of ours.
const NOT_BEFORE_LEEWAY_SECONDS: f64 = 60.0;

pub(crate) fn now_seconds() -> f64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    since_epoch.map_or(0.0, |duration| duration.as_secs_f64())
}

/// A token ends at its `exp`, without leeway.
pub(crate) fn check_times(claims: &Claims, now: f64) -> Result<(), TokenError> {
    if claims.expires_at <= now {
        return Err(TokenError::Expired {
            seconds: (now - claims.expires_at) as u64,
        });
    }
    match claims.not_before {
        Some(not_before) if not_before > now + NOT_BEFORE_LEEWAY_SECONDS => {
            Err(TokenError::NotYetValid {
                seconds: (not_before - now) as u64,
            })
        }
        _ => Ok(()),
    }
}

/// The first configured audience that the token was made for.
pub(crate) fn matched_audience<'i>(
    claims: &Claims,
    issuer: &'i IssuerConfig,
) -> Result<&'i str, TokenError> {
    let is_meant = |accepted: &&String| claims.audiences.contains(accepted);
    let audience = issuer.audiences.iter().find(is_meant);
    audience
        .map(String::as_str)
        .ok_or_else(|| TokenError::Audience(Quoted::new(&claims.audiences.join(", "))))
}

/// The bearer of a token whose checks all passed.
pub(crate) fn identity(claims: Claims, audience: &str, admins: &Admins) -> Caller {
    let mut proven = std::iter::once(&claims.subject).chain(&claims.trusted_emails);
    let is_admin = proven.any(|name| admins.contains(name));
    Caller::new(Identity {
        is_admin,
        subject: claims.subject,
        email: claims.email.map(|(_, email)| email),
        issuer: claims.issuer,
        audience: Some(audience.to_owned()),
        expires_at: Some(claims.expires_at as i64),
        method: AuthMethod::Oidc,
        allow_delegation: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(expires_at: f64, not_before: Option<f64>) -> Claims {
        Claims {
            issuer: "i".into(),
            subject: "s".into(),
            audiences: vec!["x".into(), "a".into()],
            expires_at,
            not_before,
            email: Some(("upn", "upn@x".into())),
            trusted_emails: vec!["mail@x".into()],
        }
    }

    #[test]
    fn times_have_no_leeway_at_the_end_and_a_minute_at_the_begin() {
        for (expires_at, not_before, is_valid) in [
            (1000.5, None, true),
            (1000.0, None, false),
            (999.0, None, false),
            (-1e300, None, false),
            (1e300, None, true),
            (2000.0, Some(1060.0), true),
            (2000.0, Some(1061.0), false),
            (2000.0, Some(1e300), false),
        ] {
            let checked = check_times(&claims(expires_at, not_before), 1000.0);
            assert_eq!(checked.is_ok(), is_valid, "{expires_at} {not_before:?}");
        }
    }

    #[test]
    fn one_common_audience_is_enough() {
        let issuer = |audiences: &[&str]| IssuerConfig {
            name: "i".into(),
            url: "https://i".parse().unwrap(),
            audiences: audiences.iter().map(|name| (*name).to_owned()).collect(),
        };
        let claims = claims(1.0, None);
        assert_eq!(
            matched_audience(&claims, &issuer(&["b", "a", "x"])).unwrap(),
            "a"
        );
        let refused = matched_audience(&claims, &issuer(&["A", "b"])).unwrap_err();
        assert_eq!(refused.to_string(), "audience \"x, a\" is not accepted");
    }

    #[test]
    fn administrators_are_known_by_what_is_proven() {
        for (admin, is_admin) in [
            ("s", true),
            ("mail@x", true),
            ("upn@x", false),
            ("S", false),
        ] {
            let admins = Admins::parse(&format!("[\"{admin}\"]")).unwrap();
            let caller = identity(claims(1e300, None), "a", &admins);
            assert_eq!(caller.is_admin, is_admin, "{admin}");
            assert_eq!(caller.email.as_deref(), Some("upn@x"));
            assert_eq!(caller.expires_at, Some(i64::MAX));
            assert!(!caller.allow_delegation);
        }
    }
}
