//! Which spans of a process are asked for.

use datafusion::common::{ScalarValue, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::Expr;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::table_functions) enum SpanTypes {
    Thread,
    Async,
    Both,
}

impl SpanTypes {
    pub fn argument(function: &str, argument: &Expr) -> Result<Self> {
        let text = argument.as_literal().and_then(ScalarValue::try_as_str);
        match text.flatten() {
            Some("thread") => Ok(Self::Thread),
            Some("async") => Ok(Self::Async),
            Some("both") => Ok(Self::Both),
            Some(other) => {
                plan_err!("span_types must be 'thread', 'async', or 'both', given: {other}")
            }
            None => plan_err!(
                "Second argument to {function} must be a string ('thread', 'async', or 'both'), \
                 given: {argument}"
            ),
        }
    }

    pub const fn has_threads(self) -> bool {
        matches!(self, Self::Thread | Self::Both)
    }

    pub const fn has_async(self) -> bool {
        matches!(self, Self::Async | Self::Both)
    }
}
