use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use test_kit::{Fault, FaultStore, Faults, S3Server, wait_until};

use super::upload::PART_BYTES;
use super::*;
use crate::probe::Probe;
use crate::{Lake, PartitionObject};

const SOON: Duration = Duration::from_secs(30);

fn new_key() -> PartitionKey {
    PartitionKey::new("log_entries", "global", 1_793_887_259_000_000_000).unwrap()
}

/// As many bytes as the longest object has; each block tells where it belongs.
static CONTENT: LazyLock<Bytes> = LazyLock::new(|| {
    let mut bytes = vec![0; 7 * PART_BYTES];
    for (number, block) in bytes.chunks_exact_mut(1024).enumerate() {
        block[..8].copy_from_slice(&number.to_le_bytes());
    }
    bytes.into()
});

fn content(length: usize) -> Bytes {
    CONTENT.slice(..length)
}

async fn listed(lake: &Lake) -> Vec<PartitionObject> {
    lake.list_partitions().try_collect().await.unwrap()
}

async fn read_all(lake: &Lake, key: &PartitionKey) -> Bytes {
    let path = Path::from(key.as_str());
    let object = lake.object_store().get(&path).await.unwrap();
    object.bytes().await.unwrap()
}

/// In pieces of many lengths.
async fn write_pieces(writer: &mut ObjectWriter, mut bytes: Bytes) -> Result<()> {
    let lengths = [1, 700_000, 0, 4096, 12 << 20, 17];
    for length in lengths.into_iter().cycle() {
        if bytes.is_empty() {
            return Ok(());
        }
        let piece = bytes.split_to(length.min(bytes.len()));
        writer.write(piece).await?;
    }
    Ok(())
}

/// What every store must do.
async fn check_store(lake: &Lake) {
    check_lengths(lake).await;
    check_giving_up(lake).await;
    check_deleting(lake).await;
}

async fn check_lengths(lake: &Lake) {
    for length in [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 50_000_000] {
        let (key, bytes) = (new_key(), content(length));
        let mut writer = lake.write_partition(&key).await.unwrap();
        assert_eq!(writer.key(), &key);
        write_pieces(&mut writer, bytes.clone()).await.unwrap();
        assert_eq!(listed(lake).await, [], "{length}: not yet");
        assert_eq!(writer.finish().await.unwrap(), length as u64);
        let found = listed(lake).await;
        assert_eq!(found.len(), 1);
        assert_eq!((&found[0].key, found[0].bytes), (&key, length as u64));
        assert!(found[0].last_modified_ns > 1_577_836_800_000_000_000);
        assert!(read_all(lake, &key).await == bytes, "{length}");
        lake.delete_partition(&key).await.unwrap();
    }
}

async fn check_giving_up(lake: &Lake) {
    for length in [10, 20_000_000] {
        for is_aborted in [true, false] {
            let mut writer = lake.write_partition(&new_key()).await.unwrap();
            writer.write(content(length)).await.unwrap();
            match is_aborted {
                true => writer.abort().await,
                false => drop(writer),
            }
            assert_eq!(listed(lake).await, []);
        }
    }
}

async fn check_deleting(lake: &Lake) {
    let keys = [new_key(), new_key(), new_key()];
    for key in &keys {
        lake.write_partition(key)
            .await
            .unwrap()
            .finish()
            .await
            .unwrap();
    }
    let (segment, _) = lake.write_segment(vec![content(3)]).await.unwrap();
    lake.delete_partition(&keys[1]).await.unwrap();
    lake.delete_partition(&keys[1]).await.unwrap();
    lake.delete_partition(&new_key()).await.unwrap();
    let mut left: Vec<_> = listed(lake)
        .await
        .into_iter()
        .map(|found| found.key)
        .collect();
    left.sort();
    let mut expected = vec![keys[0].clone(), keys[2].clone()];
    expected.sort();
    assert_eq!(left, expected);
    let segments: Vec<_> = lake.list_segments().try_collect().await.unwrap();
    assert_eq!(segments.len(), 1);
    assert_eq!(segments[0].key, segment);
}

#[tokio::test]
async fn memory() {
    check_store(&Lake::open("memory:///", []).unwrap()).await;
}

#[tokio::test]
async fn folder() {
    let folder = tempfile::tempdir().unwrap();
    check_store(&Lake::open_folder(folder.path()).unwrap()).await;
}

#[tokio::test]
async fn s3() {
    let server = S3Server::start().await.unwrap();
    let uri = format!("s3://{}/with/prefix", server.bucket());
    check_store(&Lake::open(&uri, server.environment()).unwrap()).await;
}

#[tokio::test]
async fn a_small_object_replaces_nothing() {
    for uri in ["memory:///", "folder"] {
        let folder = tempfile::tempdir().unwrap();
        let lake = match uri {
            "folder" => Lake::open_folder(folder.path()).unwrap(),
            uri => Lake::open(uri, []).unwrap(),
        };
        let key = new_key();
        for length in [3, 5] {
            let mut writer = lake.write_partition(&key).await.unwrap();
            writer.write(content(length)).await.unwrap();
            let finished = writer.finish().await;
            match length {
                3 => assert_eq!(finished.unwrap(), 3),
                _ => {
                    let error = finished.unwrap_err();
                    assert!(
                        matches!(&error, Error::PartitionExists { key: named } if *named == key)
                    );
                    assert!(!error.is_retryable());
                }
            }
        }
        assert_eq!(read_all(&lake, &key).await, content(3));
    }
}

#[tokio::test]
async fn parts_in_flight_are_bounded() {
    let probe = Probe::closed();
    let lake = Lake::of_store(Arc::new(probe.clone()));
    let key = new_key();
    let mut writer = lake.write_partition(&key).await.unwrap();
    let bytes = content(6 * PART_BYTES);
    {
        let mut write = Box::pin(writer.write(bytes.clone()));
        // Four parts wait at the gate, the fifth waits for one of them.
        assert!(futures::poll!(&mut write).is_pending());
        let in_flight = || probe.counts.parts_now.load(Ordering::SeqCst);
        assert_eq!(in_flight(), 4);
        probe.let_pass(1000);
        write.await.unwrap();
    }
    assert_eq!(writer.finish().await.unwrap(), bytes.len() as u64);
    assert_eq!(probe.counts.parts_most.load(Ordering::SeqCst), 4);
    assert!(read_all(&lake, &key).await == bytes);
}

#[tokio::test]
async fn uploads_that_are_given_up_are_aborted_once() {
    let probe = Probe::open();
    let lake = Lake::of_store(Arc::new(probe.clone()));
    let aborted = || probe.counts.aborted.load(Ordering::SeqCst);
    let begin = async || {
        let mut writer = lake.write_partition(&new_key()).await.unwrap();
        writer.write(content(PART_BYTES + 1)).await.unwrap();
        writer
    };
    begin().await.abort().await;
    assert_eq!(aborted(), 1);
    drop(begin().await);
    wait_until(SOON, async || aborted() == 2).await.unwrap();
    begin().await.finish().await.unwrap();
    assert_eq!(aborted(), 2);
    assert_eq!(probe.counts.completed.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn after_a_cancelled_write_only_giving_up_remains() {
    let probe = Probe::closed();
    let lake = Lake::of_store(Arc::new(probe.clone()));
    let mut writer = lake.write_partition(&new_key()).await.unwrap();
    {
        let mut write = Box::pin(writer.write(content(6 * PART_BYTES)));
        assert!(futures::poll!(&mut write).is_pending());
    }
    let error = writer.write(content(1)).await.unwrap_err();
    assert!(matches!(error, Error::BrokenWriter { .. }));
    let error = writer.finish().await.unwrap_err();
    assert!(matches!(error, Error::BrokenWriter { .. }));
    let aborted = || probe.counts.aborted.load(Ordering::SeqCst);
    wait_until(SOON, async || aborted() == 1).await.unwrap();
    assert_eq!(listed(&lake).await, []);
}

#[tokio::test]
async fn a_failed_part_breaks_the_writer() {
    let faults = Faults::new(3);
    let store = FaultStore::new(Arc::new(Probe::open()), faults.clone());
    let lake = Lake::of_store(Arc::new(store));
    let mut writer = lake.write_partition(&new_key()).await.unwrap();
    writer.write(content(1)).await.unwrap();
    faults.set(Fault::Failure, 1.0);
    let error = writer.write(content(PART_BYTES)).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    faults.calm();
    let error = writer.finish().await.unwrap_err();
    assert!(matches!(error, Error::BrokenWriter { .. }));
    assert_eq!(listed(&lake).await, []);
}

/// Whatever the store does, an object is there whole or not at all, and a writer that
/// finished well has one.
#[tokio::test]
async fn objects_are_whole_whatever_the_store_answers() {
    let faults = Faults::new(11);
    faults.set_longest_delay(Duration::from_micros(50));
    let probe = Probe::open();
    let lake = Lake::of_store(Arc::new(FaultStore::new(
        Arc::new(probe.clone()),
        faults.clone(),
    )));
    let truth = Lake::of_store(Arc::new(probe));
    let (mut finished, mut failed) = (0, 0);
    for number in 0..120 {
        for fault in [Fault::Delay, Fault::Failure, Fault::LostAnswer] {
            faults.set(fault, 0.15);
        }
        let bytes = content(if number % 3 == 0 {
            PART_BYTES + number
        } else {
            number
        });
        let key = new_key();
        let written = async {
            let mut writer = lake.write_partition(&key).await?;
            writer.write(bytes.clone()).await?;
            writer.finish().await
        };
        let written = written.await;
        faults.calm();
        let is_there = !listed(&truth).await.is_empty();
        match written {
            Ok(length) => {
                assert_eq!(length, bytes.len() as u64);
                assert!(is_there, "{number}");
                finished += 1;
            }
            Err(error) => {
                assert!(error.is_retryable(), "{error:?}");
                failed += 1;
            }
        }
        if is_there {
            assert!(read_all(&truth, &key).await == bytes, "{number}");
        }
        truth.delete_partition(&key).await.unwrap();
    }
    assert!(finished > 10 && failed > 10, "{finished} {failed}");
    assert!(faults.count(Fault::LostAnswer) > 0 && faults.count(Fault::Failure) > 0);
}
