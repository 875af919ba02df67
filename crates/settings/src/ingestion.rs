//! Where ingestion listens and what it may use.

use std::net::SocketAddr;

use crate::variables::MICROMEGAS_INGESTION_IN_FLIGHT_MB;
use crate::{Environment, Problems};

/// Flags of ingestion.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct IngestionArgs {
    /// Address that ingestion listens on
    /// [default: 127.0.0.1:8081, in the all-in-one 127.0.0.1:9000]
    #[arg(long, value_name = "ADDRESS")]
    pub listen_endpoint_http: Option<SocketAddr>,
}

/// What ingestion is built from.
#[derive(Debug, Clone)]
pub struct IngestionSettings {
    pub listen: SocketAddr,
    pub limits: ingestion::Config,
}

impl IngestionArgs {
    /// # Errors
    /// A variable is malformed, or the limits can not work together.
    pub fn config(
        &self,
        environment: &Environment,
        default_listen: SocketAddr,
    ) -> Result<IngestionSettings, Problems> {
        let mut limits = ingestion::Config::default();
        let expected = "a whole number of MiB";
        let variable = environment.parsed(MICROMEGAS_INGESTION_IN_FLIGHT_MB, expected)?;
        if let Some(mebibytes) = variable {
            let bytes: usize = mebibytes;
            limits.in_flight_bytes_max = bytes.saturating_mul(1024 * 1024);
        }
        limits.validate().map_err(|error| {
            Problems::one(format!("{MICROMEGAS_INGESTION_IN_FLIGHT_MB}: {error}"))
        })?;
        Ok(IngestionSettings {
            listen: self.listen_endpoint_http.unwrap_or(default_listen),
            limits,
        })
    }
}
