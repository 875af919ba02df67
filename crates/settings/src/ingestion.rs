//! Where ingestion listens and what it may use.

use std::net::SocketAddr;

use crate::MemoryShares;

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
    pub fn config(&self, default_listen: SocketAddr, memory: &MemoryShares) -> IngestionSettings {
        IngestionSettings {
            listen: self.listen_endpoint_http.unwrap_or(default_listen),
            limits: ingestion::Config {
                in_flight_bytes_max: usize::try_from(memory.ingestion_bytes).unwrap_or(usize::MAX),
                ..ingestion::Config::default()
            },
        }
    }
}
