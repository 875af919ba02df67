//! Flags and environment variables: read once, checked together, turned into the plain
//! configurations of the libraries. No other crate reads the environment.
//!
//! Each block of flags is an [`clap::Args`] to flatten into a binary; its `config` takes the
//! [`Environment`] and yields a value or [`Problems`]. [`gather`] adds up the problems of all
//! blocks, so that a wrong deployment is corrected in one go:
//!
//! ```
//! use settings::{AuthArgs, Door, Environment, GraceArgs, gather};
//!
//! let environment = Environment::from_iter([
//!     ("MICROMEGAS_SHUTDOWN_GRACE_PERIOD_SECONDS", "soon"),
//! ]);
//! let (auth, grace) = (AuthArgs::default(), GraceArgs::default());
//! let auth = auth.config(&environment, Door::Any);
//! let problems = gather((auth, grace.config(&environment))).unwrap_err();
//! assert_eq!(problems.iter().count(), 2);
//! ```

#[cfg(feature = "auth")]
mod auth;
#[cfg(feature = "auth")]
mod auth_explain;
mod credential;
#[cfg(feature = "engine")]
mod engine;
mod environment;
#[cfg(feature = "flightsql")]
mod flight;
#[cfg(feature = "gateway")]
mod gateway;
mod grace;
#[cfg(feature = "ingestion")]
mod ingestion;
#[cfg(feature = "lake")]
mod lake;
mod logging;
#[cfg(feature = "maintenance")]
mod maintenance;
#[cfg(feature = "memory")]
mod memory;
mod problems;
#[cfg(feature = "flightsql")]
mod static_tables;
pub mod variables;

#[cfg(feature = "auth")]
pub use self::auth::{AuthArgs, AuthSettings, Door};
#[cfg(feature = "auth")]
pub use self::auth_explain::{AuthCommand, auth_explain};
pub use self::credential::read_credential;
#[cfg(feature = "engine")]
pub use self::engine::EngineSettings;
pub use self::environment::Environment;
#[cfg(feature = "flightsql")]
pub use self::flight::{FlightArgs, FlightSettings};
#[cfg(feature = "gateway")]
pub use self::gateway::{GatewayArgs, GatewayListenArgs, WebListenArgs};
pub use self::grace::GraceArgs;
#[cfg(feature = "ingestion")]
pub use self::ingestion::{IngestionArgs, IngestionSettings};
#[cfg(feature = "lake")]
pub use self::lake::{LakeArgs, LakeSettings, OpenError};
pub use self::logging::init_logging;
#[cfg(feature = "maintenance")]
pub use self::maintenance::MaintenanceArgs;
#[cfg(feature = "memory")]
pub use self::memory::{MemoryRoles, MemoryShares};
pub use self::problems::{Gather, Problems, gather};
#[cfg(feature = "flightsql")]
pub use self::static_tables::StaticTablesArgs;

#[cfg(test)]
mod tests;
