//! The login doctor: what each check says about one credential, and what to change.

use std::fmt;

use reqwest::Url;

use crate::bearer::{Bearer, BearerError};
use crate::oidc::{
    Claims, IssuerKeys, OidcConfig, Token, TokenError, check_times, identity, matched_audience,
    now_seconds,
};
use crate::{Admins, Caller, Config};

/// The outcome of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    Failed,
    /// Worth knowing; it decides nothing.
    Note,
}

/// One check of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub name: &'static str,
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to change, if something should be.
    pub advice: Option<String>,
}

/// All checks of a credential, in the order in which they are made. Holds names, times and
/// emails, never the credential or a part of its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    pub checks: Vec<Check>,
    /// Who the credential would be accepted as.
    pub accepted: Option<Caller>,
}

/// Runs `credential` through the checks of `config`, one by one. Contacts the issuer as a
/// request would.
pub async fn explain(config: &Config, credential: &str) -> Explanation {
    let mut doctor = Doctor {
        config,
        checks: Vec::new(),
    };
    let accepted = doctor.examine(credential).await;
    Explanation {
        checks: doctor.checks,
        accepted,
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let mark = match check.verdict {
                Verdict::Passed => "ok  ",
                Verdict::Failed => "FAIL",
                Verdict::Note => "note",
            };
            writeln!(f, "{mark}  {}: {}", check.name, check.found)?;
            if let Some(advice) = &check.advice {
                writeln!(f, "      -> {advice}")?;
            }
        }
        match &self.accepted {
            Some(caller) => write!(f, "The credential is accepted, as {:?}.", caller.subject),
            None => f.write_str("The credential is refused."),
        }
    }
}

struct Doctor<'c> {
    config: &'c Config,
    checks: Vec<Check>,
}

impl Doctor<'_> {
    async fn examine(&mut self, credential: &str) -> Option<Caller> {
        let bearer = match Bearer::of_token(self.without_scheme(credential.trim())) {
            Ok(bearer) => bearer,
            Err(error) => {
                let (found, advice) = form_advice(error);
                self.failed("form", found, advice);
                return None;
            }
        };
        if let Some(caller) = self.api_key(&bearer) {
            return Some(caller);
        }
        let Some(oidc) = &self.config.oidc else {
            self.failed(
                "OpenID Connect",
                "no issuer is configured",
                "set MICROMEGAS_OIDC_CONFIG to accept tokens",
            );
            return None;
        };
        let token = match Token::parse(bearer.token()) {
            Ok(token) => token,
            Err(error) => {
                let (check, advice) = parse_advice(&error);
                self.failed(check, error, advice);
                return None;
            }
        };
        self.passed("form", "a signed token (JWT)");
        self.token(oidc, token).await
    }

    /// People copy the whole header.
    fn without_scheme<'t>(&mut self, credential: &'t str) -> &'t str {
        match credential.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                self.note(
                    "form",
                    "the word \"Bearer\" before the credential was left out",
                );
                token.trim_start()
            }
            _ => credential,
        }
    }

    fn api_key(&mut self, bearer: &Bearer<'_>) -> Option<Caller> {
        let name = "API key";
        let Some(keys) = &self.config.api_keys else {
            self.note(name, "no keys are configured");
            return None;
        };
        let Some(caller) = keys.find(bearer.digest()) else {
            self.note(
                name,
                format!("it is none of the {} configured keys", keys.len()),
            );
            return None;
        };
        self.passed(name, format!("it is the key named {:?}", caller.subject));
        self.admin(
            caller.is_admin,
            "MICROMEGAS_ADMIN_API_KEYS lists the keys that may",
        );
        Some(caller.clone())
    }

    async fn token(&mut self, oidc: &OidcConfig, token: Token<'_>) -> Option<Caller> {
        let issuers = IssuerKeys::new(oidc);
        let issuer = match issuers.find(&token.claims.issuer) {
            Ok(issuer) => issuer,
            Err(error) => {
                let advice = issuer_advice(oidc, &token.claims.issuer);
                self.failed("issuer", error, advice);
                return None;
            }
        };
        self.passed("issuer", format!("{:?} is configured", token.claims.issuer));
        let audience = self.audience(
            &token.claims,
            matched_audience(&token.claims, issuer.issuer()),
            &issuer.issuer().audiences,
        );
        let is_timely = self.times(&token.claims);
        let is_signed = self.signature(&issuers, &token).await;
        self.email(&token.claims);
        let (audience, true, true) = (audience?, is_timely, is_signed) else {
            return None;
        };
        let caller = identity(token.claims, &audience, &self.config.admins);
        let advice = admin_advice(&self.config.admins);
        self.admin(caller.is_admin, &advice);
        Some(caller)
    }

    fn audience(
        &mut self,
        claims: &Claims,
        matched: Result<&str, TokenError>,
        accepted: &[String],
    ) -> Option<String> {
        match matched {
            Ok(audience) => {
                self.passed("audience", format!("{audience:?} is accepted"));
                Some(audience.to_owned())
            }
            Err(error) => {
                let advice = audience_advice(claims, accepted);
                self.failed("audience", error, advice);
                None
            }
        }
    }

    fn times(&mut self, claims: &Claims) -> bool {
        let now = now_seconds();
        match check_times(claims, now) {
            Ok(()) => {
                let left = (claims.expires_at - now) as u64;
                self.passed("times", format!("it is valid for another {left} s"));
                true
            }
            Err(error) => {
                let advice = match error {
                    TokenError::NotYetValid { .. } => {
                        "compare this machine's clock with the issuer's (NTP); up to 60 s are \
                         tolerated"
                    }
                    _ => {
                        "get a new token; if it was made just now, compare this machine's clock \
                         with the issuer's (NTP)"
                    }
                };
                self.failed("times", error, advice);
                false
            }
        }
    }

    async fn signature(&mut self, issuers: &IssuerKeys, token: &Token<'_>) -> bool {
        let verified = match issuers.find(&token.claims.issuer) {
            Ok(issuer) => issuers.verify(token, issuer).await,
            Err(error) => Err(error),
        };
        let key = match &token.key_id {
            Some(id) => format!("key {id:?}"),
            None => "no key id".to_owned(),
        };
        match verified {
            Ok(_) => {
                let found = format!("{:?} with {key} fits the issuer's keys", token.algorithm);
                self.passed("signature", found);
                true
            }
            Err(error) => {
                let advice = signature_advice(&error);
                self.failed("signature", error.with_causes(), advice);
                false
            }
        }
    }

    fn email(&mut self, claims: &Claims) {
        let found = match &claims.email {
            Some((claim, email)) if claims.trusted_emails.contains(email) => {
                format!("{email:?}, from the claim {claim:?}")
            }
            Some((claim, email)) => format!(
                "{email:?}, from the claim {claim:?}; the issuer does not vouch for it, so it \
                 makes nobody an administrator"
            ),
            None => "none; ask for the scope \"email\" if users should have one".to_owned(),
        };
        self.note("email", found);
    }

    fn admin(&mut self, is_admin: bool, advice: &str) {
        let check = Check {
            name: "administrator",
            verdict: Verdict::Note,
            found: if is_admin { "yes" } else { "no" }.to_owned(),
            advice: (!is_admin).then(|| advice.to_owned()),
        };
        self.checks.push(check);
    }

    fn passed(&mut self, name: &'static str, found: impl fmt::Display) {
        self.add(name, Verdict::Passed, found, None);
    }

    fn note(&mut self, name: &'static str, found: impl fmt::Display) {
        self.add(name, Verdict::Note, found, None);
    }

    fn failed(&mut self, name: &'static str, found: impl fmt::Display, advice: impl Into<String>) {
        self.add(name, Verdict::Failed, found, Some(advice.into()));
    }

    fn add(
        &mut self,
        name: &'static str,
        verdict: Verdict,
        found: impl fmt::Display,
        advice: Option<String>,
    ) {
        let found = found.to_string();
        self.checks.push(Check {
            name,
            verdict,
            found,
            advice,
        });
    }
}

/// What was found instead of a credential, and what to do.
fn form_advice(error: BearerError) -> (String, &'static str) {
    match error {
        BearerError::Empty => (
            "it is empty".to_owned(),
            "give the bare token on standard input",
        ),
        BearerError::TooLong => (
            error.to_string(),
            "give the token alone; if it is really that long, let the issuer leave out claims, \
             groups first",
        ),
        _ => (
            "it has spaces, line breaks or characters outside of ASCII".to_owned(),
            "give the bare token on standard input, without \"Bearer\"",
        ),
    }
}

/// The check that a token failed before it could be taken apart, and what to do.
fn parse_advice(error: &TokenError) -> (&'static str, &'static str) {
    match error {
        TokenError::Parts(5) => (
            "form",
            "an encrypted token (JWE) can not be checked here: ask the issuer for a signed one \
             (Auth0: request an audience)",
        ),
        TokenError::Parts(_) => (
            "form",
            "this is an API key that is not configured here, or an opaque access token: send the \
             ID token (Google, Okta), or request an access token for an audience (Auth0, Azure)",
        ),
        TokenError::NotBase64(_) | TokenError::NotJson(_) => (
            "form",
            "it looks like a token that was damaged on the way: copy the whole of it, without \
             quotes",
        ),
        TokenError::Algorithm(_) => (
            "algorithm",
            "have the issuer sign with RS256, RS384, RS512, ES256, ES384 or EdDSA",
        ),
        TokenError::CriticalExtensions => (
            "header",
            "have the issuer make tokens without the header field \"crit\"",
        ),
        TokenError::UnknownKey(_) => ("signature", "the key id of a token must be a string"),
        _ => (
            "claims",
            "the issuer must set iss and sub (strings), aud (a string or an array of them) and \
             exp (a number); ID tokens have them all",
        ),
    }
}

/// The nearest configured spelling, if there is one.
fn issuer_advice(oidc: &OidcConfig, found: &str) -> String {
    let bare = |name: &str| {
        let name = name.trim_start_matches("https://").trim_end_matches('/');
        name.to_lowercase()
    };
    let host = |name: &str| {
        Url::parse(name)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
    };
    let names = || oidc.issuers.iter().map(|issuer| issuer.name.as_str());
    if let Some(near) = names().find(|name| bare(name) == bare(found)) {
        return format!(
            "{near:?} is configured: the spelling must be the token's, with its https://, its \
             slash at the end and its upper case"
        );
    }
    if found.starts_with("https://sts.windows.net/") {
        return "Azure made a version 1 token: set the application's accepted token version to \
                2, or configure this issuer, too"
            .to_owned();
    }
    if let Some(near) = names().find(|name| host(name).is_some() && host(name) == host(found)) {
        return format!(
            "{near:?} is configured, another path of the same host: the token is of another \
             tenant or authorization server; configure the one that makes your tokens"
        );
    }
    "add it to the issuers in MICROMEGAS_OIDC_CONFIG, if it should be believed".to_owned()
}

/// Azure makes access tokens for this audience when no other is asked for.
const AZURE_GRAPH: &str = "00000003-0000-0000-c000-000000000000";

fn audience_advice(claims: &Claims, accepted: &[String]) -> String {
    let bare = |name: &str| {
        name.trim_start_matches("api://")
            .trim_end_matches('/')
            .to_lowercase()
    };
    if claims.audiences.iter().any(|found| found == AZURE_GRAPH) {
        return "the token is for Microsoft Graph: request one for your own API, or send the ID \
                token"
            .to_owned();
    }
    let near = accepted.iter().find(|name| {
        claims
            .audiences
            .iter()
            .any(|found| bare(found) == bare(name))
    });
    match near {
        Some(near) => format!(
            "{near:?} is configured: the spelling must be the token's, api:// and the slash at \
             the end included"
        ),
        None => format!(
            "accepted from this issuer: {}; configure the client id for ID tokens, the API's \
             identifier for access tokens, or both as two entries",
            accepted.join(", ")
        ),
    }
}

fn signature_advice(error: &TokenError) -> &'static str {
    match error {
        TokenError::Keys { .. } => {
            "this machine must reach the issuer's discovery document and key set over HTTPS, \
             without redirects; the document must name the issuer exactly as configured"
        }
        TokenError::UnknownKey(_) => {
            "the issuer does not publish this key: the token is of another environment, or \
             signed with a key that was withdrawn; get a new one"
        }
        TokenError::NoFittingKey(_) => {
            "the key that the token names is for another algorithm: the token is not of this \
             issuer, or the issuer publishes a wrong \"alg\""
        }
        _ => "the token was changed, or made by somebody else; get a new one",
    }
}

fn admin_advice(admins: &Admins) -> String {
    let found = match admins.len() {
        0 => "MICROMEGAS_ADMINS is not set, or empty".to_owned(),
        count => format!("none of the entries of MICROMEGAS_ADMINS ({count}) is this caller's"),
    };
    format!(
        "{found}; it must hold the subject, or an email that the issuer vouches for \
         (verified_primary_email, or email unless email_verified is false), in the same case"
    )
}
