//! Where Flight SQL listens and what queries may use.

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::time::Duration;

use query::EngineConfig;

use crate::variables::{
    MICROMEGAS_DATAFUSION_MAX_TEMP_DIRECTORY_MB, MICROMEGAS_DATAFUSION_MEMORY_BUDGET_MB,
    MICROMEGAS_QUERY_DENY_REFRESH_SECONDS,
};
use crate::{Environment, Problems, gather};

const MIB: u64 = 1024 * 1024;
const DEFAULT_MEMORY_MIB: u64 = 1024;
const DEFAULT_SPILL_MIB: u64 = 100 * 1024;
const DEFAULT_DENIAL_REFRESH_SECONDS: u64 = 10;

/// Flags of Flight SQL.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct FlightArgs {
    /// Address that Flight SQL listens on
    /// [default: 0.0.0.0:50051, in the all-in-one 127.0.0.1:50051]
    #[arg(long, value_name = "ADDRESS")]
    pub listen_endpoint_flight: Option<SocketAddr>,
}

/// What the query engine and its Flight SQL service are built from.
#[derive(Debug, Clone)]
pub struct FlightSettings {
    pub listen: SocketAddr,
    pub engine: EngineConfig,
}

impl FlightArgs {
    /// # Errors
    /// A variable is malformed.
    pub fn config(
        &self,
        environment: &Environment,
        default_listen: SocketAddr,
    ) -> Result<FlightSettings, Problems> {
        let bytes = |name, default_mib| {
            let expected = "a whole number of MiB, at least 1";
            let mib: Option<NonZeroU64> = environment.parsed(name, expected)?;
            Ok(mib.map_or(default_mib, u64::from).saturating_mul(MIB))
        };
        let expected = "a whole number of seconds, at least 1";
        let refresh = environment
            .parsed(MICROMEGAS_QUERY_DENY_REFRESH_SECONDS, expected)
            .map(|seconds| seconds.map_or(DEFAULT_DENIAL_REFRESH_SECONDS, NonZeroU64::get));
        let (memory, spill, refresh) = gather((
            bytes(MICROMEGAS_DATAFUSION_MEMORY_BUDGET_MB, DEFAULT_MEMORY_MIB),
            bytes(
                MICROMEGAS_DATAFUSION_MAX_TEMP_DIRECTORY_MB,
                DEFAULT_SPILL_MIB,
            ),
            refresh,
        ))?;
        Ok(FlightSettings {
            listen: self.listen_endpoint_flight.unwrap_or(default_listen),
            engine: EngineConfig {
                memory_budget_bytes: usize::try_from(memory).unwrap_or(usize::MAX),
                spill_bytes_max: spill,
                parallelism: std::thread::available_parallelism().map_or(1, usize::from),
                denial_refresh: Duration::from_secs(refresh),
            },
        })
    }
}
