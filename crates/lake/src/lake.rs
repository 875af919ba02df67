//! The handle that everything else hangs on.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path as ObjectPath;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use crate::local::LocalFolder;
use crate::open::{Location, memory_store, remote_store};
use crate::put::{put_new, stored_bytes};
use crate::ranges::read_ranges;
use crate::reading::{CacheStats, ReadStats, Reader, Source, wrong_answer};
use crate::{Error, Result, SegmentKey};

mod partitions;

pub use partitions::PartitionObject;

/// The longest range that is read: no block is larger. Protects memory against a
/// damaged catalog.
pub const MAX_RANGE_BYTES: u64 = 128 << 20;

/// An object found under the segment prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentObject {
    pub key: SegmentKey,
    /// Length of the object.
    pub bytes: u64,
    /// Nanoseconds since the Unix epoch.
    pub last_modified_ns: i64,
}

/// The object store of one lake. Cheap to clone.
#[derive(Clone)]
pub struct Lake {
    /// Paths are relative to the root of the lake.
    store: Arc<dyn ObjectStore>,
    kind: Kind,
    /// What the query engine reads through.
    reader: Reader,
}

#[derive(Clone)]
enum Kind {
    /// Written and read through the file system itself; `store` lists.
    Folder(Arc<LocalFolder>),
    Memory,
    Remote,
}

impl Lake {
    /// `uri`: `file:///abs/path` (taken literally, without escapes; created if missing),
    /// `memory:///`, `s3://bucket/prefix`, `gs://…` or `az://…`. `options`: names and
    /// values of store options, `AWS_ENDPOINT` and the like, that the caller read from
    /// the environment; names that the store does not know are ignored.
    pub fn open(uri: &str, options: impl IntoIterator<Item = (String, String)>) -> Result<Self> {
        match Location::parse(uri)? {
            Location::Folder(path) => Self::open_folder(&path),
            Location::Memory => Ok(Self::new(memory_store(), Kind::Memory)),
            Location::Remote {
                provider,
                bucket,
                prefix,
            } => Ok(Self::of_store(remote_store(
                provider, bucket, prefix, options,
            )?)),
        }
    }

    /// A lake in a folder of this machine, which is created if missing.
    pub fn open_folder(root: &Path) -> Result<Self> {
        let folder = LocalFolder::create(root)?;
        let files = folder.object_store()?;
        Ok(Self {
            store: Arc::clone(&files) as Arc<dyn ObjectStore>,
            kind: Kind::Folder(Arc::new(folder)),
            reader: Reader::new(Source::Folder(files), 0),
        })
    }

    /// A lake over any store, which is treated as a remote one. Its root is the lake's.
    pub fn of_store(store: Arc<dyn ObjectStore>) -> Self {
        Self::new(store, Kind::Remote)
    }

    fn new(store: Arc<dyn ObjectStore>, kind: Kind) -> Self {
        Self {
            reader: Reader::new(Source::Store(Arc::clone(&store)), 0),
            store,
            kind,
        }
    }

    /// Keep ranges that [`Lake::object_store`] reads in memory, up to so many bytes; 0
    /// keeps none. Clones that were made before are not changed.
    #[must_use]
    pub fn with_cache(self, bytes: u64) -> Self {
        Self {
            reader: self.reader.with_cache(bytes),
            ..self
        }
    }

    /// The lake as the query engine sees it: every object, and nothing can be changed.
    /// An answer that is shorter than the range asked for is an error.
    pub fn object_store(&self) -> Arc<dyn ObjectStore> {
        Arc::new(self.reader.clone())
    }

    /// The same for one reader, whose reads are counted in `stats`.
    pub fn reader(&self, stats: Arc<ReadStats>) -> Arc<dyn ObjectStore> {
        Arc::new(self.reader.counting(stats))
    }

    /// What [`Lake::object_store`] did so far, over all clones of this lake.
    pub fn cache_stats(&self) -> CacheStats {
        self.reader.stats()
    }

    /// Whether other machines can not see it (`file`, `memory`).
    pub fn is_local(&self) -> bool {
        !matches!(self.kind, Kind::Remote)
    }

    /// Ask for one page of a listing: whether the store is there and lets us in.
    pub async fn probe(&self) -> Result<()> {
        if let Kind::Folder(folder) = &self.kind {
            return folder.probe().await;
        }
        let first = self.list().next().await;
        first.transpose().map(drop).map_err(|source| Error::Store {
            doing: "listing",
            source,
        })
    }

    /// Write one new segment from parts that follow each other. Nothing is replaced;
    /// when it returns, the bytes are durable. Returns the key and the total length.
    pub async fn write_segment(&self, parts: Vec<Bytes>) -> Result<(SegmentKey, u64)> {
        let key = SegmentKey::new();
        let bytes = self.write_at(&key, parts).await?;
        Ok((key, bytes))
    }

    async fn write_at(&self, key: &SegmentKey, parts: Vec<Bytes>) -> Result<u64> {
        if let Kind::Folder(folder) = &self.kind {
            return folder.write(key, parts).await;
        }
        let path = object_path(key);
        let put = put_new(&*self.store, &path, parts.into_iter().collect());
        put.await.map_err(|error| match error {
            object_store::Error::AlreadyExists { .. } => Error::AlreadyExists { key: key.clone() },
            source => Error::Store {
                doing: "writing a segment",
                source,
            },
        })
    }

    /// Read ranges of one segment, in the order given; neighbours are fetched together.
    /// Each may have [`MAX_RANGE_BYTES`] at most and must lie inside the segment.
    pub async fn read_segment(
        &self,
        key: &SegmentKey,
        ranges: &[Range<u64>],
    ) -> Result<Vec<Bytes>> {
        for &Range { start, end } in ranges {
            if start > end || end - start > MAX_RANGE_BYTES {
                return Err(Error::InvalidRange { start, end });
            }
        }
        if let Kind::Folder(folder) = &self.kind {
            return folder.read(key, ranges.to_vec()).await;
        }
        let path = object_path(key);
        let fetched = match read_ranges(&*self.store, &path, ranges).await {
            Ok(fetched) => fetched,
            Err(error) => return Err(self.read_error(key, ranges, error).await),
        };
        let mut answers = ranges.iter().zip(&fetched);
        match answers.find(|(range, bytes)| bytes.len() as u64 != range.end - range.start) {
            Some((range, _)) => Err(self.short_answer(key, range).await),
            None => Ok(fetched),
        }
    }

    /// Fewer bytes came than were asked for: either there are no more, or the answer is
    /// wrong and the next one may be right.
    async fn short_answer(&self, key: &SegmentKey, range: &Range<u64>) -> Error {
        let path = object_path(key);
        match stored_bytes(&*self.store, &path).await {
            Some(length) if length < range.end => truncated(key, range),
            _ => Error::Store {
                doing: "reading a segment",
                source: wrong_answer(&path, range),
            },
        }
    }

    /// Stores refuse a range behind the end of an object in different words, so its
    /// length decides.
    async fn read_error(
        &self,
        key: &SegmentKey,
        ranges: &[Range<u64>],
        error: object_store::Error,
    ) -> Error {
        if let object_store::Error::NotFound { .. } = error {
            return Error::NotFound { key: key.clone() };
        }
        let length = stored_bytes(&*self.store, &object_path(key)).await;
        let behind = |range: &&Range<u64>| length.is_some_and(|length| range.end > length);
        match ranges.iter().find(behind) {
            Some(range) => truncated(key, range),
            None => Error::Store {
                doing: "reading a segment",
                source: error,
            },
        }
    }

    /// Delete a segment; one that does not exist is fine.
    pub async fn delete_segment(&self, key: &SegmentKey) -> Result<()> {
        match self.store.delete(&object_path(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(Error::Store {
                doing: "deleting a segment",
                source,
            }),
        }
    }

    /// Every segment in the store, whether anything refers to it or not, in no
    /// promised order. Objects that are not segments are left out.
    pub fn list_segments(&self) -> BoxStream<'static, Result<SegmentObject>> {
        let objects = self.list().map_err(|source| Error::Store {
            doing: "listing segments",
            source,
        });
        objects
            .try_filter_map(async |object| Ok(segment_object(&object)))
            .boxed()
    }

    /// Delete what writers that crashed left behind more than `age` ago; returns how
    /// many files. Only folders have such files: remote stores publish an object whole.
    pub async fn remove_stale_temporary_files(&self, age: Duration) -> Result<u64> {
        match &self.kind {
            Kind::Folder(folder) => folder.remove_stale_temporary_files(age).await,
            Kind::Memory | Kind::Remote => Ok(0),
        }
    }

    #[cfg(test)]
    pub(crate) fn store_of_tests(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.store)
    }

    fn list(&self) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.store.list(Some(&ObjectPath::from(SegmentKey::FOLDER)))
    }
}

impl fmt::Debug for Lake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The store's own form may print credentials.
        match &self.kind {
            Kind::Folder(folder) => f.debug_tuple("Lake").field(&folder.root()).finish(),
            Kind::Memory => f.debug_tuple("Lake").field(&"memory").finish(),
            Kind::Remote => f.debug_tuple("Lake").field(&"remote").finish(),
        }
    }
}

fn object_path(key: &SegmentKey) -> ObjectPath {
    ObjectPath::from(key.as_str())
}

fn segment_object(object: &ObjectMeta) -> Option<SegmentObject> {
    Some(SegmentObject {
        key: SegmentKey::parse(object.location.as_ref()).ok()?,
        bytes: object.size,
        last_modified_ns: object.last_modified.timestamp_nanos_opt()?,
    })
}

pub(crate) fn truncated(key: &SegmentKey, range: &Range<u64>) -> Error {
    Error::Truncated {
        key: key.clone(),
        start: range.start,
        end: range.end,
    }
}

#[cfg(test)]
mod short_answers;
#[cfg(test)]
mod tests;
