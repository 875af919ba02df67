//! Callers of several kinds, known by their bearer tokens.

use async_trait::async_trait;
use auth::{AuthMethod, Authenticator, Caller, Identity, Provider, Rejection, RequestView};
use flightsql::Config;

use crate::harness::{MIB, TestServer};

/// Stands for the providers of a deployment; each token has one bearer.
#[derive(Debug)]
struct Known;

#[async_trait]
impl Provider for Known {
    fn name(&self) -> &'static str {
        "known"
    }

    async fn authenticate(&self, request: &RequestView<'_>) -> Result<Caller, Rejection> {
        request.bearer()?;
        let token = request.header("authorization").unwrap().to_str().unwrap();
        let (method, email, is_admin) = match token {
            "Bearer user" => (AuthMethod::Oidc, Some("user@example.com"), false),
            "Bearer nomail" => (AuthMethod::Oidc, None, false),
            "Bearer admin" => (AuthMethod::Oidc, Some("admin@example.com"), true),
            "Bearer key" => (AuthMethod::ApiKey, None, false),
            "Bearer down" => return Err(Rejection::unavailable("the issuer does not answer")),
            _ => return Err(Rejection::refused("nobody's token")),
        };
        Ok(Caller::new(Identity {
            subject: token.trim_start_matches("Bearer ").to_owned(),
            email: email.map(str::to_owned),
            issuer: "test".into(),
            audience: None,
            expires_at: None,
            method,
            is_admin,
            allow_delegation: method == AuthMethod::ApiKey,
        }))
    }
}

/// A server that knows them.
pub async fn guarded() -> TestServer {
    let authenticator = Authenticator::chain(vec![Box::new(Known)]);
    TestServer::start_behind(authenticator, Config::default(), 256 * MIB).await
}
