//! Who asks: API keys and OpenID Connect in front of every service.
//!
//! ```text
//! request ── layer: strip identity headers ── Authenticator ─┬─ ApiKeys   (one look-up by digest)
//!                                                            ├─ Oidc      (cache ── keys ── token)
//!                                                            └─ any other Provider
//!         ── Caller in the request's extensions ── handler, which asks for it
//! ```
//!
//! Invariants:
//! - A handler takes a [`Caller`]; a route without a layer has none, so it refuses.
//! - Identity never travels in headers: what a client sends under the reserved names is removed.
//! - A credential is compared by its SHA-256 only, in constant time, and no type that holds one
//!   prints it.
//! - No host is contacted but the configured issuers and where their own documents point.
//! - What the issuer did not answer is an outage (503, `UNAVAILABLE`); what is wrong with a token
//!   is a refusal (401, `UNAUTHENTICATED`). Clients are told which of the two, the log why.

mod admins;
mod api_keys;
mod attribution;
mod authenticator;
mod bearer;
mod caller;
mod config;
mod digest;
mod door;
mod explain;
pub mod grpc;
pub mod http;
mod json;
mod oidc;
mod provider;
mod request_view;
mod reserved_headers;

pub use admins::Admins;
pub use api_keys::ApiKeys;
pub use attribution::{Attribution, ClaimedUser, Impersonation};
pub use authenticator::Authenticator;
pub use bearer::{Bearer, BearerError};
pub use caller::{AuthMethod, Caller, Identity};
pub use config::Config;
pub use explain::{Check, Explanation, Verdict, explain};
pub use json::ConfigError;
pub use oidc::{KeyTiming, Oidc, OidcConfig};
pub use provider::{Provider, Rejection};
pub use request_view::RequestView;
