//! What is known of segments.

use catalog::ReferencedSegment;

use crate::fixture::{BLOCK_BYTES, Fixture, SEGMENT_BYTES, block, for_each_catalog};

#[tokio::test]
async fn segments_are_listed_with_what_refers_to_them() {
    for_each_catalog(async |fixture: &Fixture| {
        fixture.register(1).await;
        fixture.commit(&[block(1, 1), block(2, 1)]).await;
        // Not visible, but the bytes are needed.
        fixture.commit(&[block(3, 77)]).await;
        fixture.commit(&[block(4, 1), block(1, 1)]).await;
        let segment = |number: u64, blocks: u64, end: u64| ReferencedSegment {
            key: format!("segments/{number:06}.seg"),
            bytes: SEGMENT_BYTES,
            end: end * BLOCK_BYTES,
            blocks,
        };
        let expected = [segment(0, 2, 2), segment(1, 1, 1), segment(2, 1, 1)];
        let catalog = &fixture.catalog;
        assert_eq!(
            catalog.referenced_segments(None, 10).await.unwrap(),
            expected
        );
        let page = catalog.referenced_segments(None, 2).await.unwrap();
        assert_eq!(page, expected[..2]);
        let rest = catalog
            .referenced_segments(Some(&page[1].key), 2)
            .await
            .unwrap();
        assert_eq!(rest, expected[2..]);
        let end = catalog
            .referenced_segments(Some(&rest[0].key), 2)
            .await
            .unwrap();
        assert!(end.is_empty());
    })
    .await;
}
