use std::time::Duration;

use test_kit::wait_until;

use super::*;

fn lake_folder() -> (tempfile::TempDir, Arc<LocalFolder>) {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalFolder::create(folder.path()).unwrap();
    (folder, Arc::new(local))
}

fn new_key() -> PartitionKey {
    PartitionKey::new("metrics", "global", 0).unwrap()
}

fn path(local: &LocalFolder, key: &PartitionKey) -> PathBuf {
    local.root().join(key.as_str())
}

/// The files beside the place of a key.
fn names(local: &LocalFolder, key: &PartitionKey) -> Vec<String> {
    let path = path(local, key);
    let entries = std::fs::read_dir(path.parent().unwrap()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[tokio::test]
async fn the_name_appears_at_the_end_and_nothing_else_remains() {
    let (_keep, local) = lake_folder();
    let key = new_key();
    let mut file = local.create_file(&key).await.unwrap();
    for _ in 0..3 {
        file.write(vec![7; 700_000].into()).await.unwrap();
    }
    let before = names(&local, &key);
    assert_eq!(before.len(), 1);
    assert!(before[0].ends_with(".parquet.tmp"), "{before:?}");
    assert_eq!(file.publish(&key).await.unwrap(), 2_100_000);
    assert_eq!(names(&local, &key).len(), 1);
    assert_eq!(std::fs::read(path(&local, &key)).unwrap(), [7; 2_100_000]);
}

#[tokio::test]
async fn a_file_that_is_given_up_leaves_nothing() {
    let (_keep, local) = lake_folder();
    let key = new_key();
    let mut file = local.create_file(&key).await.unwrap();
    file.write(vec![7; 3_000_000].into()).await.unwrap();
    file.discard().await;
    assert!(names(&local, &key).is_empty());

    drop(local.create_file(&key).await.unwrap());
    let is_gone = async || names(&local, &key).is_empty();
    wait_until(Duration::from_secs(30), is_gone).await.unwrap();
}

#[tokio::test]
async fn a_file_of_the_name_stays_as_it_is() {
    let (_keep, local) = lake_folder();
    let key = new_key();
    let first = local.create_file(&key).await.unwrap();
    let second = local.create_file(&key).await.unwrap_err();
    assert!(
        matches!(second, Error::PartitionExists { .. }),
        "{second:?}"
    );
    first.publish(&key).await.unwrap();

    let mut third = local.create_file(&key).await.unwrap();
    third.write(Bytes::from_static(b"other")).await.unwrap();
    let error = third.publish(&key).await.unwrap_err();
    assert!(matches!(error, Error::PartitionExists { .. }), "{error:?}");
    assert_eq!(std::fs::read(path(&local, &key)).unwrap(), b"");
    assert_eq!(names(&local, &key).len(), 1);
}

#[tokio::test]
async fn leftovers_of_a_crash_are_removed_when_they_are_old_enough() {
    let (_keep, local) = lake_folder();
    let key = new_key();
    local
        .create_file(&key)
        .await
        .unwrap()
        .publish(&key)
        .await
        .unwrap();
    let mut leftover = path(&local, &new_key()).into_os_string();
    leftover.push(TEMPORARY);
    std::fs::write(&leftover, b"half").unwrap();
    let remove = async |age| local.remove_stale_temporary_files(age).await.unwrap();
    assert_eq!(remove(Duration::from_secs(3600)).await, 0);
    assert_eq!(remove(Duration::ZERO).await, 1);
    assert_eq!(names(&local, &key).len(), 1);
    assert!(path(&local, &key).exists());
}
