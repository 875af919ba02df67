//! A store for tests that counts what is done to it, and can hold requests back.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures::FutureExt;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};
use tokio::sync::Semaphore;

#[derive(Debug, Clone)]
pub(crate) struct Probe {
    pub memory: Arc<InMemory>,
    pub counts: Arc<Counts>,
}

#[derive(Debug)]
pub(crate) struct Counts {
    pub reads: AtomicU64,
    pub parts_now: AtomicU64,
    pub parts_most: AtomicU64,
    pub completed: AtomicU64,
    pub aborted: AtomicU64,
    /// Reads and parts that may pass.
    pub gate: Semaphore,
}

impl Probe {
    /// Nothing is held back.
    pub fn open() -> Self {
        Self::new(Semaphore::MAX_PERMITS)
    }

    /// Reads and parts wait for permits of the gate.
    pub fn closed() -> Self {
        Self::new(0)
    }

    fn new(permits: usize) -> Self {
        Self {
            memory: Arc::default(),
            counts: Arc::new(Counts {
                reads: AtomicU64::default(),
                parts_now: AtomicU64::default(),
                parts_most: AtomicU64::default(),
                completed: AtomicU64::default(),
                aborted: AtomicU64::default(),
                gate: Semaphore::new(permits),
            }),
        }
    }

    pub fn reads(&self) -> u64 {
        self.counts.reads.load(Ordering::SeqCst)
    }

    pub fn let_pass(&self, requests: usize) {
        self.counts.gate.add_permits(requests);
    }
}

impl Counts {
    async fn pass(&self) {
        self.gate.acquire().await.unwrap().forget();
    }
}

#[async_trait]
impl ObjectStore for Probe {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.memory.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Ok(Box::new(ProbeUpload {
            inner: self.memory.put_multipart_opts(location, options).await?,
            counts: Arc::clone(&self.counts),
        }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.counts.reads.fetch_add(1, Ordering::SeqCst);
        self.counts.pass().await;
        self.memory.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.memory.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.memory.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.memory.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.memory.copy_opts(from, to, options).await
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}

#[derive(Debug)]
struct ProbeUpload {
    inner: Box<dyn MultipartUpload>,
    counts: Arc<Counts>,
}

#[async_trait]
impl MultipartUpload for ProbeUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let part = self.inner.put_part(data);
        let counts = Arc::clone(&self.counts);
        let now = counts.parts_now.fetch_add(1, Ordering::SeqCst) + 1;
        counts.parts_most.fetch_max(now, Ordering::SeqCst);
        async move {
            counts.pass().await;
            let sent = part.await;
            counts.parts_now.fetch_sub(1, Ordering::SeqCst);
            sent
        }
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.counts.completed.fetch_add(1, Ordering::SeqCst);
        self.inner.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        self.counts.aborted.fetch_add(1, Ordering::SeqCst);
        self.inner.abort().await
    }
}
