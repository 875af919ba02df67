//! Tokens of OpenID Connect issuers.
//!
//! ```text
//! token ── cache of validated tokens ── parse ── issuer ── keys ── signature ── times ── audience
//!                    (a hit ends here)                      └── discovery and key set over HTTPS
//! ```

mod cache;
mod claims;
mod config;
mod fetch;
mod jwks;
mod key_cache;
mod provider;
mod tls;
mod token;
mod validate;

pub use config::OidcConfig;
pub use key_cache::KeyTiming;
pub use provider::Oidc;

pub(crate) use claims::Claims;
pub(crate) use provider::IssuerKeys;
pub(crate) use token::{Token, TokenError};
pub(crate) use validate::{check_times, identity, matched_audience, now_seconds};
