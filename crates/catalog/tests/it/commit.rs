//! The group commit and its clock.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use catalog::{BlockFilter, Catalog, Error, NewSegment, StoredBlock};
use model::InsertTime;

use crate::fixture::{
    BLOCK_BYTES, Fixture, NOW, SEGMENT_BYTES, block, block_id, for_each_catalog, ids, in_segment,
};

#[tokio::test]
async fn a_group_comes_back_as_it_was_committed() {
    for_each_catalog(async |fixture: &Fixture| {
        fixture.register(1).await;
        let infos: Vec<_> = (0..5).map(|number| block(number, 1)).collect();
        let group = fixture.commit(&infos).await;
        assert_eq!(group.new_blocks, 5);
        assert_eq!(group.insert_time, fixture.snapshot().await);
        let blocks = fixture.visible().await;
        let stored: Vec<_> = blocks.iter().map(|block| block.info).collect();
        assert_eq!(stored, infos);
        for (index, block) in blocks.iter().enumerate() {
            assert_eq!(block.insert_time, group.insert_time);
            assert_eq!(&*block.segment, "segments/000000.seg");
            let start = index as u64 * BLOCK_BYTES;
            assert_eq!(block.range, start..start + BLOCK_BYTES);
            assert_eq!(block.payload_size(), BLOCK_BYTES as i64);
            assert_eq!(block.process.info.exe, "/bin/program-1");
            assert_eq!(block.stream.info.tags, ["log"]);
        }
    })
    .await;
}

#[tokio::test]
async fn known_blocks_are_left_as_they_are() {
    for_each_catalog(async |fixture: &Fixture| {
        fixture.register(1).await;
        let first = fixture.commit(&[block(1, 1)]).await;
        let before = fixture.visible().await;

        let mut other = block(1, 1);
        other.nb_objects = 999;
        let again = fixture.commit(&[other, other]).await;
        assert_eq!(again.new_blocks, 0);
        assert_eq!(again.insert_time, first.insert_time);
        assert_eq!(fixture.snapshot().await, first.insert_time);
        let recorded = fixture.catalog.referenced_segments(None, 10).await.unwrap();
        assert_eq!(recorded.len(), 1, "the second segment is not recorded");

        let mixed = fixture.commit(&[block(2, 1), other, block(2, 1)]).await;
        assert_eq!(mixed.new_blocks, 1);
        assert!(mixed.insert_time > first.insert_time);
        let after = fixture.visible().await;
        assert_eq!(after[0], before[0]);
        assert_eq!(ids(&after), [block_id(1), block_id(2)]);

        let nothing = fixture.commit(&[]).await;
        assert_eq!(
            (nothing.new_blocks, nothing.insert_time),
            (0, mixed.insert_time)
        );
    })
    .await;
}

#[tokio::test]
async fn repeating_a_commit_of_the_same_segment_changes_nothing() {
    for_each_catalog(async |fixture: &Fixture| {
        fixture.register(1).await;
        let segment = fixture.new_segment();
        let blocks = in_segment(&[block(1, 1), block(2, 1)]);
        let first = fixture.catalog.commit_blocks(&segment, &blocks[..1]).await;
        assert_eq!(first.unwrap().new_blocks, 1);
        // As after an error that left the outcome unknown.
        let second = fixture.catalog.commit_blocks(&segment, &blocks).await;
        assert_eq!(second.unwrap().new_blocks, 1);
        let third = fixture.catalog.commit_blocks(&segment, &blocks).await;
        assert_eq!(third.unwrap().new_blocks, 0);
        let recorded = fixture.catalog.referenced_segments(None, 10).await.unwrap();
        assert_eq!(recorded.len(), 1);
        assert_eq!(recorded[0].blocks, 2);
    })
    .await;
}

#[tokio::test]
async fn groups_of_every_size_are_counted_exactly() {
    for_each_catalog(async |fixture: &Fixture| {
        fixture.register(1).await;
        let mut next = 0;
        for size in [1, 2, 3, 7, 64, 255, 256, 257, 700] {
            let infos: Vec<_> = (next..next + size).map(|n| block(n, 1)).collect();
            let group = fixture.commit(&infos).await;
            assert_eq!(group.new_blocks as u64, size);
            next += size;
        }
        assert_eq!(fixture.visible().await.len() as u64, next);
    })
    .await;
}

#[tokio::test]
async fn ranges_outside_the_segment_are_refused() {
    for_each_catalog(async |fixture: &Fixture| {
        #[allow(clippy::reversed_empty_ranges, reason = "what must be refused")]
        for range in [0..SEGMENT_BYTES + 1, 5..4, u64::MAX - 1..u64::MAX] {
            let mut blocks = in_segment(&[block(1, 1)]);
            blocks[0].range = range;
            let segment = fixture.new_segment();
            let result = fixture.catalog.commit_blocks(&segment, &blocks).await;
            let error = result.unwrap_err();
            assert!(matches!(error, Error::BlockOutsideSegment { .. }));
            assert!(!error.is_retryable());
        }
        assert_eq!(fixture.snapshot().await, InsertTime(0));
    })
    .await;
}

#[tokio::test]
async fn insert_times_follow_the_clock_and_increase_when_it_goes_back() {
    for_each_catalog(async |fixture: &Fixture| {
        fixture.register(1).await;
        let mut last = fixture.snapshot().await;
        for (number, now) in [(1, NOW + 1000), (2, NOW + 1000), (3, 5), (4, NOW + 9000)] {
            fixture.set_clock(now);
            let time = fixture.commit(&[block(number, 1)]).await.insert_time;
            assert!(time > last);
            assert!(time.0 >= now && time.0 <= now.max(last.0 + 1));
            last = time;
        }
        assert_eq!(last, InsertTime(NOW + 9000));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_give_up_leave_nothing_half_done() {
    for_each_catalog(async |fixture: &Fixture| {
        fixture.register(1).await;
        let mut given_up = 0;
        for number in 0..60 {
            // Later and later, so that every step is interrupted.
            let patience = Duration::from_micros(number * 50);
            let blocks = [block(number, 1)];
            let commit = fixture.commit(&blocks);
            given_up += u64::from(tokio::time::timeout(patience, commit).await.is_err());
        }
        assert!(given_up > 0);
        // Takes its turn after whatever the last one has still under way.
        fixture.register(2).await;
        let before = fixture.visible().await.len();
        let mut new = 0;
        for number in 0..60 {
            new += fixture.commit(&[block(number, 1)]).await.new_blocks;
        }
        assert_eq!(before + new, 60);
        assert_eq!(fixture.visible().await.len(), 60);
    })
    .await;
}

/// Writers on two instances commit while a reader takes snapshots. Each snapshot is
/// read again at the end: nothing may have appeared at or before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_appears_behind_a_snapshot() {
    const WRITERS: u64 = 6;
    const COMMITS: u64 = 25;
    for_each_catalog(async |fixture: &Fixture| {
        fixture.register(1).await;
        let instances = [fixture.catalog.clone(), fixture.another_catalog().await];
        let writers = (0..WRITERS).map(|writer| {
            let catalog = instances[writer as usize % 2].clone();
            tokio::spawn(async move {
                let mut times = Vec::new();
                for commit in 0..COMMITS {
                    let number = writer * COMMITS + commit;
                    // Half of the numbers are sent by two writers.
                    let shared = (writer / 2 * COMMITS) + commit + 10_000;
                    times.push(commit_two(&catalog, number, shared).await);
                }
                times
            })
        });
        let writers: Vec<_> = writers.collect();
        let done = Arc::new(AtomicBool::new(false));
        let reader = tokio::spawn(take_snapshots(fixture.catalog.clone(), Arc::clone(&done)));
        let mut times = Vec::new();
        for writer in writers {
            times.extend(writer.await.unwrap());
        }
        done.store(true, Ordering::SeqCst);

        let distinct: BTreeSet<_> = times.iter().collect();
        assert_eq!(distinct.len() as u64, WRITERS * COMMITS);
        let all = fixture.visible().await;
        assert_eq!(all.len() as u64, WRITERS * COMMITS + WRITERS / 2 * COMMITS);
        let snapshots = reader.await.unwrap();
        assert!(!snapshots.is_empty());
        for (snapshot, seen) in snapshots {
            let now: Vec<_> = all.iter().filter(|b| b.insert_time <= snapshot).collect();
            assert_eq!(now.len(), seen.len());
            assert!(now.iter().zip(&seen).all(|(a, b)| a.info == b.info));
        }
        instances[1].close().await;
    })
    .await;
}

async fn commit_two(catalog: &Catalog, own: u64, shared: u64) -> InsertTime {
    let segment = NewSegment {
        key: format!("segments/own-{own}.seg"),
        bytes: SEGMENT_BYTES,
    };
    let blocks = in_segment(&[block(own, 1), block(shared, 1)]);
    let group = catalog.commit_blocks(&segment, &blocks).await.unwrap();
    assert!(group.new_blocks > 0);
    group.insert_time
}

async fn take_snapshots(
    catalog: Catalog,
    done: Arc<AtomicBool>,
) -> Vec<(InsertTime, Vec<StoredBlock>)> {
    let mut seen = Vec::new();
    while !done.load(Ordering::SeqCst) {
        let snapshot = catalog.snapshot().await.unwrap();
        let mut pages = catalog.blocks(BlockFilter::at(snapshot));
        let mut blocks = Vec::new();
        loop {
            let page = pages.next_page().await.unwrap();
            if page.is_empty() {
                break;
            }
            blocks.extend(page);
        }
        seen.push((snapshot, blocks));
    }
    seen
}
