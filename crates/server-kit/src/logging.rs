//! The process's own log: lines of text on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogFilterError {
    #[error("invalid log filter")]
    Malformed(#[from] tracing_subscriber::filter::ParseError),
    #[error("the log is set up already")]
    AlreadySet(#[from] TryInitError),
}

/// Sends the log of this process to standard error. `filter` is a list of directives such as
/// `info` or `warn,ingestion=debug`.
///
/// # Errors
/// The filter is malformed, or a log was set up before.
pub fn init_logging(filter: &str) -> Result<(), LogFilterError> {
    let filter = EnvFilter::try_new(filter)?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init()?;
    Ok(())
}
