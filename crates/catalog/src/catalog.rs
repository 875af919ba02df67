//! The handle that everything else hangs on.

use std::fmt;
use std::sync::Arc;

use model::InsertTime;

use crate::database::{Database, WriteTransaction};
use crate::owners::Owners;
use crate::sql::Statement;
use crate::{CatalogConfig, Clock, Error, Result};

/// The SQL metadata of one lake. Cheap to clone.
#[derive(Clone)]
pub struct Catalog(Arc<Shared>);

struct Shared {
    database: Database,
    clock: Clock,
    owners: Owners,
}

impl Catalog {
    /// Connect and bring the tables up to date, safely beside other instances that
    /// start at the same time. A missing SQLite file is created with its folder.
    pub async fn connect(config: &CatalogConfig) -> Result<Self> {
        Self::connect_with_clock(config, Clock::system()).await
    }

    /// The same with another source of the current time.
    pub async fn connect_with_clock(config: &CatalogConfig, clock: Clock) -> Result<Self> {
        Ok(Self(Arc::new(Shared {
            database: Database::connect(config).await?,
            clock,
            owners: Owners::new(config.cache_bytes / 2),
        })))
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.snapshot().await.map(drop)
    }

    /// The latest insert time handed out and committed. Every block with a time up to
    /// it is readable, and none can be added.
    pub async fn snapshot(&self) -> Result<InsertTime> {
        let statement = Statement::new("SELECT last_time FROM commit_clock");
        let row: Option<(i64,)> = self
            .database()
            .fetch_optional("reading the commit clock", statement)
            .await?;
        row.map(|(last_time,)| InsertTime(last_time))
            .ok_or(Error::Unreadable {
                what: "commit clock",
            })
    }

    /// Close all connections; later calls fail.
    pub async fn close(&self) {
        self.database().close().await;
    }

    pub(crate) fn database(&self) -> &Database {
        &self.0.database
    }

    /// The wall clock that insert times follow.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn owners(&self) -> &Owners {
        &self.0.owners
    }

    /// Take the next insert time; the first thing that a transaction with one does.
    /// Its row lock makes the transactions commit in the order of their times.
    pub(crate) async fn tick(&self, transaction: &mut WriteTransaction) -> Result<InsertTime> {
        let statement = Statement::new(
            "UPDATE commit_clock
             SET last_time = CASE WHEN last_time + 1 > $1 THEN last_time + 1 ELSE $1 END
             RETURNING last_time",
        )
        .bind(self.clock().now());
        let (time,): (i64,) = transaction
            .fetch_one("taking an insert time", statement)
            .await?;
        Ok(InsertTime(time))
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Catalog")
            .field(&self.database().name())
            .finish()
    }
}
