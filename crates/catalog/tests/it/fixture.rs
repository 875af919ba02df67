//! A fresh catalog on each database, and records to put into it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use bytes::Bytes;
use catalog::{
    BlockFilter, Catalog, CatalogConfig, Clock, CommittedGroup, NewBlock, NewSegment, StoredBlock,
};
use model::{
    BlockId, BlockInfo, InsertTime, ProcessId, ProcessInfo, Properties, StreamId, StreamInfo,
    TRANSIT_FORMAT,
};
use test_kit::Postgres;
use uuid::Uuid;

/// What the clock of a fixture shows until a test sets it.
pub const NOW: i64 = 1_700_000_000_000_000_000;
/// Length of every segment and of every block inside it.
pub const SEGMENT_BYTES: u64 = 1 << 20;
pub const BLOCK_BYTES: u64 = 100;

pub struct Fixture {
    pub catalog: Catalog,
    pub config: CatalogConfig,
    now: Arc<AtomicI64>,
    segments: AtomicU64,
}

/// Run a test on a fresh SQLite file and on a fresh PostgreSQL database.
pub async fn for_each_catalog(test: impl AsyncFn(&Fixture)) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/lake/catalog.db", folder.path().display());
    let fixture = Fixture::new(url).await;
    test(&fixture).await;
    fixture.catalog.close().await;

    let server = Postgres::start().await.unwrap();
    let fixture = Fixture::new(server.create_database().await.unwrap()).await;
    test(&fixture).await;
    fixture.catalog.close().await;
}

impl Fixture {
    async fn new(url: String) -> Self {
        let now = Arc::new(AtomicI64::new(NOW));
        let config = CatalogConfig {
            url,
            max_connections: 4,
            cache_bytes: 8 << 20,
        };
        let clock = clock(&now);
        Self {
            catalog: Catalog::connect_with_clock(&config, clock).await.unwrap(),
            config,
            now,
            segments: AtomicU64::new(0),
        }
    }

    /// Another instance on the same database, with the same clock.
    pub async fn another_catalog(&self) -> Catalog {
        let clock = clock(&self.now);
        Catalog::connect_with_clock(&self.config, clock)
            .await
            .unwrap()
    }

    pub fn set_clock(&self, now: i64) {
        self.now.store(now, Ordering::SeqCst);
    }

    pub fn new_segment(&self) -> NewSegment {
        let number = self.segments.fetch_add(1, Ordering::SeqCst);
        NewSegment {
            key: format!("segments/{number:06}.seg"),
            bytes: SEGMENT_BYTES,
        }
    }

    /// Commit blocks as one group in a segment of their own.
    pub async fn commit(&self, blocks: &[BlockInfo]) -> CommittedGroup {
        let blocks = in_segment(blocks);
        let segment = self.new_segment();
        self.catalog.commit_blocks(&segment, &blocks).await.unwrap()
    }

    /// A registered process with one registered stream; both have the same number.
    pub async fn register(&self, number: u64) {
        self.catalog
            .register_process(&process(number))
            .await
            .unwrap();
        let stream = stream(number, number, "log");
        self.catalog.register_stream(&stream).await.unwrap();
    }

    pub async fn snapshot(&self) -> InsertTime {
        self.catalog.snapshot().await.unwrap()
    }

    /// All blocks that pass the filter.
    pub async fn scan(&self, filter: BlockFilter) -> Vec<StoredBlock> {
        let mut pages = self.catalog.blocks(filter);
        let mut blocks = Vec::new();
        loop {
            let page = pages.next_page().await.unwrap();
            if page.is_empty() {
                return blocks;
            }
            assert!(page.len() <= 1000);
            blocks.extend(page);
        }
    }

    /// Every visible block.
    pub async fn visible(&self) -> Vec<StoredBlock> {
        self.scan(BlockFilter::at(self.snapshot().await)).await
    }
}

fn clock(now: &Arc<AtomicI64>) -> Clock {
    let now = Arc::clone(now);
    Clock::new(move || now.load(Ordering::SeqCst))
}

pub fn in_segment(blocks: &[BlockInfo]) -> Vec<NewBlock> {
    let start = |index: usize| index as u64 * BLOCK_BYTES;
    let blocks = blocks.iter().enumerate();
    blocks
        .map(|(index, info)| NewBlock {
            info: *info,
            range: start(index)..start(index + 1),
        })
        .collect()
}

fn numbered(kind: u128, number: u64) -> Uuid {
    Uuid::from_u128(kind << 120 | u128::from(number))
}

pub fn process_id(number: u64) -> ProcessId {
    numbered(0xa, number).into()
}

pub fn stream_id(number: u64) -> StreamId {
    numbered(0xb, number).into()
}

pub fn block_id(number: u64) -> BlockId {
    numbered(0xc, number).into()
}

pub fn process(number: u64) -> ProcessInfo {
    ProcessInfo {
        process_id: process_id(number),
        exe: format!("/bin/program-{number}"),
        username: "ann".to_owned(),
        realname: "Ann Example".to_owned(),
        computer: "host".to_owned(),
        distro: "linux".to_owned(),
        cpu_brand: "cpu".to_owned(),
        tsc_frequency: 1_000_000,
        start_time: NOW,
        start_ticks: 77,
        parent_process_id: None,
        properties: Properties::from([("version".to_owned(), "1.2".to_owned())]),
    }
}

pub fn stream(number: u64, process: u64, tag: &str) -> StreamInfo {
    StreamInfo {
        stream_id: stream_id(number),
        process_id: process_id(process),
        dependencies_metadata: Bytes::from_static(b"\x80"),
        objects_metadata: Bytes::from_static(b"\x81\x00\xff"),
        tags: vec![tag.to_owned()],
        properties: Properties::new(),
        format: TRANSIT_FORMAT.to_owned(),
    }
}

/// A block of the process and stream with the number `owner`, one second long; its
/// ticks agree with the frequency of [`process`].
pub fn block(number: u64, owner: u64) -> BlockInfo {
    let seconds = number as i64;
    BlockInfo {
        block_id: block_id(number),
        stream_id: stream_id(owner),
        process_id: process_id(owner),
        begin_time: NOW + seconds * 1_000_000_000,
        begin_ticks: seconds * 1_000_000,
        end_time: NOW + (seconds + 1) * 1_000_000_000,
        end_ticks: (seconds + 1) * 1_000_000,
        object_offset: seconds * 10,
        nb_objects: 10,
    }
}

pub fn ids(blocks: &[StoredBlock]) -> Vec<BlockId> {
    blocks.iter().map(|block| block.info.block_id).collect()
}
