//! The tables of the catalog, created and upgraded step by step.
//!
//! Both folders hold the same numbers with the same tables and columns; only types
//! and storage options differ.

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{PgPool, SqlitePool};

use crate::{Error, Result};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// All steps in one transaction that holds the write lock from its start: another
/// instance that starts at the same time waits, then finds nothing left to do.
pub(crate) async fn migrate_sqlite(pool: &SqlitePool) -> Result<()> {
    let begun = pool.begin_with("BEGIN IMMEDIATE").await;
    let mut transaction = begun.map_err(|error| Error::Migrate(MigrateError::Execute(error)))?;
    let migrated = SQLITE.run_direct(None, &mut *transaction, false).await;
    migrated.map_err(Error::Migrate)?;
    let committed = transaction.commit().await;
    committed.map_err(|error| Error::Migrate(MigrateError::Execute(error)))
}

/// The migrator holds an advisory lock of the database meanwhile.
pub(crate) async fn migrate_postgres(pool: &PgPool) -> Result<()> {
    POSTGRES.run(pool).await.map_err(Error::Migrate)
}

#[cfg(test)]
mod tests;
