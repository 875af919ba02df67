//! Folders that survive a power failure.

use std::fs::File;
use std::io;
use std::path::Path;

/// Create `folder` and its missing parents; the entry of each new one is durable.
pub(crate) fn create_durably(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().unwrap_or(Path::new(""));
    create_durably(parent)?;
    match std::fs::create_dir(folder) {
        // Somebody else created it meanwhile.
        Err(_) if folder.is_dir() => sync(parent),
        Err(error) => Err(error),
        Ok(()) => sync(parent),
    }
}

/// Make the entries of `folder` durable.
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_parents_are_created_and_existing_ones_are_fine() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b/c");
        create_durably(&folder).unwrap();
        create_durably(&folder).unwrap();
        assert!(folder.is_dir());
        std::fs::write(root.path().join("file"), b"").unwrap();
        assert!(create_durably(&root.path().join("file")).is_err());
        assert!(create_durably(&root.path().join("file/below")).is_err());
    }
}
