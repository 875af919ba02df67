use bytes::Bytes;
use catalog::{CatalogConfig, NewBlock, NewSegment};
use model::BlockInfo;
use uuid::Uuid;

use super::*;

/// A lake with its folder.
struct Fixture {
    catalog: Catalog,
    lake: Lake,
    _folder: tempfile::TempDir,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = CatalogConfig {
            url: format!("sqlite://{}", folder.path().join("catalog.db").display()),
            max_connections: 2,
            cache_bytes: 8 << 20,
        };
        Self {
            catalog: Catalog::connect(&config).await.unwrap(),
            lake: Lake::open("memory:///", []).unwrap(),
            _folder: folder,
        }
    }

    async fn write(&self, bytes: usize) -> String {
        let parts = vec![Bytes::from(vec![0; bytes])];
        let (key, _) = self.lake.write_segment(parts).await.unwrap();
        key.as_str().to_owned()
    }

    /// One block over the whole segment.
    async fn refer(&self, key: &str, bytes: u64) {
        let id = Uuid::new_v4();
        let info = BlockInfo {
            block_id: id.into(),
            stream_id: id.into(),
            process_id: id.into(),
            begin_time: 0,
            begin_ticks: 0,
            end_time: 0,
            end_ticks: 0,
            object_offset: 0,
            nb_objects: 1,
        };
        let range = 0..bytes;
        let key = key.to_owned();
        let segment = NewSegment { key, bytes };
        let blocks = [NewBlock { info, range }];
        self.catalog.commit_blocks(&segment, &blocks).await.unwrap();
    }
}

#[tokio::test]
async fn an_empty_lake_is_sound() {
    let fixture = Fixture::new().await;
    let report = check(&fixture.catalog, &fixture.lake).await.unwrap();
    assert!(report.is_sound());
    assert_eq!(
        (report.segments, report.blocks, report.orphans_total),
        (0, 0, 0)
    );
}

#[tokio::test]
async fn findings_do_not_depend_on_the_size_of_the_pages() {
    let fixture = Fixture::new().await;
    let (mut orphans, mut dangling) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let whole = fixture.write(10).await;
        fixture.refer(&whole, 10).await;
        orphans.push(fixture.write(10).await);
        let short = fixture.write(9).await;
        fixture.refer(&short, 10).await;
        let missing = fixture.write(10).await;
        let key = lake::SegmentKey::parse(&missing).unwrap();
        fixture.lake.delete_segment(&key).await.unwrap();
        fixture.refer(&missing, 10).await;
        dangling.extend([short, missing]);
    }
    orphans.sort();
    dangling.sort();
    for page_size in [1, 2, 3, 9, 10, 100] {
        let Fixture { catalog, lake, .. } = &fixture;
        let report = check_in_pages(catalog, lake, page_size).await.unwrap();
        assert!(!report.is_sound());
        assert_eq!(
            (report.segments, report.blocks),
            (9, 9),
            "pages of {page_size}"
        );
        let mut found: Vec<&str> = report.orphans.iter().map(|o| o.key.as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, orphans, "pages of {page_size}");
        assert_eq!(report.dangling, dangling, "pages of {page_size}");
        assert_eq!((report.orphans_total, report.dangling_total), (3, 6));
    }
}
