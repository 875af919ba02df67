//! What can go wrong in the catalog.

use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Messages never hold the database's URL.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "the catalog URL must be sqlite:///path/to/file, sqlite://relative/path or \
         postgres://user:password@host/database"
    )]
    UnsupportedUrl,
    #[error("creating the folder of the catalog file")]
    CreateFolder(#[source] std::io::Error),
    #[error("bringing the catalog's tables up to date")]
    Migrate(#[source] MigrateError),
    #[error("{doing} in the catalog")]
    Database {
        doing: &'static str,
        #[source]
        source: sqlx::Error,
    },
    /// A stored row that this version could not have written.
    #[error("the catalog holds an unreadable {what}")]
    Unreadable { what: &'static str },
    #[error("the byte range of block {block_id} does not lie inside its segment")]
    BlockOutsideSegment { block_id: model::BlockId },
    /// A later commit could still fall inside, or the range is empty.
    #[error("a range of insert times must hold some and end before the next commit")]
    OpenRange,
    #[error("a partition is inconsistent: {what}")]
    InconsistentPartition { what: &'static str },
    #[error("a filter may list at most {limit} identifiers beside those it is cut by")]
    FilterTooLong { limit: usize },
    #[error(
        "a partition of the blocks view has the only rows of blocks that were archived, so it \
         can not be retired"
    )]
    HoldsArchivedBlocks,
    #[error("there may be {limit} query denials, and there are; remove one first")]
    TooManyDenials { limit: u32 },
}

impl Error {
    /// Whether trying again later can help: the database was not reachable, busy, full
    /// or being restarted, or the transaction lost against another one.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Database { source, .. } => is_retryable(source),
            Self::Migrate(MigrateError::Execute(source)) => is_retryable(source),
            Self::Migrate(MigrateError::ExecuteMigration(source, _)) => is_retryable(source),
            _ => false,
        }
    }
}

impl Error {
    /// Whether another connection to the SQLite file was in the way.
    pub(crate) fn is_sqlite_busy(&self) -> bool {
        let (Self::Database { source, .. }
        | Self::Migrate(MigrateError::Execute(source))
        | Self::Migrate(MigrateError::ExecuteMigration(source, _))) = self
        else {
            return false;
        };
        let code = source.as_database_error().and_then(sqlite_code);
        code.is_some_and(|code| [SQLITE_BUSY, SQLITE_LOCKED].contains(&(code & 0xff)))
    }
}

fn is_retryable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            let postgres = error.try_downcast_ref::<PgDatabaseError>();
            let sqlite = sqlite_code(&**error);
            postgres.is_some_and(|error| is_retryable_sqlstate(error.code()))
                || sqlite.is_some_and(is_retryable_sqlite)
        }
        _ => false,
    }
}

fn is_retryable_sqlstate(code: &str) -> bool {
    const CLASSES: [&str; 4] = [
        "08", // connection
        "40", // serialisation failure, deadlock
        "53", // disk full, too many connections
        "58", // system error outside the database
    ];
    const CODES: [&str; 7] = [
        "25P03", // idle in transaction for too long
        "55P03", // lock not available
        "57014", // query cancelled
        "57P01", // shutdown
        "57P02", // crash shutdown
        "57P03", // starting
        "57P05", // idle session
    ];
    CLASSES.iter().any(|class| code.starts_with(class)) || CODES.contains(&code)
}

const SQLITE_BUSY: i32 = 5;
const SQLITE_LOCKED: i32 = 6;

fn is_retryable_sqlite(extended_code: i32) -> bool {
    const IO_ERROR: i32 = 10;
    const FULL: i32 = 13;
    const CANNOT_OPEN: i32 = 14;
    [SQLITE_BUSY, SQLITE_LOCKED, IO_ERROR, FULL, CANNOT_OPEN].contains(&(extended_code & 0xff))
}

fn sqlite_code(error: &(dyn DatabaseError + 'static)) -> Option<i32> {
    error.try_downcast_ref::<SqliteError>()?;
    error.code()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_what_can_be_tried_again() {
        for (code, expected) in [
            ("08006", true),
            ("40001", true),
            ("40P01", true),
            ("53300", true),
            ("57P01", true),
            ("23505", false),
            ("42P01", false),
            ("28P01", false),
        ] {
            assert_eq!(is_retryable_sqlstate(code), expected, "{code}");
        }
        for (code, expected) in [
            (5, true),
            (517, true),
            (6, true),
            (13, true),
            (19, false),
            (26, false),
        ] {
            assert_eq!(is_retryable_sqlite(code), expected, "{code}");
        }
    }

    #[test]
    fn an_unreachable_database_can_be_tried_again_and_a_wrong_url_not() {
        let unreachable = Error::Database {
            doing: "connecting",
            source: sqlx::Error::PoolTimedOut,
        };
        assert!(unreachable.is_retryable());
        assert!(!Error::UnsupportedUrl.is_retryable());
    }
}
