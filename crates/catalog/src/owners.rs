//! The processes and streams of blocks, kept in memory: rows never change once they
//! are registered. Rows that the retention deletes may stay here; see there why that
//! does no harm.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use model::{ProcessId, Properties, StreamId};
use moka::future::Cache;

use crate::database::Database;
use crate::database::Row;
use crate::row::{ProcessRow, StreamRow};
use crate::sql::Builder;
use crate::{Error, Result, StoredProcess, StoredStream};

/// Identifiers per statement.
const CHUNK: usize = 256;
const READING: &str = "reading the owners of blocks";

/// Finds owners by identifier, with a bounded cache in front.
pub(crate) struct Owners {
    processes: Cache<ProcessId, Arc<StoredProcess>>,
    streams: Cache<StreamId, Arc<StoredStream>>,
}

impl Owners {
    /// Half of the bytes for processes, half for streams; the least used are dropped beyond it.
    pub fn new(cache_bytes: u64) -> Self {
        Self {
            processes: Cache::builder()
                .max_capacity(cache_bytes / 2)
                .weigher(|_, process: &Arc<StoredProcess>| process_weight(process))
                .build(),
            streams: Cache::builder()
                .max_capacity(cache_bytes / 2)
                .weigher(|_, stream: &Arc<StoredStream>| stream_weight(stream))
                .build(),
        }
    }

    /// All of `ids`; one that is not registered is an error, because only blocks with
    /// registered owners are visible.
    pub async fn processes(
        &self,
        database: &Database,
        ids: impl IntoIterator<Item = ProcessId>,
    ) -> Result<HashMap<ProcessId, Arc<StoredProcess>>> {
        let (mut found, missing) = lookup(&self.processes, ids).await;
        for chunk in missing.chunks(CHUNK) {
            let mut builder = Builder::new("SELECT * FROM processes WHERE process_id IN ");
            let ids: Vec<[u8; 16]> = chunk.iter().map(|id| *id.as_bytes()).collect();
            builder.bind_list(&ids);
            for process in fetch::<ProcessRow, StoredProcess>(database, builder).await? {
                let process = Arc::new(process);
                let id = process.info.process_id;
                self.processes.insert(id, Arc::clone(&process)).await;
                found.insert(id, process);
            }
        }
        complete(found, &missing, "process of a block")
    }

    /// All of `ids`, as for processes.
    pub async fn streams(
        &self,
        database: &Database,
        ids: impl IntoIterator<Item = StreamId>,
    ) -> Result<HashMap<StreamId, Arc<StoredStream>>> {
        let (mut found, missing) = lookup(&self.streams, ids).await;
        for chunk in missing.chunks(CHUNK) {
            let mut builder = Builder::new("SELECT * FROM streams WHERE stream_id IN ");
            let ids: Vec<[u8; 16]> = chunk.iter().map(|id| *id.as_bytes()).collect();
            builder.bind_list(&ids);
            for stream in fetch::<StreamRow, StoredStream>(database, builder).await? {
                let stream = Arc::new(stream);
                let id = stream.info.stream_id;
                self.streams.insert(id, Arc::clone(&stream)).await;
                found.insert(id, stream);
            }
        }
        complete(found, &missing, "stream of a block")
    }

    /// After its row is deleted.
    pub async fn forget_process(&self, id: ProcessId) {
        self.processes.invalidate(&id).await;
    }

    /// After its row is deleted.
    pub async fn forget_stream(&self, id: StreamId) {
        self.streams.invalidate(&id).await;
    }
}

async fn fetch<R, T>(database: &Database, builder: Builder) -> Result<Vec<T>>
where
    R: Row,
    T: TryFrom<R, Error = Error>,
{
    let rows: Vec<R> = database.fetch_all(READING, builder.finish()).await?;
    rows.into_iter().map(T::try_from).collect()
}

/// What the cache holds of `ids`, and the others, each once.
async fn lookup<I, T>(
    cache: &Cache<I, Arc<T>>,
    ids: impl IntoIterator<Item = I>,
) -> (HashMap<I, Arc<T>>, Vec<I>)
where
    I: Copy + Eq + Hash + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    let ids: HashSet<I> = ids.into_iter().collect();
    let mut found = HashMap::with_capacity(ids.len());
    let mut missing = Vec::new();
    for id in ids {
        match cache.get(&id).await {
            Some(owner) => {
                found.insert(id, owner);
            }
            None => missing.push(id),
        }
    }
    (found, missing)
}

fn complete<I: Eq + Hash, T>(
    found: HashMap<I, T>,
    missing: &[I],
    what: &'static str,
) -> Result<HashMap<I, T>> {
    if missing.iter().all(|id| found.contains_key(id)) {
        Ok(found)
    } else {
        Err(Error::Unreadable { what })
    }
}

/// Memory beside the texts and bytes that are counted.
const FIXED_WEIGHT: usize = 256;
const ENTRY_WEIGHT: usize = 64;

fn process_weight(process: &StoredProcess) -> u32 {
    let info = &process.info;
    let names = [
        &info.exe,
        &info.username,
        &info.realname,
        &info.computer,
        &info.distro,
        &info.cpu_brand,
    ];
    let names: usize = names.iter().map(|name| name.len()).sum();
    weight(names + properties_weight(&info.properties))
}

fn stream_weight(stream: &StoredStream) -> u32 {
    let info = &stream.info;
    let tags: usize = info.tags.iter().map(|tag| tag.len() + ENTRY_WEIGHT).sum();
    let metadata = info.dependencies_metadata.len() + info.objects_metadata.len();
    weight(tags + metadata + properties_weight(&info.properties))
}

fn properties_weight(properties: &Properties) -> usize {
    let entries = properties.iter();
    entries
        .map(|(key, value)| key.len() + value.len() + ENTRY_WEIGHT)
        .sum()
}

fn weight(bytes: usize) -> u32 {
    u32::try_from(bytes + FIXED_WEIGHT).unwrap_or(u32::MAX)
}
