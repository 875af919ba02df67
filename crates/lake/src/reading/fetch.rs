//! Ranges of an object in few reads that several callers can wait for.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::future::{BoxFuture, FutureExt, Shared};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectMeta, ObjectStore, Result};
use tokio::sync::Semaphore;

use super::guard::wrong_answer;
use super::stats::Counters;
use crate::ranges::{PARALLEL, join, join_overlapping, slice};

/// What is read from.
#[derive(Clone)]
pub(crate) enum Source {
    /// Many ranges of a file are one visit to the blocking threads.
    Folder(Arc<LocalFileSystem>),
    Store(Arc<dyn ObjectStore>),
}

/// One range, and the object that it is from.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub bytes: Bytes,
    pub meta: Arc<ObjectMeta>,
}

/// The reads of one call; each begins with the first piece of it that is waited for.
pub(super) struct Reads {
    path: Path,
    /// Ascending by the first byte that a read covers.
    reads: Vec<(u64, Shared<BoxFuture<'static, Answer>>)>,
}

type Answer = Result<Arc<Fetched>, Arc<Error>>;

struct Fetched {
    /// Ascending, with the position of their first byte.
    parts: Vec<(u64, Bytes)>,
    meta: Arc<ObjectMeta>,
}

impl Source {
    pub fn store(&self) -> &dyn ObjectStore {
        match self {
            Self::Folder(files) => &**files,
            Self::Store(store) => &**store,
        }
    }
}

impl Reads {
    /// Reads that cover the ranges.
    pub fn plan(
        source: &Source,
        path: &Path,
        ranges: &[Range<u64>],
        counters: &Arc<Counters>,
    ) -> Self {
        let planned = match source {
            Source::Folder(files) => {
                let read = read_file(Arc::clone(files), path.clone(), join_overlapping(ranges));
                vec![(0, counted(read, counters))]
            }
            Source::Store(store) => {
                let slots = Arc::new(Semaphore::new(PARALLEL));
                let reads = join(ranges).into_iter().map(|range| {
                    let start = range.start;
                    let (store, slots) = (Arc::clone(store), Arc::clone(&slots));
                    let read = read_object(store, slots, path.clone(), range);
                    (start, counted(read, counters))
                });
                reads.collect()
            }
        };
        Self {
            path: path.clone(),
            reads: planned,
        }
    }

    /// One of the ranges that the reads were planned for.
    pub async fn piece(&self, range: &Range<u64>) -> Result<Piece, Arc<Error>> {
        let fetched = last_before(&self.reads, range.start);
        let fetched = fetched.ok_or_else(|| wrong_answer(&self.path, range))?;
        let fetched = fetched.1.clone().await?;
        let bytes = last_before(&fetched.parts, range.start)
            .map(|(start, bytes)| slice(bytes, *start, range))
            .filter(|bytes| bytes.len() as u64 == range.end - range.start);
        Ok(Piece {
            bytes: bytes.ok_or_else(|| wrong_answer(&self.path, range))?,
            meta: Arc::clone(&fetched.meta),
        })
    }
}

fn last_before<T>(items: &[(u64, T)], start: u64) -> Option<&(u64, T)> {
    let after = items.partition_point(|(first, _)| *first <= start);
    items.get(after.checked_sub(1)?)
}

fn counted(
    read: impl Future<Output = Result<Fetched>> + Send + 'static,
    counters: &Arc<Counters>,
) -> Shared<BoxFuture<'static, Answer>> {
    let counters = Arc::clone(counters);
    let read = async move {
        let fetched = read.await.map_err(Arc::new)?;
        let bytes = fetched.parts.iter().map(|(_, bytes)| bytes.len() as u64);
        counters.read(bytes.sum());
        Ok(Arc::new(fetched))
    };
    read.boxed().shared()
}

async fn read_object(
    store: Arc<dyn ObjectStore>,
    slots: Arc<Semaphore>,
    path: Path,
    range: Range<u64>,
) -> Result<Fetched> {
    let _slot = slots.acquire().await.expect("nobody closes it");
    let options = GetOptions {
        range: Some(range.clone().into()),
        ..GetOptions::default()
    };
    let result = store.get_opts(&path, options).await?;
    // Before memory is taken: where the object ends, the answer does.
    if result.range != range {
        return Err(wrong_answer(&path, &range));
    }
    // A store below a prefix answers with the whole path.
    let meta = Arc::new(ObjectMeta {
        location: path.clone(),
        ..result.meta.clone()
    });
    let bytes = result.bytes().await?;
    if bytes.len() as u64 != range.end - range.start {
        return Err(wrong_answer(&path, &range));
    }
    Ok(Fetched {
        parts: vec![(range.start, bytes)],
        meta,
    })
}

async fn read_file(
    files: Arc<LocalFileSystem>,
    path: Path,
    ranges: Vec<Range<u64>>,
) -> Result<Fetched> {
    let file = files.path_to_filesystem(&path)?;
    tokio::task::spawn_blocking(move || read_file_blocking(file, &path, &ranges)).await?
}

fn read_file_blocking(file: PathBuf, path: &Path, ranges: &[Range<u64>]) -> Result<Fetched> {
    let failed = |error| file_error(path, error);
    let file = File::open(file).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let modified: DateTime<Utc> = metadata.modified().map_err(failed)?.into();
    let mut parts = Vec::with_capacity(ranges.len());
    for range in ranges {
        let length = usize::try_from(range.end - range.start);
        let Ok(length) = length.map_err(drop).and_then(|length| {
            // Before memory is taken.
            (range.end <= metadata.len()).then_some(length).ok_or(())
        }) else {
            return Err(wrong_answer(path, range));
        };
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, range.start)
            .map_err(failed)?;
        parts.push((range.start, bytes.into()));
    }
    let meta = Arc::new(ObjectMeta {
        location: path.clone(),
        last_modified: modified,
        size: metadata.len(),
        e_tag: None,
        version: None,
    });
    Ok(Fetched { parts, meta })
}

fn file_error(path: &Path, error: io::Error) -> Error {
    let source = Box::new(error);
    match source.kind() {
        io::ErrorKind::NotFound => Error::NotFound {
            path: path.to_string(),
            source,
        },
        io::ErrorKind::PermissionDenied => Error::PermissionDenied {
            path: path.to_string(),
            source,
        },
        _ => Error::Generic {
            store: "lake",
            source,
        },
    }
}
