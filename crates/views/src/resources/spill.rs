//! The folder that plans spill to.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

#[cfg(test)]
mod tests;

const LOCK: &str = "lock";

/// How the engine names its own folders inside.
const PREFIX: &str = "datafusion-";

/// A folder in use: its files stay as long as one process holds it.
#[derive(Debug)]
pub(crate) struct SpillFolder {
    /// Unlocked when closed, also by a crash.
    _lock: File,
}

impl SpillFolder {
    /// Creates the folder, or empties it of what a crash left behind. While another process uses
    /// it, nothing is removed.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let lock = File::create(folder.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => remove_left_overs(folder)?,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Others may come, but none of them finds itself alone.
        lock.unlock()?;
        lock.lock_shared()?;
        Ok(Self { _lock: lock })
    }
}

fn remove_left_overs(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if is_ours && entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
