//! Expiry and archiving: what is deleted when, and what never is.

use catalog::{ReferencedSegment, Registration};
use model::{BlockInfo, InsertTime};

use crate::fixture::{
    BLOCK_BYTES, Fixture, SEGMENT_BYTES, block, block_id, for_each_catalog, ids, process, stream,
    stream_id,
};

const ALL: u32 = 1000;

fn key(segment: u64) -> String {
    format!("segments/{segment:06}.seg")
}

fn segment(number: u64, blocks: u64, end: u64) -> ReferencedSegment {
    ReferencedSegment {
        key: key(number),
        bytes: SEGMENT_BYTES,
        end: end * BLOCK_BYTES,
        blocks,
    }
}

fn just_before(time: InsertTime) -> InsertTime {
    InsertTime(time.0 - 1)
}

impl Fixture {
    async fn commit_one(&self, block: BlockInfo) -> InsertTime {
        self.commit(&[block]).await.insert_time
    }

    /// Everything inserted so far is over.
    async fn expire_all(&self) -> InsertTime {
        let time = self.catalog.advance().await.unwrap();
        self.catalog.expire(time).await.unwrap()
    }

    async fn archive_all(&self) -> InsertTime {
        let time = self.catalog.advance().await.unwrap();
        self.catalog
            .archive_blocks(time, &[])
            .await
            .unwrap()
            .unwrap()
    }

    /// Blocks, segments and owners that go, in the order in which they depend.
    async fn purge(&self, by: InsertTime) -> (u64, Vec<String>, u64) {
        let blocks = self.catalog.purge_blocks(by, ALL).await.unwrap();
        let segments = self.catalog.purge_segments(by, ALL).await.unwrap();
        let owners = self.catalog.purge_owners(by, ALL).await.unwrap();
        (blocks, segments, owners)
    }

    async fn segments(&self) -> Vec<ReferencedSegment> {
        self.catalog.referenced_segments(None, ALL).await.unwrap()
    }
}

const NOTHING: (u64, Vec<String>, u64) = (0, Vec::new(), 0);

#[tokio::test]
async fn expired_blocks_go_when_their_horizon_is_old_enough() {
    for_each_catalog(async |fixture: &Fixture| {
        fixture.register(1).await;
        fixture.commit_one(block(1, 1)).await;
        let second = fixture.commit_one(block(2, 1)).await;
        assert_eq!(fixture.purge(fixture.snapshot().await).await, NOTHING);
        let horizon = fixture.catalog.expire(second).await.unwrap();
        let everything = fixture.expire_all().await;

        assert_eq!(fixture.purge(just_before(horizon)).await, NOTHING);
        assert_eq!(fixture.visible().await.len(), 2);
        // The owners were registered before the horizon and have a block left.
        let by = just_before(everything);
        assert_eq!(fixture.purge(by).await, (1, vec![key(0)], 0));
        assert_eq!(ids(&fixture.visible().await), [block_id(2)]);
        assert_eq!(fixture.segments().await, [segment(1, 1, 1)]);
        assert_eq!(fixture.purge(by).await, NOTHING);
        assert_eq!(fixture.purge(everything).await, (1, vec![key(1)], 2));
        assert!(fixture.segments().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn purges_keep_to_their_limits() {
    for_each_catalog(async |fixture: &Fixture| {
        for owner in 1..4 {
            fixture.register(owner).await;
        }
        // Visible and not, in segments of two.
        let owners = [1, 2, 3, 3, 77, 78];
        let blocks: Vec<_> = (0..6).map(|n| block(n, owners[n as usize])).collect();
        for pair in blocks.chunks(2) {
            fixture.commit(pair).await;
        }
        let by = fixture.expire_all().await;
        let catalog = &fixture.catalog;
        for (limit, expected) in [(0, 0), (1, 1), (4, 4), (4, 1), (4, 0)] {
            let purged = catalog.purge_blocks(by, limit).await.unwrap();
            assert_eq!(purged, expected);
        }
        for (limit, expected) in [
            (0, vec![]),
            (2, vec![key(0), key(1)]),
            (2, vec![key(2)]),
            (2, vec![]),
        ] {
            let purged = catalog.purge_segments(by, limit).await.unwrap();
            assert_eq!(purged, expected);
        }
        // Three streams before three processes.
        for (limit, expected) in [(0, 0), (2, 2), (2, 2), (9, 2), (9, 0)] {
            assert_eq!(catalog.purge_owners(by, limit).await.unwrap(), expected);
        }
    })
    .await;
}

#[tokio::test]
async fn blocks_that_wait_for_an_owner_expire_with_their_segment() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        // The process of the first never comes; of the second only its stream is late.
        fixture.commit(&[block(1, 77)]).await;
        fixture.register(2).await;
        catalog
            .register_stream(&stream(77, 77, "log"))
            .await
            .unwrap();
        let mut late = block(2, 2);
        late.stream_id = stream_id(9);
        fixture.commit(&[late, block(3, 2)]).await;
        let archived = fixture.archive_all().await;
        // Archiving concerns what is in the `blocks` view only.
        let purged = catalog.purge_blocks(archived, ALL).await.unwrap();
        assert_eq!((purged, fixture.visible().await.len()), (1, 0));

        let expired = fixture.expire_all().await;
        // Registered after the horizon: the block lives as long as one that comes now.
        catalog.register_stream(&stream(9, 2, "log")).await.unwrap();
        let registered = fixture.snapshot().await;
        assert_eq!(fixture.purge(just_before(expired)).await, NOTHING);
        // The segment of the late block and its process stay; streams 77 and 2 go.
        assert_eq!(fixture.purge(expired).await, (1, vec![key(0)], 2));
        let visible = fixture.visible().await;
        assert_eq!(ids(&visible), [block_id(2)]);
        assert_eq!(visible[0].insert_time, registered);
        // The archived neighbour is over, and still counted.
        assert_eq!(fixture.segments().await, [segment(1, 2, 2)]);

        let last = fixture.expire_all().await;
        assert_eq!(fixture.purge(last).await, (1, vec![key(1)], 2));
    })
    .await;
}

#[tokio::test]
async fn archived_blocks_keep_their_segment_and_owners_until_they_expire() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        fixture.register(1).await;
        fixture.register(2).await;
        // A stream of another process than the block says.
        catalog.register_process(&process(3)).await.unwrap();
        let mut foreign = block(3, 2);
        foreign.process_id = process(3).process_id;
        let first = fixture
            .commit(&[block(1, 1), block(2, 1)])
            .await
            .insert_time;
        fixture.commit(&[foreign, block(4, 2)]).await;
        let before = fixture.segments().await;
        assert_eq!(before, [segment(0, 2, 2), segment(1, 2, 2)]);

        let archived = catalog
            .archive_blocks(InsertTime(first.0 + 1), &[])
            .await
            .unwrap()
            .unwrap();
        assert_eq!(fixture.purge(just_before(archived)).await, NOTHING);
        assert_eq!(fixture.purge(archived).await, (2, vec![], 0));
        assert_eq!(ids(&fixture.visible().await), [block_id(3), block_id(4)]);
        assert_eq!(fixture.segments().await, before);
        let archived = fixture.archive_all().await;
        // One by one: the totals add up.
        for _ in 0..2 {
            assert_eq!(catalog.purge_blocks(archived, 1).await.unwrap(), 1);
            assert_eq!(fixture.segments().await, before);
        }
        assert_eq!(fixture.purge(archived).await, NOTHING);
        assert!(fixture.visible().await.is_empty());

        // At the insert time of the first two nothing is over yet.
        let expired = catalog.expire(first).await.unwrap();
        assert_eq!(fixture.purge(expired).await, NOTHING);
        let expired = catalog.expire(InsertTime(first.0 + 1)).await.unwrap();
        assert_eq!(fixture.purge(just_before(expired)).await, NOTHING);
        assert_eq!(fixture.purge(expired).await, (0, vec![key(0)], 2));
        assert_eq!(fixture.segments().await, before[1..]);
        let expired = fixture.expire_all().await;
        assert_eq!(fixture.purge(expired).await, (0, vec![key(1)], 3));
    })
    .await;
}

#[tokio::test]
async fn a_segment_waits_for_the_latest_of_its_blocks() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        fixture.register(1).await;
        let first = fixture
            .commit(&[block(1, 1), block(2, 2)])
            .await
            .insert_time;
        fixture.register(2).await;
        let late = fixture.snapshot().await;
        assert_eq!(fixture.visible().await[1].insert_time, late);
        let archived = fixture.archive_all().await;
        assert_eq!(catalog.purge_blocks(archived, 1).await.unwrap(), 1);
        assert_eq!(catalog.purge_blocks(archived, 1).await.unwrap(), 1);

        for (before, expected) in [
            (first.0 + 1, vec![]),
            (late.0, vec![]),
            (late.0 + 1, vec![key(0)]),
        ] {
            let expired = catalog.expire(InsertTime(before)).await.unwrap();
            let purged = catalog.purge_segments(expired, ALL).await.unwrap();
            assert_eq!(purged, expected, "{before}");
        }
    })
    .await;
}

#[tokio::test]
async fn owners_that_own_something_stay() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        // A visible block, a waiting block, nothing, and only a stream of another one.
        fixture.register(1).await;
        catalog.register_process(&process(2)).await.unwrap();
        fixture.register(3).await;
        catalog.register_process(&process(4)).await.unwrap();
        let old = fixture.catalog.advance().await.unwrap();
        catalog.register_stream(&stream(4, 4, "log")).await.unwrap();
        fixture.register(5).await;
        fixture.commit(&[block(1, 1), block(2, 2)]).await;
        let expired = catalog.expire(old).await.unwrap();
        assert_eq!(
            catalog
                .purge_owners(just_before(expired), ALL)
                .await
                .unwrap(),
            0
        );
        assert_eq!(catalog.purge_owners(expired, ALL).await.unwrap(), 2);
        for (number, is_gone) in [(1, false), (2, false), (3, true), (4, false), (5, false)] {
            let again = catalog.register_process(&process(number)).await.unwrap();
            assert_eq!(matches!(again, Registration::New(_)), is_gone, "{number}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_block_of_a_forgotten_owner_waits_for_the_next_registration() {
    for_each_catalog(async |fixture: &Fixture| {
        let catalog = &fixture.catalog;
        fixture.register(1).await;
        fixture.commit_one(block(1, 1)).await;
        let known = fixture.visible().await;
        let expired = fixture.expire_all().await;
        assert_eq!(fixture.purge(expired).await, (1, vec![key(0)], 2));

        assert_eq!(fixture.commit(&[block(1, 1)]).await.new_blocks, 1);
        assert!(fixture.visible().await.is_empty());
        let mut changed = process(1);
        changed.exe = "another".to_owned();
        catalog.register_process(&changed).await.unwrap();
        catalog.register_stream(&stream(1, 1, "cpu")).await.unwrap();
        // This instance has forgotten what it knew of them, too.
        let visible = fixture.visible().await;
        assert_eq!(visible[0].info, known[0].info);
        assert_eq!(*visible[0].process.info, changed);
        assert_eq!(visible[0].stream.info, stream(1, 1, "cpu"));
        assert_eq!(visible[0].stream.insert_time, visible[0].insert_time);
    })
    .await;
}

/// Whichever comes first: a block is visible exactly if its owners are there.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn commits_and_purges_of_owners_agree() {
    const OWNERS: u64 = 30;
    for_each_catalog(async |fixture: &Fixture| {
        for owner in 0..OWNERS {
            fixture.register(owner).await;
        }
        let by = fixture.expire_all().await;
        let another = fixture.another_catalog().await;
        let purger = {
            let catalog = another.clone();
            tokio::spawn(async move {
                let mut purged = 0;
                for _ in 0..OWNERS {
                    purged += catalog.purge_owners(by, 2).await.unwrap();
                }
                purged
            })
        };
        for owner in (0..OWNERS).rev() {
            fixture.commit_one(block(owner, owner)).await;
        }
        let purged = purger.await.unwrap();
        // One sees the stream of a block that came between those of its owners.
        let visible = ids(&fixture.visible().await);
        for owner in 0..OWNERS {
            let new_process = fixture.catalog.register_process(&process(owner)).await;
            let new_stream = stream(owner, owner, "log");
            let new_stream = fixture.catalog.register_stream(&new_stream).await;
            let is_new = [new_process.unwrap(), new_stream.unwrap()]
                .iter()
                .any(|registration| matches!(registration, Registration::New(_)));
            assert_ne!(visible.contains(&block_id(owner)), is_new, "{owner}");
        }
        assert_eq!(fixture.visible().await.len() as u64, OWNERS);
        assert!(purged < OWNERS * 2 || visible.is_empty());
        another.close().await;
    })
    .await;
}
