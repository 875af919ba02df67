//! Files that operators lay down for queries to read as tables. They are no part of a lake: they
//! may lie in another store, and may be changed at any time.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use crate::open::{Location, memory_store, remote_store};
use crate::reading::{self, Reader};
use crate::{Error, Result};

/// Everything below one prefix of any object store. Never written to. Cheap to clone.
#[derive(Clone)]
pub struct StaticFiles(Source);

#[derive(Clone)]
enum Source {
    /// Opened for each request: the folder may come later, or be replaced.
    Folder(Arc<Path>),
    Store(Reader),
}

/// A file, as it was when it was listed: one that changes differs from what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticFile {
    location: ObjectPath,
    pub bytes: u64,
    last_modified_ns: Option<i64>,
    tag: Option<String>,
}

/// What a file holds now.
pub struct StaticContent {
    pub bytes: u64,
    pub chunks: BoxStream<'static, Result<Bytes>>,
}

impl StaticFile {
    /// Below the prefix.
    pub fn path(&self) -> &str {
        self.location.as_ref()
    }
}

impl StaticFiles {
    /// `uri` and `options` as [`Lake::open`](crate::Lake::open) takes them. Nothing is created
    /// or asked for yet.
    pub fn open(uri: &str, options: impl IntoIterator<Item = (String, String)>) -> Result<Self> {
        match Location::parse(uri)? {
            Location::Folder(path) => Ok(Self(Source::Folder(path.into()))),
            Location::Memory => Ok(Self::of_store(memory_store())),
            Location::Remote {
                provider,
                bucket,
                prefix,
            } => Ok(Self::of_store(remote_store(
                provider, bucket, prefix, options,
            )?)),
        }
    }

    /// Those below the root of any store.
    pub fn of_store(store: Arc<dyn ObjectStore>) -> Self {
        Self(Source::Store(Reader::new(reading::Source::Store(store), 0)))
    }

    /// Up to `max` files, in no promised order.
    pub async fn list(&self, max: usize) -> Result<Vec<StaticFile>> {
        let files = self.store()?.list(None).take(max).map_ok(file);
        files.try_collect().await.map_err(failed("listing files"))
    }

    /// What lies under the name of the file now; dropping the content ends the reading.
    pub async fn read(&self, file: &StaticFile) -> Result<StaticContent> {
        let read = self.store()?.get(&file.location).await;
        let result = read.map_err(failed("reading a file"))?;
        Ok(StaticContent {
            bytes: result.meta.size,
            chunks: result
                .into_stream()
                .map_err(failed("reading a file"))
                .boxed(),
        })
    }

    /// Through what notices answers that are too short.
    fn store(&self) -> Result<Reader> {
        match &self.0 {
            Source::Store(store) => Ok(store.clone()),
            Source::Folder(path) => {
                let files = LocalFileSystem::new_with_prefix(path);
                let files = Arc::new(files.map_err(failed("opening the folder"))?);
                Ok(Reader::new(reading::Source::Folder(files), 0))
            }
        }
    }
}

impl fmt::Debug for StaticFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The store's own form may print credentials.
        f.debug_struct("StaticFiles").finish_non_exhaustive()
    }
}

impl fmt::Debug for StaticContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticContent")
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

fn file(object: ObjectMeta) -> StaticFile {
    StaticFile {
        location: object.location,
        bytes: object.size,
        last_modified_ns: object.last_modified.timestamp_nanos_opt(),
        tag: object.e_tag,
    }
}

fn failed(doing: &'static str) -> impl Fn(object_store::Error) -> Error {
    move |source| Error::Store { doing, source }
}

#[cfg(test)]
mod tests;
