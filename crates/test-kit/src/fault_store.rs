//! An object store in front of another one that makes its requests meet faults.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result, UploadPart,
};

use crate::{Fault, Faults};

/// See [`Fault`] for what can happen. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FaultStore {
    inner: Arc<dyn ObjectStore>,
    faults: Faults,
}

impl FaultStore {
    pub fn new(inner: Arc<dyn ObjectStore>, faults: Faults) -> Self {
        Self { inner, faults }
    }
}

#[async_trait]
impl ObjectStore for FaultStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let put = self.inner.put_opts(location, payload, options);
        self.faults.change(put, nothing_put).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.faults.request().await?;
        Ok(Box::new(FaultUpload {
            inner: self.inner.put_multipart_opts(location, options).await?,
            faults: self.faults.clone(),
        }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.faults.request().await?;
        let is_head = options.head;
        let result = self.inner.get_opts(location, options).await?;
        if is_head {
            return Ok(result);
        }
        Ok(
            match self.faults.truncated(result.range.end - result.range.start) {
                Some(bytes) => truncated(result, bytes),
                None => result,
            },
        )
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.faults.request().await?;
        let mut answers = self.inner.get_ranges(location, ranges).await?;
        // One of them at most.
        let first = self.faults.below(answers.len().max(1) as u64) as usize;
        let (before, from) = answers.split_at_mut(first);
        let filled = from
            .iter_mut()
            .chain(before)
            .find(|bytes| !bytes.is_empty());
        if let Some(bytes) = filled
            && let Some(arrived) = self.faults.truncated(bytes.len() as u64)
        {
            bytes.truncate(arrived as usize);
        }
        Ok(answers)
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let deleted = locations.and_then(move |location| {
            let store = store.clone();
            async move {
                let delete = store.inner.delete(&location);
                store.faults.change(delete, || ()).await?;
                Ok(location)
            }
        });
        deleted.boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.faults.listing(self.inner.list(prefix))
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let listing = self.inner.list_with_offset(prefix, offset);
        self.faults.listing(listing)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.faults.request().await?;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let copy = self.inner.copy_opts(from, to, options);
        self.faults.change(copy, || ()).await
    }
}

impl fmt::Display for FaultStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FaultStore({})", self.inner)
    }
}

#[derive(Debug)]
struct FaultUpload {
    inner: Box<dyn MultipartUpload>,
    faults: Faults,
}

#[async_trait]
impl MultipartUpload for FaultUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        // Parts are numbered by the order of these calls. One that is skipped would be
        // another object than the one that was written, so only whole ones are.
        let part = self.inner.put_part(data);
        let faults = self.faults.clone();
        async move {
            faults.request().await?;
            part.await?;
            faults.answer()
        }
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let complete = self.inner.complete();
        self.faults.change(complete, nothing_put).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.faults.request().await?;
        self.inner.abort().await
    }
}

impl Faults {
    /// A request on its way to the store.
    async fn request(&self) -> Result<()> {
        self.delay().await;
        match self.happens(Fault::Failure) {
            true => Err(injected("the request failed")),
            false => Ok(()),
        }
    }

    /// The answer of a request that changed something.
    fn answer(&self) -> Result<()> {
        match self.happens(Fault::LostAnswer) {
            true => Err(injected("the answer was lost")),
            false => Ok(()),
        }
    }

    async fn change<T>(
        &self,
        change: impl Future<Output = Result<T>>,
        skipped: impl FnOnce() -> T,
    ) -> Result<T> {
        self.request().await?;
        if self.happens(Fault::Skipped) {
            return Ok(skipped());
        }
        let result = change.await?;
        self.answer()?;
        Ok(result)
    }

    fn listing(
        &self,
        listing: BoxStream<'static, Result<ObjectMeta>>,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let faults = self.clone();
        let begin = stream::once(async move { faults.request().await.map(|()| listing) });
        begin.try_flatten().boxed()
    }
}

fn nothing_put() -> PutResult {
    PutResult {
        e_tag: None,
        version: None,
    }
}

fn injected(fault: &'static str) -> Error {
    Error::Generic {
        store: "FaultStore",
        source: fault.into(),
    }
}

/// The first bytes of an answer, which still claims to be all of it.
fn truncated(result: GetResult, bytes: u64) -> GetResult {
    let (meta, range) = (result.meta.clone(), result.range.clone());
    let attributes = result.attributes.clone();
    let mut missing = bytes as usize;
    let chunks = result.into_stream().map_ok(move |mut chunk| {
        chunk.truncate(missing);
        missing -= chunk.len();
        chunk
    });
    GetResult {
        payload: GetResultPayload::Stream(chunks.boxed()),
        meta,
        range,
        attributes,
    }
}

#[cfg(test)]
mod tests;
