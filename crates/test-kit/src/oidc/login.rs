//! Signing users in, as a web application and their browser do it together.

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use sha2::{Digest, Sha256};

use super::browser::Browser;
use super::clients::random_text;
use super::{Jwt, OidcProvider, Tokens};

impl OidcProvider {
    /// Sign a user in: authorization code, PKCE (S256), state and nonce, through the
    /// provider's own login and consent forms.
    pub async fn login(&self, client_id: &str, user: &str) -> Result<Tokens> {
        let (state, nonce, verifier) = (random_text(), random_text(), random_text());
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let parameters = [
            ("client_id", client_id),
            ("redirect_uri", &self.options.redirect_uri),
            ("response_type", "code"),
            ("scope", "openid email profile offline_access"),
            ("prompt", "consent"), // without it, no offline access
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let start = Url::parse_with_params(&format!("{}/auth", self.issuer()), parameters)?;
        let back = self.sign_in(start.as_str(), user).await?;
        let code = authorization_code(&back.parse()?, &state)?;
        let tokens = self.redeem(client_id, &code, &verifier).await?;
        let claims = Jwt::decode(&tokens.id_token)?.claims;
        ensure!(claims["nonce"] == nonce, "the ID token has another nonce");
        Ok(tokens)
    }

    /// Be the browser of a user who is sent to the provider with an authorization
    /// request, by a web application under test: sign in, consent, and answer with the
    /// address at the application that the provider sends the browser back to.
    pub async fn sign_in(&self, authorization_url: &str, user: &str) -> Result<String> {
        let start: Url = authorization_url
            .parse()
            .context("reading the authorization URL")?;
        let mut browser = Browser::new(self.http.clone());
        Ok(browser.sign_in(start, user).await?.into())
    }
}

/// The code that the provider sent back, or its error.
fn authorization_code(back: &Url, state: &str) -> Result<String> {
    let parameter = |wanted: &str| {
        back.query_pairs()
            .find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
    };
    if let Some(error) = parameter("error") {
        let description = parameter("error_description").unwrap_or_default();
        bail!("the provider refused the login: {error}, {description}");
    }
    ensure!(
        parameter("state").as_deref() == Some(state),
        "the provider sent another state back"
    );
    parameter("code").context("the provider sent no code back")
}
