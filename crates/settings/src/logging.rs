//! Which log lines are printed.

use server_kit::LogFilterError;

use crate::variables::{MICROMEGAS_LOG, RUST_LOG};
use crate::{Environment, Problems};

const DEFAULT_FILTER: &str = "info";

/// Sends the log to standard error, filtered by `MICROMEGAS_LOG`, else `RUST_LOG`, else `info`.
///
/// # Errors
/// The filter is malformed.
pub fn init_logging(environment: &Environment) -> Result<(), Problems> {
    let (name, filter) = log_filter(environment)?;
    server_kit::init_logging(filter).map_err(|error| match error {
        LogFilterError::Malformed(_) => Problems::one(format!("{name} is not a log filter")),
        LogFilterError::AlreadySet(_) => Problems::one("the log is set up twice"),
    })
}

pub(crate) fn log_filter(environment: &Environment) -> Result<(&str, &str), Problems> {
    for name in [MICROMEGAS_LOG, RUST_LOG] {
        if let Some(filter) = environment.text(name)? {
            return Ok((name, filter));
        }
    }
    Ok((MICROMEGAS_LOG, DEFAULT_FILTER))
}
