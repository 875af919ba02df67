//! Scans: order, pages, restrictions.

use catalog::{BlockFilter, Error};
use model::{InsertTime, ProcessId, StreamId, TimeRange};

use crate::fixture::{
    Fixture, block, block_id, for_each_catalog, ids, process, process_id, stream, stream_id,
};

#[tokio::test]
async fn pages_follow_each_other_in_order() {
    for_each_catalog(async |fixture: &Fixture| {
        fixture.register(1).await;
        // Ids descend inside a group and overlap between groups.
        for group in 0..5 {
            let infos: Vec<_> = (0..450).rev().map(|n| block(n * 5 + group, 1)).collect();
            fixture.commit(&infos).await;
        }
        let blocks = fixture.visible().await;
        assert_eq!(blocks.len(), 2250);
        let positions = blocks.iter().map(|b| (b.insert_time, b.info.block_id));
        let positions: Vec<_> = positions.collect();
        assert!(positions.is_sorted());
        let mut pages = fixture
            .catalog
            .blocks(BlockFilter::at(fixture.snapshot().await));
        let sizes = [1000, 1000, 250, 0, 0];
        for size in sizes {
            assert_eq!(pages.next_page().await.unwrap().len(), size);
        }
    })
    .await;
}

#[tokio::test]
async fn restrictions_select_exactly() {
    for_each_catalog(async |fixture: &Fixture| {
        let mut times = Vec::new();
        for owner in 0..4 {
            fixture.register(owner).await;
            let group = fixture
                .commit(&[block(owner, owner), block(owner + 10, owner)])
                .await;
            times.push(group.insert_time.0);
        }
        let all = BlockFilter::at(fixture.snapshot().await);
        let check = async |filter: BlockFilter, expected: &[u64]| {
            let mut expected: Vec<_> = expected.iter().map(|n| block_id(*n)).collect();
            let mut found = ids(&fixture.scan(filter.clone()).await);
            expected.sort();
            found.sort();
            assert_eq!(found, expected, "{filter:?}");
        };
        let none_of = || all.clone();
        check(none_of(), &[0, 1, 2, 3, 10, 11, 12, 13]).await;
        check(BlockFilter::at(InsertTime(times[1])), &[0, 1, 10, 11]).await;
        check(BlockFilter::at(InsertTime(times[1] - 1)), &[0, 10]).await;
        check(BlockFilter::at(InsertTime(0)), &[]).await;

        let range = |begin, end| Some(TimeRange { begin, end });
        let inserted = |begin, end| BlockFilter {
            insert_range: range(begin, end),
            ..none_of()
        };
        check(inserted(times[1], times[2]), &[1, 2, 11, 12]).await;
        check(inserted(i64::MIN, i64::MAX), &[0, 1, 2, 3, 10, 11, 12, 13]).await;
        check(inserted(times[2], times[1]), &[]).await;

        let processes = |numbers: &[u64]| BlockFilter {
            process_ids: Some(numbers.iter().map(|n| process_id(*n)).collect()),
            ..none_of()
        };
        check(processes(&[1, 2, 2, 77]), &[1, 2, 11, 12]).await;
        check(processes(&[]), &[]).await;
        let both = BlockFilter {
            stream_ids: Some(vec![stream_id(2), stream_id(3)]),
            ..processes(&[1, 2])
        };
        check(both.clone(), &[2, 12]).await;
        let three = BlockFilter {
            block_ids: Some(vec![block_id(12), block_id(1)]),
            ..both.clone()
        };
        check(three, &[12]).await;
        let empty = BlockFilter {
            block_ids: Some(Vec::new()),
            ..both
        };
        check(empty, &[]).await;
    })
    .await;
}

#[tokio::test]
async fn long_lists_are_merged_into_one_order() {
    for_each_catalog(async |fixture: &Fixture| {
        for owner in 0..3 {
            fixture.register(owner).await;
        }
        let count = 3000;
        for start in (0..count).step_by(500) {
            let infos: Vec<_> = (start..start + 500).map(|n| block(n, n % 3)).collect();
            fixture.commit(&infos).await;
        }
        let all = fixture.visible().await;
        let listed = BlockFilter {
            // Every second one, and many that do not exist.
            block_ids: Some((0..2 * count).rev().step_by(2).map(block_id).collect()),
            process_ids: Some((0..2).map(process_id).collect()),
            ..BlockFilter::at(fixture.snapshot().await)
        };
        let expected = all.iter().filter(|block| {
            let number = block.info.object_offset / 10;
            number % 2 == 1 && number % 3 < 2
        });
        let expected: Vec<_> = expected.cloned().collect();
        assert_eq!(expected.len(), 1000);
        assert_eq!(fixture.scan(listed.clone()).await, expected);

        let too_long = BlockFilter {
            process_ids: Some((0..8193).map(process_id).collect()),
            ..listed
        };
        let error = fixture
            .catalog
            .blocks(too_long)
            .next_page()
            .await
            .unwrap_err();
        assert!(matches!(error, Error::FilterTooLong { .. }));
    })
    .await;
}

#[tokio::test]
async fn tags_are_compared_exactly() {
    let long = "x".repeat(3000);
    let longer = format!("{long}y");
    let tags = [
        "log",
        "LOG",
        "lo%",
        "lo_",
        ",",
        "\"",
        "\",\"",
        "a\0b",
        "a\u{fffd}b",
        "é",
        "",
        &long,
        &longer,
    ];
    for_each_catalog(async |fixture: &Fixture| {
        for (number, tag) in tags.into_iter().enumerate() {
            let number = number as u64;
            fixture
                .catalog
                .register_process(&process(number))
                .await
                .unwrap();
            let mut stream = stream(number, number, tag);
            stream.tags.extend(["other".to_owned(), "other".to_owned()]);
            fixture.catalog.register_stream(&stream).await.unwrap();
            fixture.commit(&[block(number, number)]).await;
        }
        let tagged = |tag: &str| BlockFilter {
            tag: Some(tag.to_owned()),
            ..BlockFilter::at(InsertTime(i64::MAX))
        };
        for (number, tag) in tags.into_iter().enumerate() {
            let found = ids(&fixture.scan(tagged(tag)).await);
            assert_eq!(found, [block_id(number as u64)], "{tag:?}");
        }
        assert_eq!(fixture.scan(tagged("other")).await.len(), tags.len());
        assert!(fixture.scan(tagged("lo")).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn many_owners_are_found_once_each() {
    for_each_catalog(async |fixture: &Fixture| {
        let count = 600;
        for owner in 0..count {
            fixture.register(owner).await;
        }
        let infos: Vec<_> = (0..count).map(|n| block(n, n)).collect();
        fixture.commit(&infos).await;
        // Twice: from the database, then from memory.
        for _ in 0..2 {
            for block in fixture.visible().await {
                assert_eq!(block.process.info.process_id, block.info.process_id);
                assert_eq!(block.stream.info.stream_id, block.info.stream_id);
            }
        }
        let all: Vec<ProcessId> = (0..count).map(process_id).collect();
        let streams: Vec<StreamId> = (0..count).map(stream_id).collect();
        let filter = BlockFilter {
            process_ids: Some(all),
            stream_ids: Some(streams),
            ..BlockFilter::at(fixture.snapshot().await)
        };
        assert_eq!(fixture.scan(filter).await.len() as u64, count);
    })
    .await;
}
