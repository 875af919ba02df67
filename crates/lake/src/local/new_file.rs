//! A file that is written piece by piece and gets its name when it is complete.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tokio::runtime::Handle;

use super::{LocalFolder, TEMPORARY, create_file, publish, spawn_blocking, write_parts};
use crate::{Error, PartitionKey, Result};

/// Pieces are collected up to this before a thread is asked to write them.
const COLLECTED_BYTES: usize = 1 << 20;
const WRITING: &str = "writing a partition";

/// Holds [`COLLECTED_BYTES`] at most and the bytes of the call under way. When it is
/// dropped before it is published, the temporary file is removed.
#[derive(Debug)]
pub(crate) struct NewFile {
    file: Arc<File>,
    collected: Vec<u8>,
    bytes: u64,
    /// There until the file is published.
    unpublished: Option<Unpublished>,
}

#[derive(Debug)]
struct Unpublished {
    temporary: Temporary,
    path: PathBuf,
    /// The folder of both.
    folder: File,
}

/// Removed when dropped.
#[derive(Debug)]
struct Temporary(PathBuf);

impl LocalFolder {
    /// Begin a new file; the way to it is durable.
    pub async fn create_file(self: &Arc<Self>, key: &PartitionKey) -> Result<NewFile> {
        let path = self.root.join(key.as_str());
        let created = self.blocking(WRITING, move |folder| folder.create_blocking(path));
        created.await.map_err(|error| named(error, key))
    }

    fn create_blocking(&self, path: PathBuf) -> io::Result<NewFile> {
        // Not the way of the hot path, which knows the folder it wrote to last.
        let folder = self.open_durably(path.parent().expect("keys have folders"))?;
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(TEMPORARY);
        let file = create_file(Path::new(&temporary))?;
        Ok(NewFile {
            file: Arc::new(file),
            collected: Vec::new(),
            bytes: 0,
            unpublished: Some(Unpublished {
                temporary: Temporary(temporary.into()),
                path,
                folder,
            }),
        })
    }
}

impl NewFile {
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.bytes += bytes.len() as u64;
        if self.collected.len() + bytes.len() < COLLECTED_BYTES {
            self.collected.extend_from_slice(&bytes);
            return Ok(());
        }
        let parts = [std::mem::take(&mut self.collected).into(), bytes];
        let file = Arc::clone(&self.file);
        spawn_blocking(WRITING, move || {
            write_parts(&file, &parts).map_err(failed).map(drop)
        })
        .await
    }

    /// Sync the file, give it its name and sync that, too; returns its length.
    pub async fn publish(mut self, key: &PartitionKey) -> Result<u64> {
        let rest = std::mem::take(&mut self.collected).into();
        let file = Arc::clone(&self.file);
        let unpublished = self.unpublished.take();
        let unpublished = unpublished.expect("a file is published by value, so once");
        let published = spawn_blocking(WRITING, move || {
            let write = || {
                write_parts(&file, &[rest])?;
                file.sync_data()
            };
            write().and_then(|()| unpublished.publish()).map_err(failed)
        });
        published.await.map_err(|error| named(error, key))?;
        Ok(self.bytes)
    }

    /// What a drop does, and wait for it.
    pub async fn discard(mut self) {
        let unpublished = self.unpublished.take();
        let _ = tokio::task::spawn_blocking(move || drop(unpublished)).await;
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some(unpublished) = self.unpublished.take()
            && let Ok(runtime) = Handle::try_current()
        {
            // A runtime that ends drops it, which is as good.
            drop(runtime.spawn_blocking(move || drop(unpublished)));
        }
    }
}

impl Unpublished {
    fn publish(self) -> io::Result<()> {
        publish(&self.temporary.0, &self.path)?;
        // Before the folder is synced, so that one sync covers both changes.
        drop(self.temporary);
        self.folder.sync_all()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // What can not be removed is found later.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn failed(source: io::Error) -> Error {
    Error::File {
        doing: WRITING,
        source,
    }
}

fn named(error: Error, key: &PartitionKey) -> Error {
    match error {
        Error::File { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => {
            Error::PartitionExists { key: key.clone() }
        }
        error => error,
    }
}

#[cfg(test)]
mod tests;
