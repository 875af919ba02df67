//! Where the gateway listens and whom it asks.

use std::net::SocketAddr;

use crate::variables::MICROMEGAS_FLIGHTSQL_URL;
use crate::{Environment, Problems};

const SCHEMES: [&str; 4] = ["grpc", "grpc+tls", "http", "https"];

/// Flags of the gateway.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct GatewayArgs {
    /// Flight SQL server that answers the queries, such as grpc://127.0.0.1:50051
    /// [env: MICROMEGAS_FLIGHTSQL_URL] [default: in the all-in-one its own]
    #[arg(long, value_name = "URL")]
    pub flightsql_url: Option<String>,
}

impl GatewayArgs {
    /// The address of the Flight SQL server.
    ///
    /// # Errors
    /// It is not set, or malformed.
    pub fn config(&self, environment: &Environment) -> Result<String, Problems> {
        self.configured(environment)?.ok_or_else(|| {
            Problems::one(format!(
                "{MICROMEGAS_FLIGHTSQL_URL} is not set; it or --flightsql-url names the Flight \
                 SQL server, such as grpc://127.0.0.1:50051"
            ))
        })
    }

    /// `None` if it is not set, for a process that has a Flight SQL server of its own.
    ///
    /// # Errors
    /// It is malformed.
    pub fn configured(&self, environment: &Environment) -> Result<Option<String>, Problems> {
        let (name, url) = match &self.flightsql_url {
            Some(url) => ("--flightsql-url", Some(url.as_str())),
            None => (
                MICROMEGAS_FLIGHTSQL_URL,
                environment.text(MICROMEGAS_FLIGHTSQL_URL)?,
            ),
        };
        let Some(url) = url else { return Ok(None) };
        let is_known = url.split_once("://").is_some_and(|(scheme, rest)| {
            let known = |name: &&str| scheme.eq_ignore_ascii_case(name);
            !rest.is_empty() && SCHEMES.iter().any(known)
        });
        if !is_known {
            return Err(Problems::one(format!(
                "{name} must be a URL such as grpc://host:port, grpc+tls://host:port, \
                 http://host:port or https://host:port"
            )));
        }
        Ok(Some(url.to_owned()))
    }
}

/// Listen address of the stand-alone gateway.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct GatewayListenArgs {
    /// Address that the gateway listens on [default: 0.0.0.0:3000]
    #[arg(long, value_name = "ADDRESS")]
    pub listen_endpoint_http: Option<SocketAddr>,
}

/// Listen address of the web role of the all-in-one.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct WebListenArgs {
    /// Address that the gateway and the web application listen on [default: 127.0.0.1:3000]
    #[arg(long, value_name = "ADDRESS")]
    pub listen_endpoint_web: Option<SocketAddr>,
}
