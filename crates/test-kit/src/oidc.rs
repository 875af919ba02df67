//! A real OpenID provider: npm `oidc-provider`, run by Node.js.

use std::fs::File;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;
use tempfile::TempDir;

use crate::locate::{node_package, node_program};
use crate::port::free_port;
use crate::process::GuardedChild;
use clients::Clients;
use keys::KeyNames;

mod browser;
mod clients;
mod jwt;
mod keys;
mod login;
mod tokens;

pub use jwt::Jwt;
pub use tokens::Tokens;

const START_TIMEOUT: Duration = Duration::from_secs(60);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// They find each other, their configuration and the npm packages in one folder.
const SCRIPTS: [(&str, &str); 4] = [
    ("provider.mjs", include_str!("../oidc/provider.mjs")),
    ("files.mjs", include_str!("../oidc/files.mjs")),
    ("keys.mjs", include_str!("../oidc/keys.mjs")),
    ("store.mjs", include_str!("../oidc/store.mjs")),
];

/// How the provider is set up. Lifetimes are whole seconds and at least one.
#[derive(Debug, Clone)]
pub struct OidcOptions {
    /// Where the provider sends a browser with its code, for all `web` clients.
    pub redirect_uri: String,
    pub id_token_ttl: Duration,
    pub access_token_ttl: Duration,
    pub refresh_token_ttl: Duration,
}

impl Default for OidcOptions {
    fn default() -> Self {
        Self {
            redirect_uri: "http://127.0.0.1:8000/auth/callback".to_owned(),
            id_token_ttl: Duration::from_secs(300),
            access_token_ttl: Duration::from_secs(300),
            refresh_token_ttl: Duration::from_secs(3600),
        }
    }
}

/// A running provider with these clients, all of which have a secret:
///
/// | client | may | gets |
/// |---|---|---|
/// | `web`, `web-es256`, `web-eddsa` | sign users in with a code and PKCE, refresh | ID tokens signed RS256, ES256 or EdDSA; an opaque access token |
/// | `service` | ask for itself | a JWT for `api://micromegas`, signed RS256 |
/// | `other-service` | ask for itself | a JWT for `api://other`, signed RS256 |
///
/// Any user name signs in. The ID token says `sub` and `name`, which are the user
/// name, and `email`, which is `NAME@example.com` and verified; it is not verified
/// for names that start with `unverified-`, and missing for those that start with
/// `noemail-`.
///
/// Keys are called `rsa-1`, `ec-1` and `ed-1`, by every provider: a cache that mixes
/// up issuers is noticed. Keys, sessions and refresh tokens outlive a restart.
#[derive(Debug)]
pub struct OidcProvider {
    port: u16,
    options: OidcOptions,
    clients: Clients,
    keys: KeyNames,
    cookie_key: clients::Secret,
    http: reqwest::Client,
    // Dropped in this order: the provider ends before its folder goes.
    process: Option<GuardedChild>,
    folder: TempDir,
}

impl OidcProvider {
    /// Start a provider; it takes about a second.
    pub async fn start(options: OidcOptions) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("micromegas-test-oidc-")
            .tempdir()?;
        for (name, script) in SCRIPTS {
            std::fs::write(folder.path().join(name), script)?;
        }
        let packages = node_package("oidc-provider")?;
        let packages = packages.parent().context("a package lies in a folder")?;
        symlink(packages, folder.path().join("node_modules"))?;
        let mut provider = Self {
            port: free_port()?,
            options,
            clients: Clients::new(),
            keys: KeyNames::new(),
            cookie_key: clients::Secret::random(),
            http: http_client()?,
            process: None,
            folder,
        };
        provider.restart().await?;
        Ok(provider)
    }

    /// `http://127.0.0.1:PORT`; the same until this value is dropped.
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// End the process; nothing listens on its port until [`OidcProvider::restart`].
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Start the process again, ending it first if it runs.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop();
        self.write_configuration()?;
        let process = spawn(self.folder.path())?;
        let process = self.process.insert(process);
        let discovery = format!(
            "http://127.0.0.1:{}/.well-known/openid-configuration",
            self.port
        );
        let mut ended = false;
        let waited = crate::wait_until(START_TIMEOUT, async || {
            ended = !matches!(process.try_wait(), Ok(None));
            ended || answers(&self.http, &discovery).await
        })
        .await;
        if ended || waited.is_err() {
            self.stop();
            bail!("the OpenID provider did not start: {}", self.log());
        }
        Ok(())
    }

    /// Sign with a new RSA key from now on; the old ones stay published. Restarts.
    pub async fn rotate_keys(&mut self) -> Result<()> {
        self.keys.rotate();
        self.restart().await
    }

    /// Publish only the RSA key that signs. Restarts.
    pub async fn retire_old_keys(&mut self) -> Result<()> {
        self.keys.retire();
        self.restart().await
    }

    fn write_configuration(&self) -> Result<()> {
        let configuration = json!({
            "port": self.port,
            "keys": self.keys.to_json(),
            "clients": self.clients.to_json(&self.options.redirect_uri),
            "audiences": Clients::audiences(),
            "cookie_key": self.cookie_key.expose(),
            "ttl_s": {
                "id_token": self.options.id_token_ttl.as_secs(),
                "access_token": self.options.access_token_ttl.as_secs(),
                "refresh_token": self.options.refresh_token_ttl.as_secs(),
            },
        });
        let path = self.folder.path().join("configuration.json");
        std::fs::write(path, configuration.to_string()).context("writing the configuration")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("provider.log")).unwrap_or_default()
    }
}

/// Redirects are for us to look at, and a connection may belong to a process that
/// has been restarted since.
fn http_client() -> Result<reqwest::Client> {
    Ok(reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .timeout(REQUEST_TIMEOUT)
        .build()?)
}

fn spawn(folder: &Path) -> Result<GuardedChild> {
    let log = File::create(folder.join("provider.log"))?;
    let mut command = Command::new(node_program()?);
    command
        .arg(folder.join("provider.mjs"))
        .current_dir(folder)
        .env_remove("NODE_OPTIONS")
        .stdout(Stdio::null())
        .stderr(log);
    GuardedChild::spawn(&mut command, "KILL", Some(folder))
}

async fn answers(http: &reqwest::Client, url: &str) -> bool {
    let answer = http.get(url).send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

#[cfg(test)]
mod tests;
