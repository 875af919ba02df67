//! Forgetting streams and processes.
//!
//! # What an owner owns
//!
//! A stream owns its block rows, visible or not, and its archived blocks. A process owns
//! the same and its streams. Rows do not tell of archived blocks, so [`purge_blocks`]
//! leaves the archive horizon behind at the owners of what it deletes; they stay until
//! the expiry horizon has reached it, which may be later than their last archived block
//! expires, and never earlier.
//!
//! # What a producer may notice
//!
//! A program that outlives the retention without sending anything registers only once.
//! A block that it sends after its stream is forgotten is stored, and becomes visible
//! when the stream is registered again. Blocks that arrive before that purge are safe:
//! it holds the lock of the commit clock, as every commit does.
//!
//! Other instances may go on knowing a forgotten owner. Nothing is lost by that, since
//! what they keep is only shown beside blocks, and those need a registration in the
//! database to be visible; a producer registers an id with the same contents again, so
//! only the insert time that is shown may be that of the first time.
//!
//! [`purge_blocks`]: Catalog::purge_blocks

use model::{InsertTime, ProcessId, StreamId};

use crate::database::WriteTransaction;
use crate::sql::Builder;
use crate::{Catalog, Error, Result};

const PURGING: &str = "purging streams and processes";
/// Identifiers per transaction.
const CHUNK: usize = 256;

/// A kind of owner.
struct Kind {
    /// The identifiers of those that own nothing and were registered before $1.
    select: &'static str,
    column: &'static str,
    /// What deletes them, up to the list of identifiers.
    deletes: &'static [&'static str],
}

const STREAMS: Kind = Kind {
    select: "SELECT o.stream_id FROM streams o
         WHERE o.insert_time < $1 AND (o.archived_before IS NULL OR o.archived_before <= $1)
           AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.stream_id = o.stream_id)",
    column: "o.stream_id",
    deletes: &[
        "DELETE FROM stream_tags WHERE stream_id IN ",
        "DELETE FROM streams WHERE stream_id IN ",
    ],
};

const PROCESSES: Kind = Kind {
    select: "SELECT o.process_id FROM processes o
         WHERE o.insert_time < $1 AND (o.archived_before IS NULL OR o.archived_before <= $1)
           AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.process_id = o.process_id)
           AND NOT EXISTS (SELECT 1 FROM streams s WHERE s.process_id = o.process_id)",
    column: "o.process_id",
    deletes: &["DELETE FROM processes WHERE process_id IN "],
};

impl Catalog {
    /// Forget streams, then processes, that were registered before an expiry horizon
    /// committed at or before `by` and own nothing any more, at most `limit`; how many.
    pub async fn purge_owners(&self, by: InsertTime, limit: u32) -> Result<u64> {
        let horizon = self.snapshot_at(by).await?.expired_before;
        let streams = self.purge_kind(&STREAMS, horizon, limit as usize).await?;
        for id in &streams {
            self.owners().forget_stream(StreamId::from_bytes(*id)).await;
        }
        let left = limit as usize - streams.len();
        let processes = self.purge_kind(&PROCESSES, horizon, left).await?;
        for id in &processes {
            let id = ProcessId::from_bytes(*id);
            self.owners().forget_process(id).await;
        }
        Ok((streams.len() + processes.len()) as u64)
    }

    /// Looks for candidates first, which may take long, and then decides over a few at a
    /// time while commits wait.
    async fn purge_kind(
        &self,
        kind: &Kind,
        horizon: InsertTime,
        limit: usize,
    ) -> Result<Vec<[u8; 16]>> {
        let mut sql = kind.select(horizon);
        sql.push(" LIMIT ").bind(limit as i64);
        let rows = self.database().fetch_all(PURGING, sql.finish()).await?;
        let candidates = identifiers(rows)?;
        let mut purged = Vec::new();
        for chunk in candidates.chunks(CHUNK) {
            let mut transaction = self.database().begin(PURGING).await?;
            transaction.lock_commits(PURGING).await?;
            let ids = kind.delete(&mut transaction, horizon, chunk).await?;
            transaction.commit(PURGING).await?;
            purged.extend(ids);
        }
        Ok(purged)
    }
}

impl Kind {
    fn select(&self, horizon: InsertTime) -> Builder {
        Builder::with_values(self.select, [horizon.0.into()])
    }

    /// Deletes those of the candidates that still own nothing.
    async fn delete(
        &self,
        transaction: &mut WriteTransaction,
        horizon: InsertTime,
        candidates: &[[u8; 16]],
    ) -> Result<Vec<[u8; 16]>> {
        let mut sql = self.select(horizon);
        sql.push(" AND ").push(self.column).push(" IN ");
        sql.bind_list(candidates);
        let ids = identifiers(transaction.fetch_all(PURGING, sql.finish()).await?)?;
        if ids.is_empty() {
            return Ok(ids);
        }
        for delete in self.deletes {
            let mut sql = Builder::new(delete);
            sql.bind_list(&ids);
            transaction.execute(PURGING, sql.finish()).await?;
        }
        Ok(ids)
    }
}

fn identifiers(rows: Vec<(Vec<u8>,)>) -> Result<Vec<[u8; 16]>> {
    let ids = rows.into_iter().map(|(id,)| <[u8; 16]>::try_from(id));
    let ids: std::result::Result<_, _> = ids.collect();
    ids.map_err(|_| Error::Unreadable { what: "identifier" })
}
