//! Which providers a door has.

use crate::{Admins, ApiKeys, Authenticator, Oidc, OidcConfig, Provider};

/// What an operator configured for one door.
#[derive(Debug, Clone, Default)]
pub struct Config {
    pub api_keys: Option<ApiKeys>,
    pub oidc: Option<OidcConfig>,
    /// Administrators among the callers with tokens.
    pub admins: Admins,
}

impl Config {
    /// Whether there is a provider at all; without one nobody could get in.
    pub fn has_provider(&self) -> bool {
        self.api_keys.is_some() || self.oidc.is_some()
    }

    /// API keys first, since they cost least, then tokens. Nothing is fetched: a service starts
    /// while its issuers are down.
    pub fn authenticator(self) -> Authenticator {
        let mut providers: Vec<Box<dyn Provider>> = Vec::new();
        if let Some(keys) = self.api_keys {
            if keys.is_empty() {
                tracing::warn!("the list of API keys is empty: no key lets anybody in");
            }
            tracing::info!(keys = keys.len(), "API keys are accepted");
            providers.push(Box::new(keys));
        }
        if let Some(config) = self.oidc {
            config.log();
            providers.push(Box::new(Oidc::new(config, self.admins)));
        }
        Authenticator::chain(providers)
    }
}
