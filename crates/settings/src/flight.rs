//! Where Flight SQL listens and what queries may use.

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use query::{EngineConfig, QUERY_TIME_LIMIT, StaticTablesConfig};
use views::ResourceConfig;

use crate::variables::{MICROMEGAS_QUERY_DENY_REFRESH_SECONDS, MICROMEGAS_QUERY_TIME_MAX_SECONDS};
use crate::{EngineSettings, Environment, MemoryShares, Problems, StaticTablesArgs, gather};

const DEFAULT_DENIAL_REFRESH_SECONDS: u64 = 10;

/// Flags of Flight SQL.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct FlightArgs {
    /// Address that Flight SQL listens on
    /// [default: 0.0.0.0:50051, in the all-in-one 127.0.0.1:50051]
    #[arg(long, value_name = "ADDRESS")]
    pub listen_endpoint_flight: Option<SocketAddr>,
    #[command(flatten)]
    pub static_tables: StaticTablesArgs,
}

/// What the Flight SQL service and, with a share of the memory, its engine are built from.
#[derive(Debug, Clone)]
pub struct FlightSettings {
    pub listen: SocketAddr,
    pub engine: EngineSettings,
    pub denial_refresh: Duration,
    pub query_time_max: Duration,
    pub static_tables: Option<StaticTablesConfig>,
}

impl FlightArgs {
    /// # Errors
    /// A variable is malformed.
    pub fn config(
        &self,
        environment: &Environment,
        default_listen: SocketAddr,
    ) -> Result<FlightSettings, Problems> {
        let at_least_one = |name, unit| {
            let expected = format!("a whole number of {unit}, at least 1");
            let value: Option<NonZeroU64> = environment.parsed(name, &expected)?;
            Ok(value.map(u64::from))
        };
        let (engine, refresh, query_time_max, static_tables) = gather((
            EngineSettings::config(environment),
            at_least_one(MICROMEGAS_QUERY_DENY_REFRESH_SECONDS, "seconds"),
            query_time_max(environment),
            self.static_tables.config(environment),
        ))?;
        Ok(FlightSettings {
            listen: self.listen_endpoint_flight.unwrap_or(default_listen),
            engine,
            denial_refresh: Duration::from_secs(refresh.unwrap_or(DEFAULT_DENIAL_REFRESH_SECONDS)),
            query_time_max,
            static_tables,
        })
    }
}

fn query_time_max(environment: &Environment) -> Result<Duration, Problems> {
    let max = QUERY_TIME_LIMIT.as_secs();
    let expected = format!("a whole number of seconds from 1 to {max}");
    let seconds: Option<NonZeroU64> =
        environment.parsed(MICROMEGAS_QUERY_TIME_MAX_SECONDS, &expected)?;
    match seconds.map(u64::from) {
        None => Ok(QUERY_TIME_LIMIT),
        Some(seconds) if seconds <= max => Ok(Duration::from_secs(seconds)),
        Some(_) => Err(Problems::one(format!(
            "{MICROMEGAS_QUERY_TIME_MAX_SECONDS} must be {expected}"
        ))),
    }
}

impl FlightSettings {
    /// Without a folder for what queries spill it is the operating system's for temporary files.
    pub fn resources(
        &self,
        memory: &MemoryShares,
        spill_folder: Option<PathBuf>,
    ) -> ResourceConfig {
        self.engine.resources(memory, spill_folder)
    }

    pub fn engine(&self) -> EngineConfig {
        EngineConfig {
            denial_refresh: self.denial_refresh,
            query_time_max: self.query_time_max,
            static_tables: self.static_tables.clone(),
        }
    }
}
