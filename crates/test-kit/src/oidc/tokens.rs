//! The token endpoint.

use std::fmt;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::OidcProvider;

/// What a login gives. Printing it shows no token.
#[derive(Clone)]
pub struct Tokens {
    pub id_token: String,
    /// Opaque: it opens nothing but the provider's own user information.
    pub access_token: String,
    pub refresh_token: Option<String>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl OidcProvider {
    /// The secret of a client of the provider.
    pub fn client_secret(&self, client_id: &str) -> Result<&str> {
        self.clients.secret(client_id)
    }

    /// Trade a refresh token for new tokens.
    pub async fn refresh(&self, client_id: &str, refresh_token: &str) -> Result<Tokens> {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
        ];
        login_tokens(&self.ask_for_tokens(client_id, &form).await?)
    }

    /// An access token for a service itself.
    pub async fn client_credentials(&self, client_id: &str) -> Result<String> {
        let form = [("grant_type", "client_credentials")];
        token(
            &self.ask_for_tokens(client_id, &form).await?,
            "access_token",
        )
    }

    /// Trade the code of an authorization for tokens.
    pub(super) async fn redeem(
        &self,
        client_id: &str,
        code: &str,
        verifier: &str,
    ) -> Result<Tokens> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("code_verifier", verifier),
            ("redirect_uri", &self.options.redirect_uri),
        ];
        login_tokens(&self.ask_for_tokens(client_id, &form).await?)
    }

    async fn ask_for_tokens(&self, client_id: &str, form: &[(&str, &str)]) -> Result<Value> {
        let credentials = [
            ("client_id", client_id),
            ("client_secret", self.client_secret(client_id)?),
        ];
        let answer = self
            .http
            .post(format!("{}/token", self.issuer()))
            .form(&[form, &credentials].concat())
            .send()
            .await
            .context("asking for tokens")?;
        let status = answer.status();
        let answer: Value = answer.json().await.context("reading the token answer")?;
        ensure!(
            status.is_success(),
            "the provider gave no tokens: {status}, {}, {}",
            answer["error"],
            answer["error_description"],
        );
        Ok(answer)
    }
}

fn login_tokens(answer: &Value) -> Result<Tokens> {
    Ok(Tokens {
        id_token: token(answer, "id_token")?,
        access_token: token(answer, "access_token")?,
        refresh_token: token(answer, "refresh_token").ok(),
    })
}

fn token(answer: &Value, name: &str) -> Result<String> {
    let token = answer[name].as_str();
    let token = token.with_context(|| format!("the token answer has no {name}"))?;
    Ok(token.to_owned())
}
