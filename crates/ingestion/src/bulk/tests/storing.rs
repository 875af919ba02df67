//! What becomes of the rows.

use catalog::CatalogConfig;

use super::*;

/// A lake with small limits, and its folder.
async fn small(limits: Limits) -> (BulkIngest, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let config = CatalogConfig {
        url: format!("sqlite://{}", folder.path().join("catalog.db").display()),
        max_connections: 2,
        cache_bytes: 8 << 20,
    };
    let catalog = Catalog::connect(&config).await.unwrap();
    let lake = Lake::open("memory:///", []).unwrap();
    let bulk = BulkIngest {
        limits,
        ..BulkIngest::new(catalog, lake)
    };
    (bulk, folder)
}

#[tokio::test]
async fn payloads_share_segments_of_bounded_size() {
    let limits = Limits {
        owners: 2,
        blocks: 3,
        bytes: 100,
        store_timeout: Duration::from_secs(60),
    };
    let (bulk, _folder) = small(limits).await;
    let sizes = [40, 40, 40, 500, 1, 1, 1, 1, 0];
    let ids: Vec<String> = (0..sizes.len())
        .map(|n| uuid::Uuid::from_u128(n as u128).to_string())
        .collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let bytes: Vec<Vec<u8>> = sizes.iter().map(|size| vec![7; *size]).collect();
    let batch = RecordBatch::try_from_iter(vec![
        ("process_id", texts(&ids)),
        ("stream_id", texts(&ids)),
        ("block_id", texts(&ids)),
        (
            "payload",
            Arc::new(BinaryArray::from_iter_values(&bytes)) as ArrayRef,
        ),
    ])
    .unwrap();
    assert_eq!(bulk.store(BulkTable::Payloads, &batch).await.unwrap(), 9);
    let segments = bulk.catalog.referenced_segments(None, 100).await.unwrap();
    let mut sizes: Vec<_> = segments.iter().map(|one| (one.bytes, one.blocks)).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [(1, 2), (3, 3), (40, 1), (80, 2), (500, 1)]);
    // Once more: nothing is written.
    assert_eq!(bulk.store(BulkTable::Payloads, &batch).await.unwrap(), 0);
    let report = crate::check(&bulk.catalog, &bulk.lake).await.unwrap();
    assert!(report.is_sound());
    assert_eq!((report.segments, report.orphans_total), (5, 0));
}

#[tokio::test]
async fn rows_before_a_bad_one_in_an_earlier_chunk_stay() {
    let limits = Limits {
        owners: 2,
        blocks: 2,
        bytes: 1000,
        store_timeout: Duration::from_secs(60),
    };
    let (bulk, _folder) = small(limits).await;
    let good = RecordBatch::try_from_iter(payloads()).unwrap();
    let bad = with(payloads(), "block_id", texts(&["no"]));
    let bad = RecordBatch::try_from_iter(bad).unwrap();
    let all = arrow::compute::concat_batches(&good.schema(), [&good, &good, &bad]).unwrap();
    let error = bulk.store(BulkTable::Payloads, &all).await.unwrap_err();
    assert!(
        matches!(error, BulkError::BadValue { row: 2, .. }),
        "{error}"
    );
    assert_eq!(bulk.store(BulkTable::Payloads, &good).await.unwrap(), 0);
}
