//! Totals over ranges of insert times.

use catalog::BlockTotals;
use model::{InsertRange, InsertTime};

use crate::fixture::{BLOCK_BYTES, Fixture, block, for_each_catalog, stream, stream_id};
use crate::partition_fixture::range;

fn totals(blocks: u64, first: InsertTime, last: InsertTime) -> BlockTotals {
    BlockTotals {
        blocks,
        events: blocks * 10,
        payload_bytes: blocks * BLOCK_BYTES,
        first: Some(first),
        last: Some(last),
    }
}

#[tokio::test]
async fn totals_cover_the_visible_blocks_of_a_range() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        fixture.register(1).await;
        catalog.register_stream(&stream(2, 1, "cpu")).await.unwrap();
        let mut other = block(2, 1);
        other.stream_id = stream_id(2);
        // The last one is not visible.
        let first = fixture
            .commit(&[block(1, 1), other, block(9, 9)])
            .await
            .insert_time;
        let second = fixture.commit(&[block(3, 1)]).await.insert_time;

        let after = |time: InsertTime| InsertTime(time.0 + 1);
        let all = InsertRange::new(InsertTime(0), after(second));
        for (range, tag, expected) in [
            (all, None, totals(3, first, second)),
            (all, Some("log"), totals(2, first, second)),
            (all, Some("cpu"), totals(1, first, first)),
            (all, Some("none"), BlockTotals::default()),
            (
                InsertRange::new(first, second),
                None,
                totals(2, first, first),
            ),
            (
                InsertRange::new(after(first), after(second)),
                None,
                totals(1, second, second),
            ),
            (
                InsertRange::new(second, second),
                None,
                BlockTotals::default(),
            ),
            (range(i64::MIN, i64::MAX), None, totals(3, first, second)),
        ] {
            let found = catalog.block_totals(range, tag).await.unwrap();
            assert_eq!(found, expected, "{range:?} {tag:?}");
        }
        for (from, expected) in [
            (InsertTime(0), Some(first)),
            (first, Some(first)),
            (after(first), Some(second)),
            (after(second), None),
        ] {
            let found = catalog.next_block_time(from).await.unwrap();
            assert_eq!(found, expected, "{from:?}");
        }
    })
    .await;
}
