//! The read-only face of a lake for the query engine, with a cache of ranges.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetRange, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result,
};

use crate::local::TEMPORARY;
use cache::RangeCache;
use fetch::Piece;

mod cache;
mod fetch;
mod guard;
mod stats;

pub use stats::{CacheStats, ReadStats};

pub(crate) use fetch::Source;
pub(crate) use guard::wrong_answer;

/// Cheap to clone; clones share cache and counters.
#[derive(Clone)]
pub(crate) struct Reader {
    cache: Arc<RangeCache>,
    stats: Arc<ReadStats>,
}

impl Reader {
    pub fn new(source: Source, cache_bytes: u64) -> Self {
        Self {
            cache: Arc::new(RangeCache::new(source, cache_bytes)),
            stats: Arc::default(),
        }
    }

    /// The same cache; what is read through this face counts in `stats` as well.
    pub fn counting(&self, stats: Arc<ReadStats>) -> Self {
        Self {
            cache: Arc::clone(&self.cache),
            stats,
        }
    }

    pub fn with_cache(&self, cache_bytes: u64) -> Self {
        Self::new(self.cache.source().clone(), cache_bytes)
    }

    pub fn stats(&self) -> CacheStats {
        self.cache.stats()
    }

    /// The piece of each range.
    async fn read(&self, location: &Path, ranges: Vec<Range<u64>>) -> Result<Vec<Piece>> {
        let (pieces, hits) = self.cache.read(location, ranges).await?;
        // Those that were asked for may have any length.
        let bytes = pieces.iter().map(|piece| piece.bytes.len() as u64);
        self.stats.add(bytes.sum(), hits);
        Ok(pieces)
    }

    fn store(&self) -> &dyn ObjectStore {
        self.cache.source().store()
    }
}

#[async_trait]
impl ObjectStore for Reader {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if let Some(range) = plain_range(&options)
            && self.cache.takes(&range)
        {
            let pieces = self.read(location, vec![range.clone()]).await?;
            let [piece] = <[Piece; 1]>::try_from(pieces).expect("one range is one piece");
            return Ok(whole(piece, range));
        }
        let (range, is_head) = (options.range.clone(), options.head);
        let mut result = self.store().get_opts(location, options).await?;
        // A store below a prefix answers with the whole path.
        result.meta.location = location.clone();
        match is_head {
            true => Ok(result),
            false => guard::guarded(result, range, self.cache.counters()),
        }
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let filled = ranges.iter().filter(|range| range.start != range.end);
        let pieces = self.read(location, filled.cloned().collect()).await?;
        let mut pieces = pieces.into_iter();
        let bytes = ranges.iter().map(|range| match range.start == range.end {
            true => Bytes::new(),
            false => pieces.next().expect("each range has a piece").bytes,
        });
        Ok(bytes.collect())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        complete(self.store().list(prefix))
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        complete(self.store().list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let mut listed = self.store().list_with_delimiter(prefix).await?;
        listed.objects.retain(is_complete);
        Ok(listed)
    }

    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(read_only())
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(read_only())
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        locations.and_then(async |_| Err(read_only())).boxed()
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(read_only())
    }
}

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lake")
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The store's own form may print credentials.
        f.debug_tuple("Reader").field(&self.stats()).finish()
    }
}

/// The range of a request that asks for nothing but these bytes.
fn plain_range(options: &GetOptions) -> Option<Range<u64>> {
    let GetOptions {
        if_match: None,
        if_none_match: None,
        if_modified_since: None,
        if_unmodified_since: None,
        range: Some(GetRange::Bounded(range)),
        version: None,
        head: false,
        ..
    } = options
    else {
        return None;
    };
    Some(range.clone())
}

fn whole(piece: Piece, range: Range<u64>) -> GetResult {
    let bytes = stream::once(async { Ok(piece.bytes) });
    GetResult {
        payload: GetResultPayload::Stream(bytes.boxed()),
        meta: ObjectMeta::clone(&piece.meta),
        range,
        attributes: Default::default(),
    }
}

/// Without the temporary files of a folder.
fn complete(
    objects: BoxStream<'static, Result<ObjectMeta>>,
) -> BoxStream<'static, Result<ObjectMeta>> {
    let complete = objects.try_filter(|object| std::future::ready(is_complete(object)));
    complete.boxed()
}

fn is_complete(object: &ObjectMeta) -> bool {
    !object.location.as_ref().ends_with(TEMPORARY)
}

fn read_only() -> Error {
    Error::NotSupported {
        source: "queries do not change the objects of a lake".into(),
    }
}

#[cfg(test)]
#[allow(
    clippy::single_range_in_vec_init,
    reason = "lists of ranges are the input"
)]
mod tests;
