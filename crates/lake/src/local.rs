//! Objects as files of this machine.
//!
//! Writing is the hot path of ingestion, so it makes few calls and two syncs: one of
//! the file and one of its folder.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use object_store::local::LocalFileSystem;

use crate::lake::truncated;
use crate::{Error, PartitionKey, Result, SegmentKey};

mod new_file;

pub(crate) use new_file::NewFile;

/// What a file is called until it is complete.
pub(crate) const TEMPORARY: &str = ".tmp";
const WRITING: &str = "writing a segment";
const READING: &str = "reading a segment";

/// A folder with segments and partitions below it.
#[derive(Debug)]
pub(crate) struct LocalFolder {
    root: PathBuf,
    /// The folder of the hour that was written to last, known to be durable itself.
    current: Mutex<Option<CurrentFolder>>,
}

#[derive(Debug, Clone)]
struct CurrentFolder {
    path: PathBuf,
    handle: Arc<File>,
}

impl LocalFolder {
    /// The folder is created if missing, durably.
    pub fn create(root: &Path) -> Result<Self> {
        let create = || {
            create_durably(root)?;
            root.canonicalize()
        };
        Ok(Self {
            root: create().map_err(|source| Error::File {
                doing: "creating the root",
                source,
            })?,
            current: Mutex::new(None),
        })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn object_store(&self) -> Result<Arc<LocalFileSystem>> {
        let store = LocalFileSystem::new_with_prefix(&self.root);
        Ok(Arc::new(store.map_err(Error::Configuration)?))
    }

    pub async fn probe(self: &Arc<Self>) -> Result<()> {
        self.blocking("listing", |folder| {
            let mut entries = std::fs::read_dir(&folder.root)?;
            entries.next().transpose().map(drop)
        })
        .await
    }

    /// Write a new file and make it durable; returns its length.
    pub async fn write(self: &Arc<Self>, key: &SegmentKey, parts: Vec<Bytes>) -> Result<u64> {
        let path = self.root.join(key.as_str());
        let written = self.blocking(WRITING, move |folder| folder.write_blocking(&path, &parts));
        match written.await {
            Err(Error::File { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {
                Err(Error::AlreadyExists { key: key.clone() })
            }
            result => result,
        }
    }

    fn write_blocking(&self, path: &Path, parts: &[Bytes]) -> io::Result<u64> {
        match self.write_once(path, parts) {
            // Somebody tidied the empty folder of the hour away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                *self.current() = None;
                self.write_once(path, parts)
            }
            result => result,
        }
    }

    fn write_once(&self, path: &Path, parts: &[Bytes]) -> io::Result<u64> {
        let hour = path.parent().expect("keys have folders");
        let folder = self.durable_folder(hour)?;
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(TEMPORARY);
        let temporary = Path::new(&temporary);
        let published = write_file(temporary, parts).and_then(|bytes| {
            publish(temporary, path)?;
            Ok(bytes)
        });
        // Before the folder is synced, so that one sync covers both changes. What can
        // not be removed is found later.
        let _ = std::fs::remove_file(temporary);
        let bytes = published?;
        folder.sync_all()?;
        Ok(bytes)
    }

    /// The folder of an hour, created if missing. The entries that lead to it are
    /// synced once by every process, also when another one created them: its sync may
    /// still be under way.
    fn durable_folder(&self, path: &Path) -> io::Result<Arc<File>> {
        let mut current = self.current();
        match &*current {
            Some(folder) if folder.path == path => return Ok(Arc::clone(&folder.handle)),
            _ => {}
        }
        let handle = Arc::new(self.open_durably(path)?);
        *current = Some(CurrentFolder {
            path: path.to_owned(),
            handle: Arc::clone(&handle),
        });
        Ok(handle)
    }

    /// Create a folder below the root if it is missing, and sync what leads to it.
    fn open_durably(&self, path: &Path) -> io::Result<File> {
        std::fs::create_dir_all(path)?;
        let below_root = path.ancestors().skip(1);
        for parent in below_root.take_while(|parent| parent.starts_with(&self.root)) {
            sync_folder(parent)?;
        }
        File::open(path)
    }

    fn current(&self) -> MutexGuard<'_, Option<CurrentFolder>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub async fn read(
        self: &Arc<Self>,
        key: &SegmentKey,
        ranges: Vec<Range<u64>>,
    ) -> Result<Vec<Bytes>> {
        let key = key.clone();
        let path = self.root.join(key.as_str());
        spawn_blocking(READING, move || {
            let file = File::open(&path).map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => Error::NotFound { key: key.clone() },
                _ => Error::File {
                    doing: READING,
                    source,
                },
            })?;
            ranges
                .iter()
                .map(|range| read_range(&file, &key, range))
                .collect()
        })
        .await
    }

    pub async fn remove_stale_temporary_files(self: &Arc<Self>, age: Duration) -> Result<u64> {
        self.blocking("removing temporary files", move |folder| {
            let now = SystemTime::now();
            let is_stale = |modified| now.duration_since(modified).is_ok_and(|since| since >= age);
            let mut removed = 0;
            for objects in [SegmentKey::FOLDER, PartitionKey::FOLDER] {
                removed += remove_temporary_files(&folder.root.join(objects), &is_stale)?;
            }
            Ok(removed)
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        doing: &'static str,
        work: impl FnOnce(&Self) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let folder = Arc::clone(self);
        spawn_blocking(doing, move || {
            work(&folder).map_err(|source| Error::File { doing, source })
        })
        .await
    }
}

/// File calls can wait for the disk, so they leave the async threads.
async fn spawn_blocking<T: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::File {
            doing,
            source: io::Error::other(error),
        }),
    }
}

/// Returns the length. A file that was begun is for the caller to remove.
fn write_file(path: &Path, parts: &[Bytes]) -> io::Result<u64> {
    let file = create_file(path)?;
    let bytes = write_parts(&file, parts)?;
    file.sync_data()?;
    Ok(bytes)
}

fn create_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Returns how many bytes that was.
fn write_parts(mut file: &File, parts: &[Bytes]) -> io::Result<u64> {
    let mut slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
    let mut rest = slices.as_mut_slice();
    // Leaves out empty parts at the front, which would look like a full disk.
    IoSlice::advance_slices(&mut rest, 0);
    let mut bytes = 0;
    while !rest.is_empty() {
        match file.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes += written as u64;
                IoSlice::advance_slices(&mut rest, written);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

/// Give a complete file its name. Unlike a rename, a link does not replace a file of
/// the same name; some file systems have no links.
fn publish(temporary: &Path, path: &Path) -> io::Result<()> {
    match std::fs::hard_link(temporary, path) {
        Err(error)
            if [io::ErrorKind::Unsupported, io::ErrorKind::PermissionDenied]
                .contains(&error.kind())
                && !path.exists() =>
        {
            std::fs::rename(temporary, path)
        }
        result => result,
    }
}

fn read_range(file: &File, key: &SegmentKey, range: &Range<u64>) -> Result<Bytes> {
    let length = usize::try_from(range.end - range.start).map_err(|_| truncated(key, range))?;
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, range.start)
        .map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => truncated(key, range),
            _ => Error::File {
                doing: READING,
                source,
            },
        })?;
    Ok(bytes.into())
}

/// Below `folder`, however deep: links are not followed. What is published or removed
/// meanwhile is none of ours.
fn remove_temporary_files(folder: &Path, is_stale: &dyn Fn(SystemTime) -> bool) -> io::Result<u64> {
    let Some(entries) = unless_missing(std::fs::read_dir(folder))? else {
        return Ok(0);
    };
    let mut removed = 0;
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            removed += remove_temporary_files(&path, is_stale)?;
        } else if is_temporary(&path)
            && let Some(metadata) = unless_missing(entry.metadata())?
            && is_stale(metadata.modified()?)
            && unless_missing(std::fs::remove_file(&path))?.is_some()
        {
            removed += 1;
        }
    }
    Ok(removed)
}

fn unless_missing<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

fn is_temporary(path: &Path) -> bool {
    let name = path.as_os_str().as_encoded_bytes();
    name.ends_with(b".seg.tmp") || name.ends_with(b".parquet.tmp")
}

/// Create `folder` and its missing parents; the entry of each new one is durable.
fn create_durably(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().unwrap_or(Path::new(""));
    create_durably(parent)?;
    match std::fs::create_dir(folder) {
        // Somebody else created it meanwhile.
        Err(_) if folder.is_dir() => sync_folder(parent),
        Err(error) => Err(error),
        Ok(()) => sync_folder(parent),
    }
}

/// Make the entries of `folder` durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
