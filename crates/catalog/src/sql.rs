//! One SQL text for both databases: statements built from literal pieces and `$n`
//! parameters, never from values.

use std::fmt::Write as _;

use bytes::Bytes;
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// A parameter. Only types that mean the same in both databases.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Int(i64),
    Real(f64),
    Text(String),
    Id([u8; 16]),
    OptionalId(Option<[u8; 16]>),
    OptionalInt(Option<i64>),
    OptionalText(Option<String>),
    Bytes(Bytes),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(Bytes::copy_from_slice(value))
    }
}

impl From<&[u8; 16]> for Value {
    fn from(value: &[u8; 16]) -> Self {
        Self::Id(*value)
    }
}

impl From<[u8; 16]> for Value {
    fn from(value: [u8; 16]) -> Self {
        Self::Id(value)
    }
}

impl From<Bytes> for Value {
    fn from(value: Bytes) -> Self {
        Self::Bytes(value)
    }
}

/// A text and its parameters, ready to run.
#[derive(Debug)]
pub(crate) struct Statement {
    pub sql: SqlStr,
    pub values: Vec<Value>,
}

impl Statement {
    pub fn new(sql: &'static str) -> Self {
        Self::of(sql.into_sql_str(), Vec::new())
    }

    pub fn of(sql: SqlStr, values: Vec<Value>) -> Self {
        Self { sql, values }
    }

    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }
}

/// Builds a statement whose shape depends on what is asked for.
#[derive(Debug)]
pub(crate) struct Builder {
    sql: String,
    values: Vec<Value>,
}

impl Builder {
    pub fn new(sql: &'static str) -> Self {
        Self {
            sql: sql.to_owned(),
            values: Vec::new(),
        }
    }

    /// Begins with a text that names its parameters itself, `$1` to the last of `values`.
    pub fn with_values<const N: usize>(sql: &'static str, values: [Value; N]) -> Self {
        Self {
            sql: sql.to_owned(),
            values: values.into(),
        }
    }

    pub fn push(&mut self, sql: &'static str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Append a parameter.
    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        write!(self.sql, "${}", self.values.len()).expect("writing to a text does not fail");
        self
    }

    /// Append `($1, $2, …)`. The length is rounded up to a power of two by repeating
    /// the last value, so that few different texts reach the statement caches.
    /// An empty list is the caller's to handle: no row can match it.
    pub fn bind_list<T: Copy + Into<Value>>(&mut self, ids: &[T]) -> &mut Self {
        let padding = ids.last().into_iter().cycle();
        let padded = ids.iter().chain(padding);
        let mut separator = "(";
        for id in padded.take(ids.len().next_power_of_two()) {
            self.push(separator).bind(*id);
            separator = ", ";
        }
        self.push(")")
    }

    pub fn finish(self) -> Statement {
        Statement::of(AssertSqlSafe(self.sql).into_sql_str(), self.values)
    }
}

/// `($1, $2), ($3, $4), …`: `rows` rows of `columns` parameters, numbered after the
/// first `before` parameters of the statement.
pub(crate) fn values_rows(rows: usize, columns: usize, before: usize) -> String {
    let row = |row: usize| {
        let first = before + row * columns;
        let parameters: Vec<String> = (1..=columns).map(|n| format!("${}", first + n)).collect();
        format!("({})", parameters.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_padded_to_powers_of_two() {
        for (count, expected) in [
            (1, "x IN ($1)"),
            (2, "x IN ($1, $2)"),
            (3, "x IN ($1, $2, $3, $4)"),
        ] {
            let ids = vec![[7; 16]; count];
            let mut builder = Builder::new("x IN ");
            builder.bind_list(&ids);
            let statement = builder.finish();
            assert_eq!(statement.sql.as_str(), expected);
            assert_eq!(statement.values.len(), count.next_power_of_two());
        }
    }

    #[test]
    fn rows_are_numbered_after_the_shared_parameters() {
        assert_eq!(values_rows(2, 2, 3), "($4, $5), ($6, $7)");
    }
}
