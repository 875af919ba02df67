//! Uploads of replication: halves of blocks in any order.

use catalog::{BulkBlock, BulkPayload, Error, ReferencedSegment};
use model::InsertTime;

use crate::fixture::{
    BLOCK_BYTES, Fixture, NOW, SEGMENT_BYTES, block, block_id, for_each_catalog, ids, process,
    stream,
};

/// When the other lake received a block.
const SOURCE_TIME: i64 = NOW - 1_000_000;

fn rows(numbers: &[u64]) -> Vec<BulkBlock> {
    let row = |number: &u64| BulkBlock {
        info: block(*number, 1),
        source_insert_time: SOURCE_TIME + *number as i64,
    };
    numbers.iter().map(row).collect()
}

fn payloads(numbers: &[u64]) -> Vec<BulkPayload> {
    let payload = |(index, number): (usize, &u64)| {
        let start = index as u64 * BLOCK_BYTES;
        BulkPayload {
            block_id: block_id(*number),
            range: start..start + BLOCK_BYTES,
        }
    };
    numbers.iter().enumerate().map(payload).collect()
}

/// In a segment of their own; returns how many were new.
async fn import_payloads(fixture: &Fixture, numbers: &[u64]) -> usize {
    let (segment, payloads) = (fixture.new_segment(), payloads(numbers));
    let imported = fixture.catalog.import_payloads(&segment, &payloads).await;
    imported.unwrap()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrival {
    Process,
    Stream,
    Row,
    Payload,
}

impl Arrival {
    const ALL: [Self; 4] = [Self::Process, Self::Stream, Self::Row, Self::Payload];

    /// Of the process, stream and block with this number; returns how much was new.
    async fn import(self, fixture: &Fixture, number: u64) -> usize {
        let catalog = &fixture.catalog;
        let imported = match self {
            Self::Process => catalog.import_processes(&[process(number)]).await,
            Self::Stream => {
                let stream = stream(number, number, "log");
                catalog.import_streams(&[stream]).await
            }
            Self::Row => {
                let row = BulkBlock {
                    info: block(number, number),
                    source_insert_time: SOURCE_TIME,
                };
                catalog.import_blocks(&[row]).await
            }
            Self::Payload => {
                let segment = fixture.new_segment();
                let payloads = payloads(&[number]);
                catalog.import_payloads(&segment, &payloads).await
            }
        };
        imported.unwrap()
    }
}

fn orders() -> Vec<[Arrival; 4]> {
    let mut orders = Vec::new();
    for code in 0..256 {
        let order = [0, 2, 4, 6].map(|shift| Arrival::ALL[code >> shift & 3]);
        if Arrival::ALL.iter().all(|arrival| order.contains(arrival)) {
            orders.push(order);
        }
    }
    orders
}

#[tokio::test]
async fn every_order_of_arrival_ends_with_the_block_visible_once() {
    for_each_catalog(async |fixture: &Fixture| {
        let orders = orders();
        assert_eq!(orders.len(), 24);
        for (number, order) in orders.into_iter().enumerate() {
            let number = number as u64;
            let mut seen = InsertTime(0);
            for arrival in order {
                assert_eq!(fixture.visible().await.len() as u64, number, "{order:?}");
                seen = fixture.snapshot().await;
                assert_eq!(arrival.import(fixture, number).await, 1, "{order:?}");
            }
            let visible = fixture.visible().await;
            let last = visible.last().unwrap();
            assert_eq!(last.info, block(number, number), "{order:?}");
            assert_eq!(last.insert_time, fixture.snapshot().await, "{order:?}");
            assert!(last.insert_time > seen, "{order:?}");
            assert_eq!(last.source_insert_time, Some(SOURCE_TIME));
            assert_eq!(last.range, 0..BLOCK_BYTES);
            // Everything again, which changes nothing, not even the clock.
            for arrival in order {
                assert_eq!(arrival.import(fixture, number).await, 0, "{order:?}");
            }
            assert_eq!(fixture.snapshot().await, last.insert_time);
            assert_eq!(fixture.visible().await, visible);
        }
    })
    .await;
}

#[tokio::test]
async fn a_batch_becomes_visible_at_one_time() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        let numbers: Vec<u64> = (0..700).collect();
        assert_eq!(catalog.import_blocks(&rows(&numbers)).await.unwrap(), 700);
        // Some are there already, one is named twice, one has no row.
        let first = import_payloads(fixture, &[3, 4, 4, 9000]).await;
        assert_eq!(first, 3);
        assert_eq!(import_payloads(fixture, &numbers).await, 698);
        assert!(fixture.visible().await.is_empty(), "without owners");
        let streams = [stream(1, 1, "log"), stream(2, 1, "cpu"), stream(2, 1, "no")];
        assert_eq!(catalog.import_streams(&streams).await.unwrap(), 2);
        let processes = [process(1), process(2)];
        assert_eq!(catalog.import_processes(&processes).await.unwrap(), 2);
        let visible = fixture.visible().await;
        assert_eq!(visible.len(), 700);
        let now = fixture.snapshot().await;
        assert!(visible.iter().all(|block| block.insert_time == now));
        assert_eq!(&*visible[3].segment, "segments/000000.seg");
        assert_eq!(&*visible[5].segment, "segments/000001.seg");
        assert_eq!(visible[5].range.start, 5 * BLOCK_BYTES);
        for block in &visible {
            let number = block.info.object_offset / 10;
            assert_eq!(block.source_insert_time, Some(SOURCE_TIME + number));
        }
    })
    .await;
}

#[tokio::test]
async fn what_producers_sent_themselves_stays_as_it_is() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        fixture.register(1).await;
        fixture.commit(&[block(1, 1)]).await;
        let before = fixture.visible().await;
        assert_eq!(before[0].source_insert_time, None);
        assert_eq!(catalog.import_blocks(&rows(&[1])).await.unwrap(), 0);
        assert_eq!(import_payloads(fixture, &[1]).await, 0);
        let mut other = process(1);
        other.exe = "another".to_owned();
        assert_eq!(catalog.import_processes(&[other]).await.unwrap(), 0);
        assert_eq!(fixture.visible().await, before);

        // A staged half does not keep the producer's own block out.
        catalog.import_blocks(&rows(&[2])).await.unwrap();
        assert_eq!(fixture.commit(&[block(2, 1)]).await.new_blocks, 1);
        assert_eq!(import_payloads(fixture, &[2]).await, 0);
        assert_eq!(ids(&fixture.visible().await), [block_id(1), block_id(2)]);
        assert_eq!(fixture.visible().await[1].source_insert_time, None);
    })
    .await;
}

#[tokio::test]
async fn staged_payloads_refer_to_their_segment() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        let segment = |end: u64, blocks: u64| {
            vec![ReferencedSegment {
                key: "segments/000000.seg".to_owned(),
                bytes: SEGMENT_BYTES,
                end: end * BLOCK_BYTES,
                blocks,
            }]
        };
        let referenced = async || catalog.referenced_segments(None, 10).await.unwrap();
        assert_eq!(import_payloads(fixture, &[1, 2, 3]).await, 3);
        assert_eq!(referenced().await, segment(3, 3));
        catalog.import_blocks(&rows(&[1])).await.unwrap();
        assert_eq!(referenced().await, segment(3, 3));
        catalog.import_blocks(&rows(&[2, 3])).await.unwrap();
        assert_eq!(referenced().await, segment(3, 3));
    })
    .await;
}

#[tokio::test]
async fn known_payloads_are_told_before_they_are_written() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        fixture.commit(&[block(1, 1)]).await;
        catalog.import_blocks(&rows(&[2])).await.unwrap();
        assert_eq!(import_payloads(fixture, &[3]).await, 1);
        let missing = catalog.missing_payloads((1..=4).map(block_id)).await;
        let mut missing: Vec<_> = missing.unwrap().into_iter().collect();
        missing.sort();
        assert_eq!(missing, [block_id(2), block_id(4)]);
    })
    .await;
}

#[tokio::test]
async fn ranges_outside_the_segment_are_refused() {
    for_each_catalog(async |fixture: &Fixture| {
        let mut outside = payloads(&[1]);
        outside[0].range = 0..SEGMENT_BYTES + 1;
        let segment = fixture.new_segment();
        let refused = fixture.catalog.import_payloads(&segment, &outside).await;
        let error = refused.unwrap_err();
        assert!(matches!(error, Error::BlockOutsideSegment { .. }));
        assert_eq!(fixture.snapshot().await, InsertTime(0));
    })
    .await;
}

/// Both halves of many blocks are uploaded at once, from two instances.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn halves_that_arrive_together_find_each_other() {
    for_each_catalog(async |fixture: &Fixture| {
        fixture.register(1).await;
        let (here, there) = (fixture.catalog.clone(), fixture.another_catalog().await);
        let uploads = (0..20_u64).map(|round| {
            let numbers: Vec<u64> = (round * 5..round * 5 + 5).collect();
            let (rows, payloads) = (rows(&numbers), payloads(&numbers));
            let segment = fixture.new_segment();
            let (here, there) = (here.clone(), there.clone());
            let blocks = tokio::spawn(async move { here.import_blocks(&rows).await });
            let bytes =
                tokio::spawn(async move { there.import_payloads(&segment, &payloads).await });
            (blocks, bytes)
        });
        for (blocks, bytes) in uploads.collect::<Vec<_>>() {
            assert_eq!(blocks.await.unwrap().unwrap(), 5);
            assert_eq!(bytes.await.unwrap().unwrap(), 5);
        }
        assert_eq!(fixture.visible().await.len(), 100);
        there.close().await;
    })
    .await;
}

#[tokio::test]
async fn halves_that_wait_too_long_are_given_up() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        catalog.import_blocks(&rows(&[1, 2])).await.unwrap();
        assert_eq!(import_payloads(fixture, &[3, 4, 5]).await, 3);
        let old = catalog.advance().await.unwrap();
        catalog.import_blocks(&rows(&[6])).await.unwrap();
        assert_eq!(import_payloads(fixture, &[7]).await, 1);
        let staged = InsertTime(1);
        assert_eq!(catalog.purge_staged(staged, 100).await.unwrap(), 0);
        for (limit, expected) in [(0, 0), (1, 1), (3, 3), (3, 1), (3, 0)] {
            let purged = catalog.purge_staged(old, limit).await.unwrap();
            assert_eq!(purged, expected, "{limit}");
        }
        // The younger ones still find their other half; the old ones wait again.
        fixture.register(1).await;
        assert_eq!(import_payloads(fixture, &[6]).await, 1);
        catalog.import_blocks(&rows(&[7, 3])).await.unwrap();
        assert_eq!(import_payloads(fixture, &[1]).await, 1);
        assert_eq!(ids(&fixture.visible().await), [block_id(6), block_id(7)]);
    })
    .await;
}

#[tokio::test]
async fn a_segment_stays_as_long_as_a_staged_payload_is_in_it() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        assert_eq!(import_payloads(fixture, &[1, 2]).await, 2);
        let old = catalog.advance().await.unwrap();
        let expired = catalog.expire(old).await.unwrap();
        let purged = catalog.purge_segments(expired, 100).await.unwrap();
        assert!(purged.is_empty(), "{purged:?}");
        assert_eq!(catalog.purge_staged(old, 1).await.unwrap(), 1);
        assert!(
            catalog
                .purge_segments(expired, 100)
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(catalog.purge_staged(old, 1).await.unwrap(), 1);
        let purged = catalog.purge_segments(expired, 100).await.unwrap();
        assert_eq!(purged.len(), 1);
    })
    .await;
}
