//! Failures of queries, sorted by who can mend them.

use std::error::Error as _;
use std::fmt::Write as _;

use datafusion::common::Diagnostic;
use datafusion::error::DataFusionError;

use crate::{deadline, memory};

/// Who can mend it; each protocol maps this to its own codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// The caller: SQL, names, types, arguments.
    Invalid,
    /// Nobody: the caller may not do this.
    Forbidden,
    /// The memory or spill budget, or the time that a query may take, is exhausted.
    Resources,
    /// An administrator: a rule of the deny list is in the way.
    Denied,
    /// The engine has no such feature.
    Unsupported,
    /// The server's side: storage, or a defect.
    Internal,
}

/// A failure that may be shown to the caller: the message names the phase and the cause,
/// never storage paths or plans.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    pub class: ErrorClass,
    pub message: String,
}

/// Classify an error that a started stream yields.
pub fn classify_stream_error(error: &DataFusionError) -> QueryError {
    QueryError::from_engine("error building data stream", error)
}

impl QueryError {
    pub(crate) fn from_engine(phase: &str, error: &DataFusionError) -> Self {
        let root = error.find_root();
        let exhausted = memory::exhausted(root).or_else(|| deadline::time_is_up(root));
        let class = match exhausted {
            Some(_) => ErrorClass::Resources,
            None => classify(root),
        };
        match class {
            ErrorClass::Internal => tracing::error!(
                error = error as &dyn std::error::Error,
                phase,
                "query failed"
            ),
            // Who held how much is nothing for the client.
            ErrorClass::Resources => tracing::warn!(
                error = error as &dyn std::error::Error,
                phase,
                "query ran out of resources"
            ),
            _ => {}
        }
        let cause = exhausted.unwrap_or_else(|| describe(root));
        let mut message = format!("{phase}: {cause}");
        if let Some(diagnostic) = error.diagnostic() {
            append_diagnostic(&mut message, diagnostic);
        }
        Self { class, message }
    }
}

const fn classify(root: &DataFusionError) -> ErrorClass {
    match root {
        DataFusionError::SQL(..)
        | DataFusionError::Plan(_)
        | DataFusionError::SchemaError(..)
        | DataFusionError::Configuration(_)
        | DataFusionError::Execution(_) => ErrorClass::Invalid,
        DataFusionError::NotImplemented(_) => ErrorClass::Unsupported,
        _ => ErrorClass::Internal,
    }
}

/// The cause in words. What may carry paths or plans is left to the log.
fn describe(root: &DataFusionError) -> String {
    match root {
        DataFusionError::External(error) => error.to_string(),
        DataFusionError::IoError(_)
        | DataFusionError::ObjectStore(_)
        | DataFusionError::ParquetError(_)
        | DataFusionError::Internal(_)
        | DataFusionError::ExecutionJoin(_) => {
            "the server met an internal error; its log has the details".to_owned()
        }
        DataFusionError::ArrowError(error, _) if error.source().is_some() => {
            "the server met an internal error; its log has the details".to_owned()
        }
        other => other.strip_backtrace(),
    }
}

fn append_diagnostic(message: &mut String, diagnostic: &Diagnostic) {
    // Writing to a String can not fail.
    if let Some(span) = diagnostic.span {
        let _ = write!(
            message,
            " (at line {}, column {})",
            span.start.line, span.start.column
        );
    }
    for note in &diagnostic.notes {
        let _ = write!(message, "\nnote: {}", note.message);
    }
    for help in &diagnostic.helps {
        let _ = write!(message, "\nhelp: {}", help.message);
    }
}
