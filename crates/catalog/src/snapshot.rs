//! What a query sees.

use model::InsertTime;

use crate::database::WriteTransaction;
use crate::sql::Statement;
use crate::{Catalog, Error, Result};

const READING: &str = "reading a snapshot";

/// What a query sees: everything committed up to `time`, without what had expired by
/// then. The rows that partitions and the `blocks` table hold are not cut exactly at the
/// horizons, so readers leave out what lies before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    pub time: InsertTime,
    /// Nothing inserted before this is seen; 0 when nothing ever expired.
    pub expired_before: InsertTime,
    /// Blocks inserted before this are found in the partitions of the `blocks` view, and
    /// their rows may be gone from the catalog; 0 when none ever was.
    pub archived_before: InsertTime,
}

/// The horizons at some time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Horizons {
    pub expired_before: InsertTime,
    pub archived_before: InsertTime,
}

type HorizonRow = (i64, i64);

impl Catalog {
    /// The latest snapshot, with its horizons.
    pub async fn current_snapshot(&self) -> Result<Snapshot> {
        let statement = Statement::new(
            "SELECT c.last_time, COALESCE(h.expired_before, 0), COALESCE(h.archived_before, 0)
             FROM commit_clock c
             LEFT JOIN horizons h ON h.committed = (SELECT MAX(committed) FROM horizons)",
        );
        let row: Option<(i64, i64, i64)> =
            self.database().fetch_optional(READING, statement).await?;
        let Some((time, expired, archived)) = row else {
            return Err(Error::Unreadable {
                what: "commit clock",
            });
        };
        Ok(snapshot(InsertTime(time), horizons((expired, archived))))
    }

    /// The snapshot at `time`, which must not be later than the latest one. What has been
    /// deleted since is missing from it.
    pub async fn snapshot_at(&self, time: InsertTime) -> Result<Snapshot> {
        let statement = horizons_at(time);
        let row: Option<HorizonRow> = self.database().fetch_optional(READING, statement).await?;
        Ok(snapshot(time, horizons(row.unwrap_or_default())))
    }

    /// Take a time of the commit clock: every later commit gets a later one, so the range
    /// of insert times up to it is closed.
    pub async fn advance(&self) -> Result<InsertTime> {
        const ADVANCING: &str = "advancing the commit clock";
        let mut transaction = self.database().begin(ADVANCING).await?;
        let time = self.tick(&mut transaction).await?;
        transaction.commit(ADVANCING).await?;
        Ok(time)
    }
}

impl WriteTransaction {
    /// The horizons that a snapshot at `time` has.
    pub async fn horizons_at(&mut self, doing: &'static str, time: InsertTime) -> Result<Horizons> {
        let rows: Vec<HorizonRow> = self.fetch_all(doing, horizons_at(time)).await?;
        Ok(horizons(rows.first().copied().unwrap_or_default()))
    }

    /// Take the lock that orders the commits, without taking a time.
    pub async fn lock_commits(&mut self, doing: &'static str) -> Result<()> {
        let statement = Statement::new("UPDATE commit_clock SET last_time = last_time");
        self.execute(doing, statement).await.map(drop)
    }
}

fn horizons_at(time: InsertTime) -> Statement {
    Statement::new(
        "SELECT expired_before, archived_before FROM horizons
         WHERE committed <= $1 ORDER BY committed DESC LIMIT 1",
    )
    .bind(time.0)
}

fn horizons((expired_before, archived_before): HorizonRow) -> Horizons {
    Horizons {
        expired_before: InsertTime(expired_before),
        archived_before: InsertTime(archived_before),
    }
}

fn snapshot(time: InsertTime, horizons: Horizons) -> Snapshot {
    Snapshot {
        time,
        expired_before: horizons.expired_before,
        archived_before: horizons.archived_before,
    }
}
