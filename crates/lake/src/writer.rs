//! New objects, written piece by piece.

use bytes::Bytes;

use crate::local::NewFile;
use crate::{Error, PartitionKey, Result};

mod upload;

pub(crate) use upload::Upload;

/// Writes one new object, which is not visible before [`ObjectWriter::finish`] and
/// never visible if the writer is dropped: a temporary file is removed, an upload is
/// aborted in the background.
///
/// In a folder it holds one MiB, elsewhere the parts of 8 MiB that are under way, four
/// at most, and the one that is being filled: 40 MiB. The bytes of the call under way
/// come on top.
#[derive(Debug)]
pub struct ObjectWriter {
    key: PartitionKey,
    target: Target,
    /// No write failed or was cancelled: all bytes so far are where they belong.
    intact: bool,
}

#[derive(Debug)]
enum Target {
    File(NewFile),
    Upload(Upload),
}

impl ObjectWriter {
    pub(crate) fn of_file(key: PartitionKey, file: NewFile) -> Self {
        Self::new(key, Target::File(file))
    }

    pub(crate) fn of_upload(key: PartitionKey, upload: Upload) -> Self {
        Self::new(key, Target::Upload(upload))
    }

    fn new(key: PartitionKey, target: Target) -> Self {
        Self {
            key,
            target,
            intact: true,
        }
    }

    pub fn key(&self) -> &PartitionKey {
        &self.key
    }

    /// Append bytes; waits while as much is under way as may be. After an error, or
    /// when a call was cancelled, only giving up remains.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.check_intact()?;
        self.intact = false;
        match &mut self.target {
            Target::File(file) => file.write(bytes).await?,
            Target::Upload(upload) => {
                let written = upload.write(bytes).await;
                written.map_err(|source| store_error(&self.key, source))?;
            }
        }
        self.intact = true;
        Ok(())
    }

    /// Make the object visible and durable; returns its length. After an error, or
    /// when it was cancelled, the object may be there or not.
    pub async fn finish(self) -> Result<u64> {
        self.check_intact()?;
        match self.target {
            Target::File(file) => file.publish(&self.key).await,
            Target::Upload(upload) => {
                let finished = upload.finish().await;
                finished.map_err(|source| store_error(&self.key, source))
            }
        }
    }

    /// What a drop does, and wait for it. What can not be undone now is left to the
    /// removal of temporary files, and in stores to their rules for old uploads.
    pub async fn abort(self) {
        match self.target {
            Target::File(file) => file.discard().await,
            Target::Upload(upload) => upload.abort().await,
        }
    }

    fn check_intact(&self) -> Result<()> {
        if self.intact {
            return Ok(());
        }
        Err(Error::BrokenWriter {
            key: self.key.clone(),
        })
    }
}

fn store_error(key: &PartitionKey, source: object_store::Error) -> Error {
    match source {
        object_store::Error::AlreadyExists { .. } => Error::PartitionExists { key: key.clone() },
        source => Error::Store {
            doing: "writing a partition",
            source,
        },
    }
}

#[cfg(test)]
mod tests;
