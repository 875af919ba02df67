//! Processes and streams by the batch, for replication.

use std::collections::HashSet;

use model::{ProcessInfo, StreamInfo};

use crate::register::{insert_process, insert_stream, insert_tags, publish};
use crate::row::id;
use crate::sql::{Builder, Statement};
use crate::{Catalog, Result};

const IMPORTING_PROCESSES: &str = "importing processes";
const IMPORTING_STREAMS: &str = "importing streams";
/// Identifiers per statement.
const CHUNK: usize = 256;

impl Catalog {
    /// As [`Self::register_process`] for each, in one transaction at one insert time.
    /// Returns how many are new; when none is, nothing is written.
    pub async fn import_processes(&self, processes: &[ProcessInfo]) -> Result<usize> {
        let ids = processes.iter().map(|process| process.process_id.uuid());
        let unknown = self
            .unknown(
                "SELECT process_id FROM processes WHERE process_id IN ",
                IMPORTING_PROCESSES,
                ids.collect(),
            )
            .await?;
        if unknown.is_empty() {
            return Ok(0);
        }
        let mut transaction = self.database().begin(IMPORTING_PROCESSES).await?;
        let time = self.tick(&mut transaction).await?;
        let mut new = Vec::new();
        for process in processes {
            let id = process.process_id;
            // Another instance may have been faster, and an upload may name one twice.
            if unknown.contains(&id.uuid())
                && transaction
                    .execute(IMPORTING_PROCESSES, insert_process(process, time))
                    .await?
                    > 0
            {
                new.push(*id.as_bytes());
            }
        }
        if new.is_empty() {
            transaction.rollback(IMPORTING_PROCESSES).await?;
            return Ok(0);
        }
        for ids in new.chunks(CHUNK) {
            let publish = publish("blocks.process_id", ids, time);
            transaction.execute(IMPORTING_PROCESSES, publish).await?;
        }
        transaction.commit(IMPORTING_PROCESSES).await?;
        Ok(new.len())
    }

    /// As [`Self::register_stream`] for each, in one transaction at one insert time.
    /// Returns how many are new; when none is, nothing is written.
    pub async fn import_streams(&self, streams: &[StreamInfo]) -> Result<usize> {
        let ids = streams.iter().map(|stream| stream.stream_id.uuid());
        let unknown = self
            .unknown(
                "SELECT stream_id FROM streams WHERE stream_id IN ",
                IMPORTING_STREAMS,
                ids.collect(),
            )
            .await?;
        if unknown.is_empty() {
            return Ok(0);
        }
        let mut transaction = self.database().begin(IMPORTING_STREAMS).await?;
        let time = self.tick(&mut transaction).await?;
        let mut new = Vec::new();
        for stream in streams {
            let id = stream.stream_id;
            if unknown.contains(&id.uuid())
                && transaction
                    .execute(IMPORTING_STREAMS, insert_stream(stream, time))
                    .await?
                    > 0
            {
                insert_tags(&mut transaction, stream).await?;
                new.push(*id.as_bytes());
            }
        }
        if new.is_empty() {
            transaction.rollback(IMPORTING_STREAMS).await?;
            return Ok(0);
        }
        for ids in new.chunks(CHUNK) {
            let publish = publish("blocks.stream_id", ids, time);
            transaction.execute(IMPORTING_STREAMS, publish).await?;
        }
        transaction.commit(IMPORTING_STREAMS).await?;
        Ok(new.len())
    }

    /// Those of `ids` that `select`, completed by a list, does not find: a repeated upload
    /// takes neither the clock nor a write.
    pub(crate) async fn unknown(
        &self,
        select: &'static str,
        doing: &'static str,
        mut ids: HashSet<uuid::Uuid>,
    ) -> Result<HashSet<uuid::Uuid>> {
        let all: Vec<[u8; 16]> = ids.iter().map(|id| id.into_bytes()).collect();
        for chunk in all.chunks(CHUNK) {
            let mut builder = Builder::new(select);
            builder.bind_list(chunk);
            let statement: Statement = builder.finish();
            let known: Vec<(Vec<u8>,)> = self.database().fetch_all(doing, statement).await?;
            for (known,) in known {
                ids.remove(&id::<uuid::Uuid>(&known)?);
            }
        }
        Ok(ids)
    }
}
