//! A new object of a store: one put if it is small, otherwise parts side by side.

use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, Result};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::put::{put_new, stored_bytes};

/// All parts but the last have this length; 10 000 of them are what stores take.
pub(super) const PART_BYTES: usize = 8 << 20;
/// Parts that are sent at the same time.
const PARTS_IN_FLIGHT: usize = 4;
/// A part that has grown to this is expected to become full.
const SMALL_BYTES: usize = 1 << 20;

#[derive(Debug)]
pub(crate) struct Upload {
    store: Arc<dyn ObjectStore>,
    path: Path,
    /// The part that is being filled.
    part: Vec<u8>,
    bytes: u64,
    /// Begins with the first full part: smaller objects need no more than a put, which
    /// moreover replaces nothing.
    parts: Option<Parts>,
}

/// Aborted when dropped before it is complete.
#[derive(Debug)]
struct Parts {
    /// There until the upload is complete.
    upload: Option<Box<dyn MultipartUpload>>,
    in_flight: JoinSet<Result<()>>,
}

impl Upload {
    pub fn new(store: Arc<dyn ObjectStore>, path: Path) -> Self {
        Self {
            store,
            path,
            part: Vec::new(),
            bytes: 0,
            parts: None,
        }
    }

    pub async fn write(&mut self, mut bytes: Bytes) -> Result<()> {
        self.bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            let room = PART_BYTES - self.part.len();
            let piece = bytes.split_to(room.min(bytes.len()));
            self.append(&piece);
            if self.part.len() == PART_BYTES {
                self.send_part().await?;
            }
        }
        Ok(())
    }

    /// Growing by doubling would take more than a part.
    fn append(&mut self, piece: &[u8]) {
        if self.part.len() + piece.len() > SMALL_BYTES {
            self.part.reserve_exact(PART_BYTES - self.part.len());
        }
        self.part.extend_from_slice(piece);
    }

    async fn send_part(&mut self) -> Result<()> {
        let parts = match &mut self.parts {
            Some(parts) => parts,
            None => {
                let upload = self
                    .store
                    .put_multipart_opts(&self.path, Default::default());
                self.parts.insert(Parts::new(upload.await?))
            }
        };
        parts.wait_for_fewer_than(PARTS_IN_FLIGHT).await?;
        parts.send(std::mem::take(&mut self.part));
        Ok(())
    }

    pub async fn finish(mut self) -> Result<u64> {
        if self.parts.is_none() {
            return put_new(&*self.store, &self.path, self.part.into()).await;
        }
        if !self.part.is_empty() {
            self.send_part().await?;
        }
        let Some(mut parts) = self.parts.take() else {
            return Ok(self.bytes);
        };
        match parts.complete().await {
            // Keys are not used twice: the store completed an attempt whose answer was
            // lost.
            Err(_) if stored_bytes(&*self.store, &self.path).await == Some(self.bytes) => {
                parts.upload = None;
                Ok(self.bytes)
            }
            result => result.map(|()| self.bytes),
        }
    }

    pub async fn abort(mut self) {
        if let Some(mut parts) = self.parts.take()
            && let Some(upload) = parts.upload.take()
        {
            abort(upload, std::mem::take(&mut parts.in_flight)).await;
        }
    }
}

impl Parts {
    fn new(upload: Box<dyn MultipartUpload>) -> Self {
        Self {
            upload: Some(upload),
            in_flight: JoinSet::new(),
        }
    }

    async fn wait_for_fewer_than(&mut self, count: usize) -> Result<()> {
        while self.in_flight.len() >= count
            && let Some(sent) = self.in_flight.join_next().await
        {
            sent??;
        }
        Ok(())
    }

    fn send(&mut self, part: Vec<u8>) {
        if let Some(upload) = &mut self.upload {
            self.in_flight.spawn(upload.put_part(part.into()));
        }
    }

    async fn complete(&mut self) -> Result<()> {
        self.wait_for_fewer_than(1).await?;
        if let Some(upload) = &mut self.upload {
            upload.complete().await?;
        }
        self.upload = None;
        Ok(())
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        if let Some(upload) = self.upload.take()
            && let Ok(runtime) = Handle::try_current()
        {
            drop(runtime.spawn(abort(upload, std::mem::take(&mut self.in_flight))));
        }
    }
}

/// Parts that arrive later would outlive the upload, so they end first. What the store
/// does not abort costs space until its rule for old uploads removes it.
async fn abort(mut upload: Box<dyn MultipartUpload>, mut in_flight: JoinSet<Result<()>>) {
    in_flight.shutdown().await;
    let _ = upload.abort().await;
}
