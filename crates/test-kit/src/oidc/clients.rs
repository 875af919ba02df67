//! The clients that the provider knows, and their secrets.

use std::fmt;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use uuid::Uuid;

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Signs users in; its ID tokens are signed with this algorithm.
    Web(&'static str),
    /// Acts for itself; its access tokens are for this audience.
    Service(&'static str),
}

const CLIENTS: [(&str, Kind); 5] = [
    ("web", Kind::Web("RS256")),
    ("web-es256", Kind::Web("ES256")),
    ("web-eddsa", Kind::Web("EdDSA")),
    ("service", Kind::Service("api://micromegas")),
    ("other-service", Kind::Service("api://other")),
];

/// A text that does not print.
pub(super) struct Secret(String);

impl Secret {
    pub fn random() -> Self {
        Self(random_text())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

/// 64 characters that nobody can guess and every encoding leaves alone.
pub(super) fn random_text() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// One secret for each client, made when the provider first starts.
#[derive(Debug)]
pub(super) struct Clients(Vec<(&'static str, Kind, Secret)>);

impl Clients {
    pub fn new() -> Self {
        let with_secret = |(id, kind)| (id, kind, Secret::random());
        Self(CLIENTS.into_iter().map(with_secret).collect())
    }

    pub fn secret(&self, client_id: &str) -> Result<&str> {
        let client = self.0.iter().find(|(id, ..)| *id == client_id);
        let (.., secret) =
            client.with_context(|| format!("the provider knows no client {client_id:?}"))?;
        Ok(secret.expose())
    }

    /// Metadata as of a dynamic registration.
    pub fn to_json(&self, redirect_uri: &str) -> Value {
        let clients = self.0.iter().map(|(id, kind, secret)| match kind {
            Kind::Web(algorithm) => json!({
                "client_id": id,
                "client_secret": secret.expose(),
                // As the published clients do.
                "token_endpoint_auth_method": "client_secret_post",
                "redirect_uris": [redirect_uri],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "id_token_signed_response_alg": algorithm,
            }),
            Kind::Service(_) => json!({
                "client_id": id,
                "client_secret": secret.expose(),
                // As the published clients do.
                "token_endpoint_auth_method": "client_secret_post",
                "redirect_uris": [],
                "grant_types": ["client_credentials"],
                "response_types": [],
            }),
        });
        clients.collect()
    }

    /// The audience of each client that has one.
    pub fn audiences() -> Map<String, Value> {
        let audience = |(id, kind): (&str, Kind)| match kind {
            Kind::Web(_) => None,
            Kind::Service(audience) => Some((id.to_owned(), audience.into())),
        };
        CLIENTS.into_iter().filter_map(audience).collect()
    }
}
