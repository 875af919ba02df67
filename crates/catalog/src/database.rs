//! The two databases behind one face: pools, statements, write transactions.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{
    ConnectOptions, FromRow, PgPool, Postgres, Sqlite, SqlitePool, Transaction, query, query_as,
};

use crate::config::Target;
use crate::sql::{Statement, Value};
use crate::{CatalogConfig, Error, Result, folder, migrations};

/// How long a caller waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a write waits for those of other processes and of this one. SQLite lets waiting
/// processes try in no order, so on a busy disk one of them can lose many times.
const SQLITE_WRITE_TIMEOUT: Duration = Duration::from_secs(15);
/// How long the first start waits for another first start on the same file.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
const OPEN_RETRY: Duration = Duration::from_millis(20);
/// Pages that the SQLite writer keeps at least: what SQLite gives to any connection.
const PAGE_CACHE_KIB_MIN: u64 = 2_000;

/// A row type that both databases can fill.
pub(crate) trait Row:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{}

#[derive(Clone)]
pub(crate) enum Database {
    Sqlite {
        /// One connection: SQLite has one writer at a time.
        writer: SqlitePool,
        reader: SqlitePool,
    },
    Postgres(PgPool),
}

/// A transaction that holds the right to write.
pub(crate) enum WriteTransaction {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Binds the parameters of a statement to a query of either database.
macro_rules! bind_all {
    ($query:expr, $values:expr) => {{
        let mut query = $query;
        for value in $values {
            query = match value {
                Value::Int(value) => query.bind(value),
                Value::Real(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Id(value) => query.bind(value.to_vec()),
                Value::OptionalId(value) => query.bind(value.map(|id| id.to_vec())),
                Value::OptionalInt(value) => query.bind(value),
                Value::OptionalText(value) => query.bind(value),
                Value::Bytes(value) => query.bind(Vec::from(value)),
            };
        }
        query
    }};
}

impl Database {
    /// Connect and bring the tables up to date.
    pub async fn connect(config: &CatalogConfig) -> Result<Self> {
        let max_connections = config.max_connections.max(1);
        match Target::parse(&config.url)? {
            Target::Sqlite(path) => {
                let page_cache_kib = (config.cache_bytes / 2 / 1024).max(PAGE_CACHE_KIB_MIN);
                open_sqlite(&path, max_connections, page_cache_kib).await
            }
            Target::Postgres(options) => connect_postgres(*options, max_connections).await,
        }
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    pub async fn fetch_all<T: Row>(
        &self,
        doing: &'static str,
        statement: Statement,
    ) -> Result<Vec<T>> {
        let Statement { sql, values } = statement;
        match self {
            Self::Sqlite { reader, .. } => {
                let query = bind_all!(query_as::<Sqlite, T>(sql), values);
                query.fetch_all(reader).await
            }
            Self::Postgres(pool) => {
                let query = bind_all!(query_as::<Postgres, T>(sql), values);
                query.fetch_all(pool).await
            }
        }
        .map_err(|source| Error::Database { doing, source })
    }

    pub async fn fetch_optional<T: Row>(
        &self,
        doing: &'static str,
        statement: Statement,
    ) -> Result<Option<T>> {
        let rows = self.fetch_all(doing, statement).await?;
        Ok(rows.into_iter().next())
    }

    /// Start a transaction that writes. Dropping it rolls it back.
    pub async fn begin(&self, doing: &'static str) -> Result<WriteTransaction> {
        match self {
            // Taking the write lock at once: a transaction that reads first and then
            // writes would fail instead of waiting when another one wrote in between.
            Self::Sqlite { writer, .. } => writer
                .begin_with("BEGIN IMMEDIATE")
                .await
                .map(WriteTransaction::Sqlite),
            Self::Postgres(pool) => pool.begin().await.map(WriteTransaction::Postgres),
        }
        .map_err(|source| Error::Database { doing, source })
    }

    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, reader } => {
                reader.close().await;
                // The last connection moves the write-ahead log into the file.
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl WriteTransaction {
    /// Returns the number of rows inserted, updated or deleted.
    pub async fn execute(&mut self, doing: &'static str, statement: Statement) -> Result<u64> {
        let Statement { sql, values } = statement;
        match self {
            Self::Sqlite(transaction) => bind_all!(query::<Sqlite>(sql), values)
                .execute(&mut **transaction)
                .await
                .map(|result| result.rows_affected()),
            Self::Postgres(transaction) => bind_all!(query::<Postgres>(sql), values)
                .execute(&mut **transaction)
                .await
                .map(|result| result.rows_affected()),
        }
        .map_err(|source| Error::Database { doing, source })
    }

    /// The one row that the statement returns.
    pub async fn fetch_one<T: Row>(
        &mut self,
        doing: &'static str,
        statement: Statement,
    ) -> Result<T> {
        let Statement { sql, values } = statement;
        match self {
            Self::Sqlite(transaction) => {
                let query = bind_all!(query_as::<Sqlite, T>(sql), values);
                query.fetch_one(&mut **transaction).await
            }
            Self::Postgres(transaction) => {
                let query = bind_all!(query_as::<Postgres, T>(sql), values);
                query.fetch_one(&mut **transaction).await
            }
        }
        .map_err(|source| Error::Database { doing, source })
    }

    /// All rows that the statement returns.
    pub async fn fetch_all<T: Row>(
        &mut self,
        doing: &'static str,
        statement: Statement,
    ) -> Result<Vec<T>> {
        let Statement { sql, values } = statement;
        match self {
            Self::Sqlite(transaction) => {
                let query = bind_all!(query_as::<Sqlite, T>(sql), values);
                query.fetch_all(&mut **transaction).await
            }
            Self::Postgres(transaction) => {
                let query = bind_all!(query_as::<Postgres, T>(sql), values);
                query.fetch_all(&mut **transaction).await
            }
        }
        .map_err(|source| Error::Database { doing, source })
    }

    pub async fn commit(self, doing: &'static str) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
        .map_err(|source| Error::Database { doing, source })
    }

    pub async fn rollback(self, doing: &'static str) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.rollback().await,
            Self::Postgres(transaction) => transaction.rollback().await,
        }
        .map_err(|source| Error::Database { doing, source })
    }
}

async fn open_sqlite(path: &Path, readers: u32, page_cache_kib: u64) -> Result<Database> {
    let parent = path.parent().unwrap_or(Path::new("")).to_owned();
    create_folder(parent.clone(), folder::create_durably).await?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(SQLITE_WRITE_TIMEOUT)
        .foreign_keys(true)
        .disable_statement_logging();
    let start = Instant::now();
    let writer = loop {
        // Switching a new file to write-ahead logging does not wait for another
        // process that does the same.
        match open_sqlite_writer(options.clone(), page_cache_kib).await {
            Err(error) if error.is_sqlite_busy() && start.elapsed() < OPEN_TIMEOUT => {
                tokio::time::sleep(OPEN_RETRY).await;
            }
            result => break result?,
        }
    };
    create_folder(parent, folder::sync).await?;
    let reader = SqlitePoolOptions::new()
        .max_connections(readers)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_lazy_with(options.pragma("query_only", "ON").row_buffer_size(1000));
    Ok(Database::Sqlite { writer, reader })
}

async fn open_sqlite_writer(
    options: SqliteConnectOptions,
    page_cache_kib: u64,
) -> Result<SqlitePool> {
    let options = options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // An acknowledged commit must survive a power failure, not only a crash.
        .synchronous(SqliteSynchronous::Full)
        // The log goes into the file after so many pages (4 kB each): seldom enough
        // that pages which change often are copied once.
        .pragma("wal_autocheckpoint", "8192")
        .pragma("journal_size_limit", "67108864")
        // Negative: in KiB. The pages of the identifiers of recent blocks are spread over
        // the whole index.
        .pragma("cache_size", format!("-{page_cache_kib}"));
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(SQLITE_WRITE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options)
        .await
        .map_err(|source| Error::Database {
            doing: "opening the file",
            source,
        })?;
    match migrations::migrate_sqlite(&writer).await {
        Ok(()) => Ok(writer),
        Err(error) => {
            writer.close().await;
            Err(error)
        }
    }
}

/// Folder work touches the disk, so it leaves the async threads.
async fn create_folder(
    folder: std::path::PathBuf,
    work: fn(&Path) -> std::io::Result<()>,
) -> Result<()> {
    tokio::task::spawn_blocking(move || work(&folder))
        .await
        .unwrap_or_else(|error| Err(std::io::Error::other(error)))
        .map_err(Error::CreateFolder)
}

async fn connect_postgres(options: PgConnectOptions, max_connections: u32) -> Result<Database> {
    let pool = PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(|connection, _| {
            Box::pin(async move {
                // One transaction at a time holds the commit clock: a client that
                // stops half-way must not stop everybody for long.
                query("SET idle_in_transaction_session_timeout = '15s'")
                    .execute(&mut *connection)
                    .await?;
                query("SET lock_timeout = '15s'")
                    .execute(connection)
                    .await?;
                Ok(())
            })
        })
        .connect_with(options.disable_statement_logging())
        .await
        .map_err(|source| Error::Database {
            doing: "connecting",
            source,
        })?;
    migrations::migrate_postgres(&pool).await?;
    Ok(Database::Postgres(pool))
}
