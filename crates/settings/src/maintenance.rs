//! How long the lake keeps data.

use maintenance::MaintenanceConfig;

use crate::variables::{MICROMEGAS_CATALOG_DAYS, MICROMEGAS_RETENTION_DAYS};
use crate::{Environment, Problems, gather};

/// A thousand years; more is a mistake in the unit.
const DAYS_MAX: u32 = 365_000;

/// Flags of maintenance.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct MaintenanceArgs {
    /// Days after which data is deleted, at least 1
    /// [env: MICROMEGAS_RETENTION_DAYS] [default: 90]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=i64::from(DAYS_MAX)))]
    pub retention_days: Option<u32>,
    /// Days after which blocks leave the catalog for the partitions of the blocks view, at
    /// least 1; a block that a producer sends again after that counts twice
    /// [env: MICROMEGAS_CATALOG_DAYS] [default: 7]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=i64::from(DAYS_MAX)))]
    pub catalog_days: Option<u32>,
}

impl MaintenanceArgs {
    /// # Errors
    /// A variable is malformed.
    pub fn config(&self, environment: &Environment) -> Result<MaintenanceConfig, Problems> {
        let (retention, catalog) = gather((
            days(environment, MICROMEGAS_RETENTION_DAYS),
            days(environment, MICROMEGAS_CATALOG_DAYS),
        ))?;
        let default = MaintenanceConfig::default();
        let retention_days = self.retention_days.or(retention);
        let catalog_days = self.catalog_days.or(catalog);
        Ok(MaintenanceConfig {
            retention_days: retention_days.unwrap_or(default.retention_days),
            catalog_days: catalog_days.unwrap_or(default.catalog_days),
            ..default
        })
    }
}

fn days(environment: &Environment, name: &str) -> Result<Option<u32>, Problems> {
    let expected = format!("a whole number of days from 1 to {DAYS_MAX}");
    let days: Option<u32> = environment.parsed(name, &expected)?;
    match days {
        Some(days) if !(1..=DAYS_MAX).contains(&days) => {
            Err(Problems::one(format!("{name} must be {expected}")))
        }
        days => Ok(days),
    }
}
