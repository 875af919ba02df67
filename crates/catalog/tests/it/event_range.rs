//! Pruning by event time against a plain model of the rule.

use catalog::{BlockFilter, StoredBlock};
use model::{BlockInfo, ProcessInfo, TRANSIT_FORMAT, TimeRange};

use crate::fixture::{
    Fixture, NOW, block, block_id, for_each_catalog, process, process_id, stream,
};

const SECOND: i64 = 1_000_000_000;
/// A block whose ranges are this far from the asked one must have been left out.
const FAR: i64 = 2 * SECOND;

/// A small generator of numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % limit) as i64
    }

    fn choose<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// The times between which the events of the block lie.
fn event_times(block: &StoredBlock) -> (i64, i64) {
    let (info, process) = (&block.info, &block.process.info);
    if process.tsc_frequency <= 0 {
        return (info.begin_time.min(process.start_time), info.end_time);
    }
    if block.stream.info.format != TRANSIT_FORMAT {
        return (info.begin_time, info.end_time);
    }
    let time = |ticks: i64| {
        let nanoseconds =
            i128::from(ticks) * i128::from(SECOND) / i128::from(process.tsc_frequency);
        let time = i128::from(process.start_time) + nanoseconds;
        time.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    };
    (time(info.begin_ticks), time(info.end_ticks))
}

fn overlaps(block: &StoredBlock, range: TimeRange, margin: i64) -> bool {
    let wide = TimeRange {
        begin: range.begin.saturating_sub(margin),
        end: range.end.saturating_add(margin),
    };
    let (begin, end) = event_times(block);
    wide.overlaps(begin, end)
}

#[tokio::test]
async fn pruning_never_drops_a_match_and_drops_what_is_far() {
    for_each_catalog(async |fixture: &Fixture| {
        let mut numbers = Numbers(7);
        let (mut infos, mut owners) = (Vec::new(), Vec::new());
        for owner in 0..20 {
            let mut process = process(owner);
            process.tsc_frequency =
                numbers.choose(&[0, -5, 1, 1000, 10_000_000, 3_000_000_000, 1_000_000_000]);
            process.start_time = NOW + numbers.below(100) * SECOND;
            let mut stream = stream(owner, owner, "log");
            if numbers.below(3) == 0 {
                stream.format = "otlp/v1/logs".to_owned();
            }
            owners.push((process.clone(), stream));
            for _ in 0..20 {
                infos.push(random_block(
                    &mut numbers,
                    infos.len() as u64,
                    owner,
                    &process,
                ));
            }
        }
        // A third of the blocks arrives before its owners, and a third between them.
        fixture.commit(&infos[..140]).await;
        for (process, _) in &owners {
            fixture.catalog.register_process(process).await.unwrap();
        }
        fixture.commit(&infos[140..280]).await;
        for (_, stream) in &owners {
            fixture.catalog.register_stream(stream).await.unwrap();
        }
        fixture.commit(&infos[280..]).await;
        let all = fixture.visible().await;
        assert_eq!(all.len(), infos.len());
        let (mut kept, mut dropped) = (0, 0);
        for _ in 0..150 {
            let begin = NOW + numbers.below(1000) * SECOND / 2 - 50 * SECOND;
            let end = begin + numbers.choose(&[0, 1, SECOND, 50 * SECOND]);
            let range = TimeRange { begin, end };
            let found = scan(fixture, range).await;
            for block in &all {
                let is_found = found.contains(block);
                if overlaps(block, range, 0) {
                    assert!(is_found, "{range:?} needs {block:?}");
                    kept += 1;
                } else if !overlaps(block, range, FAR) {
                    assert!(!is_found, "{range:?} is far from {block:?}");
                    dropped += 1;
                }
            }
        }
        assert!(kept > 1000 && dropped > 1000, "{kept} {dropped}");
    })
    .await;
}

/// Ticks that agree with the wall clock, or absolute ones, or a clock that was set.
fn random_block(
    numbers: &mut Numbers,
    number: u64,
    owner: u64,
    process: &ProcessInfo,
) -> BlockInfo {
    let mut block = block(number, owner);
    let offset = numbers.below(400) * SECOND;
    let length = numbers.below(5) * SECOND + numbers.below(1000);
    let ticks = |nanoseconds: i64| {
        let frequency = i128::from(process.tsc_frequency.max(1));
        (i128::from(nanoseconds) * frequency / i128::from(SECOND)) as i64
    };
    block.begin_time = process.start_time + offset;
    block.end_time = block.begin_time + length;
    block.begin_ticks = ticks(offset);
    block.end_ticks = ticks(offset + length);
    match numbers.below(5) {
        0 => (block.begin_ticks, block.end_ticks) = (block.begin_time, block.end_time),
        1 => {
            block.begin_time += 60 * SECOND;
            block.end_time += 60 * SECOND;
        }
        2 => block.begin_ticks = -ticks(SECOND / 1000),
        _ => {}
    }
    block
}

#[tokio::test]
async fn extreme_numbers_are_compared_without_errors() {
    for_each_catalog(async |fixture: &Fixture| {
        let extremes = [i64::MIN, -1, 0, 1, i64::MAX];
        for (owner, extreme) in extremes.into_iter().enumerate() {
            let owner = owner as u64;
            let mut process = process(owner);
            process.tsc_frequency = extreme;
            process.start_time = extreme;
            fixture.catalog.register_process(&process).await.unwrap();
            fixture
                .catalog
                .register_stream(&stream(owner, owner, "log"))
                .await
                .unwrap();
            for (number, end) in extremes.into_iter().enumerate() {
                let mut block = block(owner * 10 + number as u64, owner);
                (block.begin_ticks, block.end_ticks) = (extreme, end);
                (block.begin_time, block.end_time) = (extreme, end);
                fixture.commit(&[block]).await;
            }
        }
        let everything = scan(
            fixture,
            TimeRange {
                begin: i64::MIN,
                end: i64::MAX,
            },
        )
        .await;
        assert_eq!(everything.len(), 25);
        for begin in extremes {
            for end in extremes {
                scan(fixture, TimeRange { begin, end }).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn pruning_works_with_the_other_restrictions_and_over_pages() {
    for_each_catalog(async |fixture: &Fixture| {
        for owner in 0..2 {
            fixture.register(owner).await;
        }
        let infos: Vec<_> = (0..3000).map(|n| block(n, n % 2)).collect();
        fixture.commit(&infos).await;
        let filter = BlockFilter {
            tag: Some("log".to_owned()),
            process_ids: Some(vec![process_id(1)]),
            event_range: Some(TimeRange {
                begin: NOW + 100 * SECOND + SECOND / 2,
                end: NOW + 2600 * SECOND + SECOND / 2,
            }),
            ..BlockFilter::at(fixture.snapshot().await)
        };
        let found = fixture.scan(filter).await;
        // 101 to 2599 overlap; one more on either side lies within the margin.
        assert_eq!(found.len(), 1252);
        assert_eq!(found[0].info.block_id, block_id(99));
        assert_eq!(found[1251].info.block_id, block_id(2601));
    })
    .await;
}

async fn scan(fixture: &Fixture, range: TimeRange) -> Vec<StoredBlock> {
    let filter = BlockFilter {
        event_range: Some(range),
        ..BlockFilter::at(fixture.snapshot().await)
    };
    fixture.scan(filter).await
}
