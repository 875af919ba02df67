//! How long a stopping process waits for the work in flight.

use std::time::Duration;

use crate::variables::MICROMEGAS_SHUTDOWN_GRACE_PERIOD_SECONDS;
use crate::{Environment, Problems};

/// Below the 30 s after which orchestrators commonly kill.
const DEFAULT_SECONDS: u64 = 25;

/// A day; more is a mistake in the unit.
const SECONDS_MAX: u64 = 24 * 60 * 60;

/// Flags about stopping.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct GraceArgs {
    /// Seconds that work in flight gets to end after a stop signal
    /// [env: MICROMEGAS_SHUTDOWN_GRACE_PERIOD_SECONDS] [default: 25]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=SECONDS_MAX))]
    pub shutdown_grace_period_seconds: Option<u64>,
}

impl GraceArgs {
    /// # Errors
    /// The variable is malformed.
    pub fn config(&self, environment: &Environment) -> Result<Duration, Problems> {
        let name = MICROMEGAS_SHUTDOWN_GRACE_PERIOD_SECONDS;
        let expected = format!("a whole number of seconds up to {SECONDS_MAX}");
        let variable: Option<u64> = environment.parsed(name, &expected)?;
        if variable.is_some_and(|seconds| seconds > SECONDS_MAX) {
            return Err(Problems::one(format!("{name} must be {expected}")));
        }
        let seconds = self.shutdown_grace_period_seconds.or(variable);
        Ok(Duration::from_secs(seconds.unwrap_or(DEFAULT_SECONDS)))
    }
}
