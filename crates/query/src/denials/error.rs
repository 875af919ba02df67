//! Why a rule is not accepted.

use datafusion::arrow::datatypes::DataType;
use datafusion::error::DataFusionError;

use super::attributes;

/// The messages are for who wrote the rule, so each holds its cause.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the caller must be known by a user id")]
    NoIdentity,
    #[error("the reason must not be blank")]
    BlankReason,
    #[error("the reason may have {max} bytes, it has {bytes}")]
    LongReason { bytes: usize, max: usize },
    #[error("the expression may have {max} bytes, it has {bytes}")]
    LongExpression { bytes: usize, max: usize },
    #[error("the expression must not hold the character NUL")]
    HoldsNul,
    #[error("the expression must be one valid SQL expression: {}", .0.strip_backtrace())]
    NotAnExpression(DataFusionError),
    #[error("the expression must not have a name")]
    Named,
    #[error("the expression may compare and combine the columns of a query, it holds {0}")]
    ForbiddenPart(String),
    #[error("the expression must refer to a column; there are {}", column_list())]
    NoColumn,
    #[error("the expression must be Boolean, it is {0}")]
    NotBoolean(DataType),
    #[error("a part of the expression is used as a Boolean and is none")]
    PartNotBoolean,
    #[error("the expression can not be evaluated: {}", .0.strip_backtrace())]
    NotEvaluated(DataFusionError),
}

fn column_list() -> String {
    attributes::names().collect::<Vec<_>>().join(", ")
}
