//! Totals per process and per stream.

use catalog::{ProcessSummary, StreamSummary, SummaryFilter};
use model::{InsertRange, InsertTime, TimeRange};

use crate::fixture::{Fixture, block, for_each_catalog, process, process_id, stream, stream_id};

async fn processes(fixture: &Fixture, filter: SummaryFilter) -> Vec<ProcessSummary> {
    let mut pages = fixture.catalog.processes(filter);
    let mut all = Vec::new();
    loop {
        let page = pages.next_page().await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

async fn streams(fixture: &Fixture, filter: SummaryFilter) -> Vec<StreamSummary> {
    let mut pages = fixture.catalog.streams(filter);
    let mut all = Vec::new();
    loop {
        let page = pages.next_page().await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

#[tokio::test]
async fn totals_cover_the_blocks_of_each_owner() {
    for_each_catalog(async |fixture: &Fixture| {
        for owner in 1..4 {
            fixture.register(owner).await;
        }
        // A second stream of process 1; process 3 has no block.
        fixture
            .catalog
            .register_stream(&stream(9, 1, "cpu"))
            .await
            .unwrap();
        let mut in_second_stream = block(5, 1);
        in_second_stream.stream_id = stream_id(9);
        fixture.commit(&[block(1, 1), block(2, 2)]).await;
        let middle = fixture.snapshot().await;
        fixture.commit(&[in_second_stream]).await;
        let last = fixture.snapshot().await;

        let all = processes(fixture, SummaryFilter::at(last)).await;
        assert_eq!(all.len(), 2);
        assert_eq!(*all[0].process.info, process(1));
        assert_eq!(all[0].last_update_time, last);
        assert_eq!(all[0].last_block_end_ticks, block(5, 1).end_ticks);
        assert_eq!(all[0].last_block_end_time, block(5, 1).end_time);
        assert_eq!(*all[1].process.info, process(2));
        assert_eq!(all[1].last_update_time, middle);

        let before = processes(fixture, SummaryFilter::at(middle)).await;
        assert_eq!(before.len(), 2);
        assert_eq!(before[0].last_block_end_ticks, block(1, 1).end_ticks);
        assert!(
            processes(fixture, SummaryFilter::at(InsertTime(0)))
                .await
                .is_empty()
        );

        let all = streams(fixture, SummaryFilter::at(last)).await;
        let ids: Vec<_> = all.iter().map(|s| s.stream.info.stream_id).collect();
        assert_eq!(ids, [stream_id(1), stream_id(2), stream_id(9)]);
        let updates: Vec<_> = all.iter().map(|s| s.last_update_time).collect();
        assert_eq!(updates, [middle, middle, last]);
    })
    .await;
}

#[tokio::test]
async fn ranges_and_lists_restrict_what_is_summed() {
    for_each_catalog(async |fixture: &Fixture| {
        fixture.register(1).await;
        let first = fixture.commit(&[block(1, 1)]).await.insert_time;
        fixture.register(2).await;
        let registered = fixture.snapshot().await;
        let second = fixture
            .commit(&[block(2, 2), block(3, 1)])
            .await
            .insert_time;

        // From, to, processes that remain.
        let cases: [(i64, i64, &[u64]); 5] = [
            (0, i64::MAX, &[1, 2]),
            (second.0, i64::MAX, &[1, 2]),
            (second.0 + 1, i64::MAX, &[]),
            (0, first.0, &[1]),
            (0, registered.0 - 2, &[1]),
        ];
        for (begin, end, expected) in cases {
            let filter = SummaryFilter {
                range: Some(TimeRange { begin, end }),
                ..SummaryFilter::at(second)
            };
            let found = processes(fixture, filter.clone()).await;
            let found: Vec<_> = found.iter().map(|p| p.process.info.process_id).collect();
            let expected_processes: Vec<_> = expected.iter().map(|n| process_id(*n)).collect();
            assert_eq!(found, expected_processes, "{begin} {end}");
            let found = streams(fixture, filter).await;
            let found: Vec<_> = found.iter().map(|s| s.stream.info.stream_id).collect();
            let expected_streams: Vec<_> = expected.iter().map(|n| stream_id(*n)).collect();
            assert_eq!(found, expected_streams, "{begin} {end}");
        }

        let listed = SummaryFilter {
            process_ids: Some(vec![process_id(2), process_id(7)]),
            ..SummaryFilter::at(second)
        };
        assert_eq!(processes(fixture, listed.clone()).await.len(), 1);
        assert_eq!(streams(fixture, listed.clone()).await.len(), 1);
        let contradicting = SummaryFilter {
            stream_ids: Some(vec![stream_id(1)]),
            ..listed.clone()
        };
        assert!(processes(fixture, contradicting.clone()).await.is_empty());
        assert!(streams(fixture, contradicting).await.is_empty());
        let none = SummaryFilter {
            stream_ids: Some(Vec::new()),
            process_ids: None,
            ..listed
        };
        assert!(processes(fixture, none.clone()).await.is_empty());
        assert!(streams(fixture, none).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn totals_can_be_cut_to_a_range_of_insert_times() {
    for_each_catalog(async |fixture: &Fixture| {
        fixture.register(1).await;
        fixture.register(2).await;
        let first = fixture.commit(&[block(1, 1)]).await.insert_time;
        let second = fixture
            .commit(&[block(2, 2), block(3, 1)])
            .await
            .insert_time;
        let third = fixture.commit(&[block(4, 2)]).await.insert_time;
        // Begin, end, end of `range`, processes with the time of their last block.
        let late = i64::MAX;
        type Expected<'a> = &'a [(u64, InsertTime)];
        let cases: [(InsertTime, InsertTime, i64, Expected); 5] = [
            (first, second, late, &[(1, first)]),
            (first, third, late, &[(1, second), (2, second)]),
            (second, InsertTime(late), late, &[(1, second), (2, third)]),
            (first, first, late, &[]),
            // Together with the other restriction: registered up to then.
            (first, third, 0, &[]),
        ];
        for (begin, end, registered, expected) in cases {
            let filter = SummaryFilter {
                insert_range: Some(InsertRange::new(begin, end)),
                range: (registered < late).then_some(TimeRange {
                    begin: 0,
                    end: registered,
                }),
                ..SummaryFilter::at(third)
            };
            let found = processes(fixture, filter.clone()).await;
            let found = found
                .iter()
                .map(|p| (p.process.info.process_id, p.last_update_time));
            let expected_processes = expected.iter().map(|(n, time)| (process_id(*n), *time));
            assert!(found.eq(expected_processes), "{filter:?}");
            let found = streams(fixture, filter).await;
            assert_eq!(found.len(), expected.len());
        }
    })
    .await;
}

#[tokio::test]
async fn owners_come_in_pages_ordered_by_id() {
    for_each_catalog(async |fixture: &Fixture| {
        let count = 1100;
        for owner in 0..count {
            fixture.register(owner).await;
        }
        let infos: Vec<_> = (0..count).map(|n| block(n, n)).collect();
        fixture.commit(&infos).await;
        let snapshot = fixture.snapshot().await;
        let expected: Vec<_> = (0..count).map(process_id).collect();
        let whole = SummaryFilter::at(snapshot);
        let cut = SummaryFilter {
            process_ids: Some(expected.iter().rev().copied().collect()),
            ..whole.clone()
        };
        for filter in [whole, cut.clone()] {
            let found = processes(fixture, filter).await;
            let found: Vec<_> = found.iter().map(|p| p.process.info.process_id).collect();
            assert_eq!(found, expected);
        }
        assert_eq!(streams(fixture, cut).await.len() as u64, count);
    })
    .await;
}
