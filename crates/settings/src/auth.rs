//! Who may use a service.

use std::net::{Ipv4Addr, SocketAddr};

use auth::{Admins, ApiKeys, Authenticator, ConfigError, OidcConfig};

use crate::variables::*;
use crate::{Environment, Problems, gather};

/// Flags about authentication.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct AuthArgs {
    /// Serve everybody who can reach the listen addresses, as administrators; these must then be
    /// loopback
    #[arg(long)]
    pub disable_auth: bool,
    /// With --disable-auth: also listen on addresses that other machines reach
    #[arg(long, requires = "disable_auth")]
    pub allow_remote_unauthenticated: bool,
}

/// A set of variables about authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Those of a server with one role.
    Any,
    /// Those of the ingestion role of the all-in-one.
    Ingestion,
    /// Those of the roles of the all-in-one that answer queries.
    Analytics,
}

/// How a door is guarded.
#[derive(Debug, Clone)]
pub enum AuthSettings {
    Providers(Box<auth::Config>),
    Disabled,
}

impl AuthArgs {
    /// # Errors
    /// A variable is malformed, or there is no provider and authentication is not disabled: a
    /// door is never open by accident.
    pub fn config(&self, environment: &Environment, door: Door) -> Result<AuthSettings, Problems> {
        if self.disable_auth {
            return Ok(AuthSettings::Disabled);
        }
        let config = door.providers(environment)?;
        if !config.has_provider() {
            let [keys, oidc, ..] = door.plain();
            return Err(Problems::one(format!(
                "no authentication is configured: set {keys} (a JSON array of \
                 {{\"name\": \"...\", \"key\": \"...\"}}) or {oidc} (a JSON object with issuers), \
                 or pass --disable-auth to serve everybody who can reach the listen addresses"
            )));
        }
        Ok(AuthSettings::Providers(Box::new(config)))
    }

    /// The default address of a service: without authentication it is a loopback one, unless the
    /// operator insists.
    pub fn default_listen(&self, mut address: SocketAddr) -> SocketAddr {
        let must_be_local = self.disable_auth && !self.allow_remote_unauthenticated;
        if must_be_local && is_exposed(&address) {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        address
    }

    /// Without authentication: says so, loudly.
    ///
    /// # Errors
    /// Without authentication, an address that other machines may reach, and no flag that
    /// insists on it.
    pub fn check_listen(
        &self,
        addresses: impl IntoIterator<Item = SocketAddr>,
    ) -> Result<(), Problems> {
        if !self.disable_auth {
            return Ok(());
        }
        let exposed: Vec<_> = addresses.into_iter().filter(is_exposed).collect();
        let mut problems = Problems::default();
        for address in &exposed {
            if self.allow_remote_unauthenticated {
                tracing::error!(
                    %address,
                    "authentication is off and other machines reach this address: everybody on \
                     the network is an administrator of this service"
                );
            } else {
                let problem = Problems::one(format!(
                    "{address} can be reached from other machines and authentication is off: \
                     listen on a loopback address such as 127.0.0.1:{}, configure \
                     authentication, or insist with --allow-remote-unauthenticated",
                    address.port()
                ));
                problems.take(Err::<(), _>(problem));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        tracing::warn!("authentication is off: everybody on this machine is an administrator");
        Ok(())
    }
}

impl AuthSettings {
    pub fn authenticator(self) -> Authenticator {
        match self {
            Self::Providers(config) => config.authenticator(),
            Self::Disabled => Authenticator::disabled(),
        }
    }
}

impl Door {
    /// API keys, issuers, administrators, keys that may administer.
    fn plain(self) -> [&'static str; 4] {
        [
            MICROMEGAS_API_KEYS,
            MICROMEGAS_OIDC_CONFIG,
            MICROMEGAS_ADMINS,
            MICROMEGAS_ADMIN_API_KEYS,
        ]
    }

    /// In the same order; each counts before its plain one.
    fn own(self) -> [&'static str; 4] {
        match self {
            Self::Any => self.plain(),
            Self::Ingestion => [
                MICROMEGAS_INGESTION_API_KEYS,
                MICROMEGAS_INGESTION_OIDC_CONFIG,
                MICROMEGAS_INGESTION_ADMINS,
                MICROMEGAS_INGESTION_ADMIN_API_KEYS,
            ],
            Self::Analytics => [
                MICROMEGAS_ANALYTICS_API_KEYS,
                MICROMEGAS_ANALYTICS_OIDC_CONFIG,
                MICROMEGAS_ANALYTICS_ADMINS,
                MICROMEGAS_ANALYTICS_ADMIN_API_KEYS,
            ],
        }
    }

    /// What the variables say; there may be no provider among it.
    pub(crate) fn providers(self, environment: &Environment) -> Result<auth::Config, Problems> {
        let [keys, oidc, admins, admin_keys] = self.variables(environment)?;
        let (oidc, admins, admin_keys) = gather((
            parsed(oidc, OidcConfig::parse),
            parsed(admins, Admins::parse),
            parsed(admin_keys, Admins::parse),
        ))?;
        Ok(auth::Config {
            api_keys: api_keys(keys, admin_keys)?,
            oidc: oidc.map(|(_, oidc)| oidc),
            admins: admins.map(|(_, admins)| admins).unwrap_or_default(),
        })
    }

    fn variables(self, environment: &Environment) -> Result<[Variable<'_>; 4], Problems> {
        let mut found = [None; 4];
        for (index, (own, plain)) in self.own().into_iter().zip(self.plain()).enumerate() {
            found[index] = match environment.text(own)? {
                Some(text) => Some((own, text)),
                None => environment.text(plain)?.map(|text| (plain, text)),
            };
        }
        Ok(found)
    }
}

/// The name and the text of a variable that is set.
type Variable<'e> = Option<(&'static str, &'e str)>;

fn parsed<T>(
    variable: Variable<'_>,
    parse: impl FnOnce(&str) -> Result<T, ConfigError>,
) -> Result<Option<(&'static str, T)>, Problems> {
    let Some((name, text)) = variable else {
        return Ok(None);
    };
    let value = parse(text).map_err(|error| Problems::one(format!("{name} {error}")))?;
    Ok(Some((name, value)))
}

fn api_keys(
    keys: Variable<'_>,
    admins: Option<(&'static str, Admins)>,
) -> Result<Option<ApiKeys>, Problems> {
    let (admins_name, admins) = admins.unwrap_or_default();
    let keys = parsed(keys, |text| ApiKeys::parse(text, &admins))?;
    let keys = keys.map(|(_, keys)| keys);
    let has_key = |name| keys.as_ref().is_some_and(|keys| keys.has_name(name));
    match admins.iter().find(|name| !has_key(name)) {
        Some(name) => Err(Problems::one(format!(
            "{admins_name}: there is no API key named {name:?}"
        ))),
        None => Ok(keys),
    }
}

fn is_exposed(address: &SocketAddr) -> bool {
    !address.ip().to_canonical().is_loopback()
}

#[cfg(test)]
mod tests;
