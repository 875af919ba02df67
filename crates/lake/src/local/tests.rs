use super::*;

fn lake_folder() -> (tempfile::TempDir, Arc<LocalFolder>) {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalFolder::create(&folder.path().join("new/root")).unwrap();
    (folder, Arc::new(local))
}

/// Every file below a folder, relative to it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path.strip_prefix(folder).unwrap().to_owned()),
            }
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn nothing_but_the_segment_remains_and_nothing_is_replaced() {
    let (_keep, local) = lake_folder();
    let key = SegmentKey::new();
    let parts = vec![Bytes::new(), Bytes::from_static(b"ab"), Bytes::new()];
    assert_eq!(local.write(&key, parts).await.unwrap(), 2);
    assert_eq!(files(local.root()), [Path::new(key.as_str())]);

    let again = local.write(&key, vec![Bytes::from_static(b"other")]).await;
    assert!(matches!(again.unwrap_err(), Error::AlreadyExists { .. }));
    assert_eq!(files(local.root()), [Path::new(key.as_str())]);
    let path = local.root().join(key.as_str());
    assert_eq!(std::fs::read(path).unwrap(), b"ab");
}

#[tokio::test]
async fn a_file_of_many_parts_is_written_whole() {
    let (_keep, local) = lake_folder();
    let key = SegmentKey::new();
    // More parts than one system call takes.
    let parts: Vec<Bytes> = (0..5000_u32)
        .map(|n| Bytes::from(vec![n as u8; 7]))
        .collect();
    let expected = parts.concat();
    assert_eq!(local.write(&key, parts).await.unwrap(), 35_000);
    let path = local.root().join(key.as_str());
    assert_eq!(std::fs::read(path).unwrap(), expected);
}

#[tokio::test]
async fn a_failed_write_leaves_nothing() {
    let (_keep, local) = lake_folder();
    let key = SegmentKey::new();
    let segments = local.root().join(SegmentKey::FOLDER);
    std::fs::write(&segments, b"a file where a folder should be").unwrap();
    let error = local.write(&key, Vec::new()).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    assert_eq!(files(local.root()), [Path::new("segments")]);

    // It works once the obstacle is gone.
    std::fs::remove_file(&segments).unwrap();
    assert_eq!(local.write(&key, Vec::new()).await.unwrap(), 0);
}

#[tokio::test]
async fn the_folder_of_the_hour_may_be_removed_in_between() {
    let (_keep, local) = lake_folder();
    for _ in 0..2 {
        let key = SegmentKey::new();
        local.write(&key, Vec::new()).await.unwrap();
        assert_eq!(files(local.root()), [Path::new(key.as_str())]);
        std::fs::remove_dir_all(local.root().join(SegmentKey::FOLDER)).unwrap();
    }
}

#[tokio::test]
async fn leftovers_are_removed_when_they_are_old_enough() {
    let (_keep, local) = lake_folder();
    let remove = async |age| local.remove_stale_temporary_files(age).await.unwrap();
    assert_eq!(remove(Duration::ZERO).await, 0, "no segment yet");
    let key = SegmentKey::new();
    local
        .write(&key, vec![Bytes::from_static(b"x")])
        .await
        .unwrap();
    let mut leftover = local
        .root()
        .join(SegmentKey::new().as_str())
        .into_os_string();
    leftover.push(TEMPORARY);
    std::fs::write(&leftover, b"half").unwrap();
    let foreign = local.root().join("segments/notes.tmp");
    std::fs::write(&foreign, b"not ours").unwrap();

    assert_eq!(remove(Duration::from_secs(3600)).await, 0);
    assert!(Path::new(&leftover).exists());
    assert_eq!(remove(Duration::ZERO).await, 1);
    assert_eq!(
        files(local.root()),
        [Path::new(key.as_str()), Path::new("segments/notes.tmp")]
    );
}

#[test]
fn the_root_is_created_with_its_parents_and_must_be_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("a/b/c");
    LocalFolder::create(&root).unwrap();
    LocalFolder::create(&root).unwrap();
    assert!(root.is_dir());
    let file = folder.path().join("file");
    std::fs::write(&file, b"").unwrap();
    assert!(LocalFolder::create(&file.join("below")).is_err());
}
