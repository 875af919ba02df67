use std::sync::LazyLock;
use std::time::Duration;

use object_store::ObjectStoreExt;
use test_kit::{Fault, FaultStore, Faults, S3Server};

use super::*;
use crate::Lake;
use crate::probe::Probe;

const MIB: u64 = 1 << 20;
const LENGTH: u64 = 5 * MIB;

/// Bytes that tell where they belong.
static CONTENT: LazyLock<Bytes> =
    LazyLock::new(|| (0..LENGTH as u32 / 4).flat_map(u32::to_le_bytes).collect());

fn content() -> Bytes {
    CONTENT.clone()
}

fn truth(range: Range<u64>) -> Bytes {
    content().slice(range.start as usize..range.end as usize)
}

fn path() -> Path {
    "views/set/global/object".into()
}

/// A lake over a store that counts, which holds the content.
async fn probed(probe: &Probe, cache_bytes: u64) -> Lake {
    probe.memory.put(&path(), content().into()).await.unwrap();
    Lake::of_store(Arc::new(probe.clone())).with_cache(cache_bytes)
}

async fn get_ranges(lake: &Lake, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
    lake.object_store().get_ranges(&path(), ranges).await
}

/// What every store must do, with a cache and without.
async fn check_store(lake: Lake, write: &dyn ObjectStore) {
    write.put(&path(), content().into()).await.unwrap();
    for cache_bytes in [0, 64 * MIB] {
        let lake = lake.clone().with_cache(cache_bytes);
        // The second time from memory, if it is kept.
        for _ in 0..2 {
            check_reading(&lake).await;
            check_ends(&lake).await;
        }
        let stats = lake.cache_stats();
        assert_eq!(stats.hits > 0, cache_bytes > 0, "{stats:?}");
        assert_eq!(stats.bytes > 0, cache_bytes > 0, "{stats:?}");
        assert!(stats.read_bytes > LENGTH, "{stats:?}");
    }
    check_refusals(&lake).await;
}

async fn check_reading(lake: &Lake) {
    let store = lake.object_store();
    let ranges = [
        10..20,
        0..15,
        7..7,
        3 * MIB..3 * MIB + 9,
        0..3 * MIB,
        LENGTH - 1..LENGTH,
    ];
    let read = get_ranges(lake, &ranges).await.unwrap();
    assert!(read == ranges.clone().map(truth));
    assert!(get_ranges(lake, &[]).await.unwrap().is_empty());
    for range in ranges.into_iter().filter(|range| !range.is_empty()) {
        let read = store.get_range(&path(), range.clone()).await.unwrap();
        assert!(read == truth(range));
    }
    let head = store.head(&path()).await.unwrap();
    let options = GetOptions {
        range: Some((100..200).into()),
        ..GetOptions::default()
    };
    let part = store.get_opts(&path(), options).await.unwrap();
    assert_eq!(part.range, 100..200);
    assert_eq!((&part.meta.location, part.meta.size), (&path(), LENGTH));
    assert_eq!((&head.location, head.size), (&path(), LENGTH));
    assert!(part.bytes().await.unwrap() == truth(100..200));
    for (range, expected) in [
        (None, 0..LENGTH),
        (Some(GetRange::Suffix(9)), LENGTH - 9..LENGTH),
        (Some(GetRange::Offset(5)), 5..LENGTH),
    ] {
        let options = GetOptions {
            range,
            ..GetOptions::default()
        };
        let result = store.get_opts(&path(), options).await.unwrap();
        assert!(result.bytes().await.unwrap() == truth(expected));
    }
    let listed: Vec<_> = store
        .list(Some(&"views".into()))
        .try_collect()
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].location, path());
    let listed = store
        .list_with_delimiter(Some(&"views/set/global".into()))
        .await
        .unwrap();
    assert_eq!(listed.objects.len(), 1);
}

/// Nothing is read that is not there.
async fn check_ends(lake: &Lake) {
    let store = lake.object_store();
    #[allow(clippy::reversed_empty_ranges, reason = "what must be refused")]
    for range in [
        LENGTH - 1..LENGTH + 1,
        LENGTH..LENGTH + 1,
        0..LENGTH + 1,
        0..u64::MAX,
        u64::MAX - 1..u64::MAX,
        5..4,
    ] {
        let error = get_ranges(lake, &[0..4, range.clone()]).await;
        assert!(error.is_err(), "{range:?}");
        if !range.is_empty() {
            let error = store.get_range(&path(), range.clone()).await;
            assert!(error.is_err(), "{range:?}");
        }
    }
    let missing: Path = "views/set/global/missing".into();
    for result in [
        store.get_range(&missing, 0..1).await.map(drop),
        store.get_ranges(&missing, &[0..1, 5..6]).await.map(drop),
        store.get(&missing).await.map(drop),
        store.head(&missing).await.map(drop),
    ] {
        assert!(matches!(result, Err(Error::NotFound { .. })), "{result:?}");
    }
}

async fn check_refusals(lake: &Lake) {
    let store = lake.object_store();
    let other: Path = "views/other".into();
    for result in [
        store.put(&path(), "x".into()).await.map(drop),
        store.put(&other, "x".into()).await.map(drop),
        store.put_multipart(&other).await.map(drop),
        store.copy(&path(), &other).await,
        store.rename(&path(), &other).await,
        store.delete(&path()).await,
        store.delete(&other).await,
    ] {
        assert!(
            matches!(result, Err(Error::NotSupported { .. })),
            "{result:?}"
        );
    }
    assert_eq!(store.head(&path()).await.unwrap().size, LENGTH);
    assert!(matches!(
        store.head(&other).await,
        Err(Error::NotFound { .. })
    ));
}

#[tokio::test]
async fn memory() {
    let lake = Lake::open("memory:///", []).unwrap();
    let store = lake.store_of_tests();
    check_store(lake, &store).await;
}

#[tokio::test]
async fn folder() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open_folder(folder.path()).unwrap();
    let temporary = folder.path().join("views/set/global/half.parquet.tmp");
    std::fs::create_dir_all(temporary.parent().unwrap()).unwrap();
    std::fs::write(temporary, b"not listed").unwrap();
    let store = lake.store_of_tests();
    check_store(lake, &store).await;
}

#[tokio::test]
async fn s3() {
    let server = S3Server::start().await.unwrap();
    let uri = format!("s3://{}/with/prefix", server.bucket());
    let lake = Lake::open(&uri, server.environment()).unwrap();
    let store = lake.store_of_tests();
    check_store(lake, &store).await;
    let reader = Reader::new(Source::Store(store), 1);
    let text = format!("{reader} {reader:?}");
    assert!(!text.contains(server.secret_key()), "{text}");
}

#[tokio::test]
async fn small_ranges_are_read_once_and_large_ones_each_time() {
    let probe = Probe::open();
    let lake = probed(&probe, 64 * MIB).await;
    let small = [0..10, 4 * MIB..5 * MIB];
    for round in 0..3 {
        assert!(get_ranges(&lake, &small).await.unwrap() == small.clone().map(truth));
        let stats = lake.cache_stats();
        assert_eq!((stats.hits, stats.misses), (2 * round, 2), "{stats:?}");
        assert_eq!(stats.read_bytes, MIB + 10);
        assert_eq!(probe.reads(), 2);
    }
    let other_face = lake.object_store();
    other_face.get_range(&path(), 0..10).await.unwrap();
    assert_eq!((lake.cache_stats().hits, probe.reads()), (5, 2));

    let before = lake.cache_stats();
    for _ in 0..2 {
        get_ranges(&lake, &[0..MIB + 1]).await.unwrap();
        other_face.get_range(&path(), 0..MIB + 1).await.unwrap();
    }
    let stats = lake.cache_stats();
    assert_eq!(probe.reads(), 6);
    assert_eq!(stats.read_bytes, before.read_bytes + 4 * (MIB + 1));
    assert_eq!(
        (stats.hits, stats.misses, stats.bytes),
        (before.hits, before.misses, before.bytes)
    );
}

#[tokio::test]
async fn only_what_is_missing_is_read_and_neighbours_together() {
    let probe = Probe::open();
    let lake = probed(&probe, 64 * MIB).await;
    let ranges = [0..10, 20..30, 40..50, 4 * MIB..4 * MIB + 10];
    get_ranges(&lake, &ranges[1..2]).await.unwrap();
    assert_eq!(probe.reads(), 1);
    assert!(get_ranges(&lake, &ranges).await.unwrap() == ranges.map(truth));
    // The three that were missing are two reads.
    assert_eq!(probe.reads(), 3);
    let stats = lake.cache_stats();
    assert_eq!(
        (stats.hits, stats.misses, stats.read_bytes),
        (1, 4, 10 + 50 + 10)
    );
}

#[tokio::test]
async fn what_is_held_is_bounded() {
    let probe = Probe::open();
    let bound = 2 * MIB;
    let lake = probed(&probe, bound).await;
    let step = 64 << 10;
    for start in (0..LENGTH).step_by(step) {
        let range = start..start + step as u64;
        assert!(
            get_ranges(&lake, std::slice::from_ref(&range))
                .await
                .unwrap()[0]
                == truth(range)
        );
        let held = lake.cache_stats().bytes;
        assert!(held <= bound, "{held}");
    }
    assert!(lake.cache_stats().bytes > bound / 2);
    // All at once, and one that is larger than the cache.
    let all: Vec<_> = (0..LENGTH)
        .step_by(step)
        .map(|start| start..start + step as u64)
        .collect();
    get_ranges(&lake, &all).await.unwrap();
    assert!(lake.cache_stats().bytes <= bound);
    let tiny = lake.with_cache(1000);
    get_ranges(&tiny, &[0..MIB]).await.unwrap();
    assert_eq!(tiny.cache_stats().bytes, 0);
}

#[tokio::test]
async fn reads_of_one_call_are_bounded() {
    let probe = Probe::closed();
    for cache_bytes in [0, MIB] {
        let store = probed(&probe, cache_bytes).await.object_store();
        let (object, before) = (path(), probe.reads());
        let ranges: Vec<_> = (0..100).map(|n| n * 4 * MIB..n * 4 * MIB + 1).collect();
        let mut read = store.get_ranges(&object, &ranges);
        assert!(futures::poll!(&mut read).is_pending());
        while probe.reads() < before + 8 {
            tokio::task::yield_now().await;
        }
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(probe.reads(), before + 8);
    }
}

#[tokio::test]
async fn concurrent_misses_are_one_read() {
    let probe = Probe::closed();
    let lake = probed(&probe, 64 * MIB).await;
    let store = lake.object_store();
    let readers: Vec<_> = (0..20)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.get_range(&path(), 5..500).await })
        })
        .collect();
    // More would be let through.
    probe.let_pass(100);
    for reader in readers {
        assert_eq!(reader.await.unwrap().unwrap(), truth(5..500));
    }
    assert_eq!(probe.reads(), 1);
    let stats = lake.cache_stats();
    assert_eq!((stats.hits, stats.misses, stats.read_bytes), (19, 1, 495));
}

#[tokio::test]
async fn a_reader_that_nobody_polls_or_that_goes_away_keeps_nobody_waiting() {
    for goes_away in [false, true] {
        let probe = Probe::closed();
        let lake = probed(&probe, 64 * MIB).await;
        let store = lake.object_store();
        let ranges = [5..500];
        let object = path();
        let mut first = store.get_ranges(&object, &ranges);
        assert!(futures::poll!(&mut first).is_pending());
        while probe.reads() == 0 {
            tokio::task::yield_now().await;
        }
        let first = (!goes_away).then_some(first);
        probe.let_pass(100);
        assert_eq!(
            store.get_range(&object, 5..500).await.unwrap(),
            truth(5..500)
        );
        if let Some(first) = first {
            assert_eq!(first.await.unwrap(), [truth(5..500)]);
            assert_eq!(probe.reads(), 1);
        }
    }
}

#[tokio::test]
async fn failures_are_shared_by_those_who_wait_and_not_kept() {
    let probe = Probe::open();
    probe.memory.put(&path(), content().into()).await.unwrap();
    let faults = Faults::new(1);
    let store = FaultStore::new(Arc::new(probe.clone()), faults.clone());
    let lake = Lake::of_store(Arc::new(store)).with_cache(64 * MIB);
    for fault in [Fault::Failure, Fault::Truncation] {
        faults.set(fault, 1.0);
        for _ in 0..2 {
            get_ranges(&lake, &[0..10, 20..30]).await.unwrap_err();
        }
        assert_eq!(lake.cache_stats().bytes, 0);
        faults.calm();
    }
    assert_eq!(faults.count(Fault::Failure), 2);
    assert_eq!(faults.count(Fault::Truncation), 2);
    assert_eq!(get_ranges(&lake, &[0..10]).await.unwrap(), [truth(0..10)]);

    let missing: Path = "views/late".into();
    let face = lake.object_store();
    let late = [
        face.get_range(&missing, 0..1),
        face.get_range(&missing, 0..1),
    ];
    for result in futures::future::join_all(late).await {
        assert!(matches!(result, Err(Error::NotFound { .. })), "{result:?}");
    }
    probe.memory.put(&missing, "x".into()).await.unwrap();
    assert_eq!(face.get_range(&missing, 0..1).await.unwrap(), "x");
}

#[tokio::test]
async fn a_streamed_answer_that_ends_early_is_an_error() {
    let probe = Probe::open();
    probe.memory.put(&path(), content().into()).await.unwrap();
    let faults = Faults::new(1);
    let store = FaultStore::new(Arc::new(probe), faults.clone());
    let face = Lake::of_store(Arc::new(store)).object_store();
    faults.set(Fault::Truncation, 1.0);
    for range in [None, Some(GetRange::Suffix(9)), Some((0..2 * MIB).into())] {
        let options = GetOptions {
            range,
            ..GetOptions::default()
        };
        let result = face.get_opts(&path(), options).await.unwrap();
        result.bytes().await.unwrap_err();
    }
    assert_eq!(faults.count(Fault::Truncation), 3);
}

/// Thousands of reads of a store that fails in all ways: errors, never other bytes.
#[tokio::test]
async fn whatever_the_store_does_no_wrong_bytes_are_read() {
    let memory = Lake::open("memory:///", []).unwrap();
    let store = memory.store_of_tests();
    store.put(&path(), content().into()).await.unwrap();
    let (segment, _) = memory.write_segment(vec![content()]).await.unwrap();
    let faults = Faults::new(20);
    faults.set_longest_delay(Duration::from_micros(20));
    let faulty = FaultStore::new(store, faults.clone());
    // Small, so that much is read again and again.
    let lake = Lake::of_store(Arc::new(faulty)).with_cache(256 << 10);
    for fault in [Fault::Delay, Fault::Failure, Fault::Truncation] {
        faults.set(fault, 0.2);
    }
    let (truth, face) = (content(), lake.object_store());
    let mut random = Random(99);
    let (mut good, mut bad) = (0, 0);
    for _ in 0..1000 {
        let calls = (0..4).map(|_| {
            let ranges = random.ranges();
            let (lake, face, segment, object) = (&lake, &face, &segment, path());
            let way = random.below(3);
            async move {
                let read = match way {
                    0 => face.get_ranges(&object, &ranges).await.ok(),
                    1 => lake.read_segment(segment, &ranges).await.ok(),
                    _ => {
                        let read = face.get_range(&object, ranges[0].clone()).await;
                        read.ok().map(|bytes| vec![bytes])
                    }
                };
                (ranges, read)
            }
        });
        let calls: Vec<_> = calls.collect();
        for (ranges, read) in futures::future::join_all(calls).await {
            let Some(read) = read else {
                bad += 1;
                continue;
            };
            good += 1;
            for (range, bytes) in ranges.iter().zip(read) {
                assert!(
                    bytes == truth[range.start as usize..range.end as usize],
                    "{range:?}"
                );
            }
        }
    }
    assert!(good > 1000 && bad > 500, "{good} {bad}");
    for fault in [Fault::Delay, Fault::Failure, Fault::Truncation] {
        assert!(
            faults.count(fault) > 300,
            "{fault:?} {}",
            faults.count(fault)
        );
    }
    let stats = lake.cache_stats();
    assert!(stats.hits > 300 && stats.bytes <= 256 << 10, "{stats:?}");
}

/// A linear congruential generator is random enough for choosing ranges.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % bound
    }

    /// One to three; few small ones, so that they meet, and sometimes a large one.
    fn ranges(&mut self) -> Vec<Range<u64>> {
        let count = 1 + self.below(3);
        let ranges = (0..count).map(|_| match self.below(12) {
            0 => self.below(MIB)..2 * MIB + 1 + self.below(MIB),
            _ => {
                let start = self.below(40) * 100_000;
                start..start + 1 + self.below(3) * 5000
            }
        });
        ranges.collect()
    }
}
