use futures::TryStreamExt;
use object_store::{ObjectStoreExt, PutPayload};
use test_kit::S3Server;

use super::*;

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

async fn read_one(lake: &Lake, key: &SegmentKey, range: Range<u64>) -> Result<Bytes> {
    let read = lake.read_segment(key, std::slice::from_ref(&range)).await?;
    assert_eq!(read.len(), 1);
    Ok(read[0].clone())
}

async fn listed(lake: &Lake) -> Vec<SegmentObject> {
    let mut segments: Vec<_> = lake.list_segments().try_collect().await.unwrap();
    segments.sort_by(|a, b| a.key.cmp(&b.key));
    segments
}

/// What every store must do.
async fn check_store(lake: &Lake) {
    lake.probe().await.unwrap();
    assert!(listed(lake).await.is_empty());
    check_write_and_read(lake).await;
    check_create_only(lake).await;
    check_listing_and_deleting(lake).await;
    check_large_segment(lake).await;
    lake.probe().await.unwrap();
}

async fn check_write_and_read(lake: &Lake) {
    let parts = vec![bytes("hello "), bytes(""), bytes("segment")];
    let (key, length) = lake.write_segment(parts).await.unwrap();
    assert_eq!(length, 13);
    assert_eq!(SegmentKey::parse(key.as_str()).unwrap(), key);
    let read = async |ranges: &[Range<u64>]| lake.read_segment(&key, ranges).await;

    let ranges = [6..13, 0..5, 0..0, 3..8, 13..13];
    let expected = ["segment", "hello", "", "lo se", ""];
    assert_eq!(read(&ranges).await.unwrap(), expected.map(bytes));
    assert!(read(&[]).await.unwrap().is_empty());

    for range in [10..14, 13..14, 100..200] {
        let error = read(&[0..2, range.clone()]).await.unwrap_err();
        assert!(
            matches!(error, Error::Truncated { start, end, .. } if (start, end) == (range.start, range.end)),
            "{range:?} {error:?}"
        );
    }
    #[allow(clippy::reversed_empty_ranges, reason = "what must be refused")]
    for range in [5..4, 0..MAX_RANGE_BYTES + 1, 0..u64::MAX] {
        let error = read(&[range]).await.unwrap_err();
        assert!(matches!(error, Error::InvalidRange { .. }), "{error:?}");
        assert!(!error.is_retryable());
    }

    let missing = SegmentKey::new();
    let error = read_one(lake, &missing, 0..1).await.unwrap_err();
    assert!(matches!(&error, Error::NotFound { key } if *key == missing));
    assert!(!error.is_retryable());
}

async fn check_create_only(lake: &Lake) {
    let key = SegmentKey::new();
    lake.write_at(&key, vec![bytes("first")]).await.unwrap();
    let error = lake
        .write_at(&key, vec![bytes("second")])
        .await
        .unwrap_err();
    assert!(matches!(error, Error::AlreadyExists { .. }), "{error:?}");
    assert_eq!(read_one(lake, &key, 0..5).await.unwrap(), "first");
}

async fn check_listing_and_deleting(lake: &Lake) {
    for segment in listed(lake).await {
        lake.delete_segment(&segment.key).await.unwrap();
    }
    let mut written = Vec::new();
    for number in 0..20 {
        let text = vec![Bytes::from(vec![b'x'; number])];
        written.push(lake.write_segment(text).await.unwrap());
    }
    // Objects of others are not ours to list.
    for foreign in ["segments/readme.txt", "elsewhere/a.seg"] {
        let payload = PutPayload::from_static(b"foreign");
        lake.store.put(&foreign.into(), payload).await.unwrap();
    }
    let found = listed(lake).await;
    let summary = found.iter().map(|found| (found.key.clone(), found.bytes));
    written.sort();
    assert_eq!(summary.collect::<Vec<_>>(), written);
    let year_2020 = 1_577_836_800_000_000_000;
    assert!(found.iter().all(|found| found.last_modified_ns > year_2020));

    for (key, _) in &written {
        lake.delete_segment(key).await.unwrap();
        lake.delete_segment(key).await.unwrap();
    }
    assert!(listed(lake).await.is_empty());
}

async fn check_large_segment(lake: &Lake) {
    let part = |number: u8| Bytes::from(vec![number; 100_000]);
    let (key, length) = lake
        .write_segment((0..90).map(part).collect())
        .await
        .unwrap();
    assert_eq!(length, 9_000_000);
    let ranges: Vec<_> = [0_u64, 89, 3, 4, 40]
        .map(|number| number * 100_000..(number + 1) * 100_000)
        .into();
    let read = lake.read_segment(&key, &ranges).await.unwrap();
    assert_eq!(read, [0, 89, 3, 4, 40].map(part));
}

#[tokio::test]
async fn memory() {
    let lake = Lake::open("memory:///", []).unwrap();
    assert!(lake.is_local());
    check_store(&lake).await;
}

#[tokio::test]
async fn folder() {
    let folder = tempfile::tempdir().unwrap();
    let uri = format!("file://{}/new lake", folder.path().display());
    let lake = Lake::open(&uri, []).unwrap();
    assert!(lake.is_local());
    check_store(&lake).await;

    let (key, _) = lake.write_segment(vec![bytes("kept")]).await.unwrap();
    let reopened = Lake::open(&uri, []).unwrap();
    assert_eq!(read_one(&reopened, &key, 0..4).await.unwrap(), "kept");

    std::fs::remove_dir_all(folder.path().join("new lake")).unwrap();
    assert!(lake.probe().await.unwrap_err().is_retryable());
}

#[tokio::test]
async fn s3() {
    let server = S3Server::start().await.unwrap();
    let open = |uri: String| Lake::open(&uri, server.environment()).unwrap();
    let lake = open(format!("s3://{}/with/prefix", server.bucket()));
    assert!(!lake.is_local());
    check_store(&lake).await;

    let (key, _) = lake.write_segment(vec![bytes("below")]).await.unwrap();
    let other = open(format!("s3://{}", server.bucket()));
    assert!(
        listed(&other).await.is_empty(),
        "the prefix is another lake"
    );
    check_store(&other).await;
    assert_eq!(read_one(&lake, &key, 0..5).await.unwrap(), "below");

    // The same write once more, as a client does whose answer was lost.
    assert_eq!(lake.write_at(&key, vec![bytes("below")]).await.unwrap(), 5);
}

#[tokio::test]
async fn a_store_that_refuses_us_is_an_error_without_secrets() {
    let server = S3Server::start().await.unwrap();
    let mut options = server.environment();
    for (name, value) in &mut options {
        if name == "AWS_SECRET_ACCESS_KEY" {
            *value = "hunter2".to_owned();
        }
    }
    let uri = format!("s3://{}", server.bucket());
    let lake = Lake::open(&uri, options).unwrap();
    let error = lake.probe().await.unwrap_err();
    assert!(error.is_retryable());
    let written = lake.write_segment(vec![bytes("x")]).await.unwrap_err();
    let text = format!("{lake:?} {error:?} {error} {written:?}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn a_relative_folder_can_be_opened_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open_folder(&folder.path().join("lake")).unwrap();
    assert_eq!(
        lake.remove_stale_temporary_files(Duration::ZERO)
            .await
            .unwrap(),
        0
    );
    assert!(Lake::open("file://relative/folder", []).is_err());
}
