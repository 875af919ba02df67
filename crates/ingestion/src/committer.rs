//! Group commit: what arrives while earlier groups are being stored is stored together.

use std::sync::Arc;
use std::time::Duration;

use catalog::{Catalog, CommittedGroup, NewSegment};
use lake::{Lake, SegmentKey};
use server_kit::{Counter, ErrorChain};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Config;
use crate::budget::Reservation;
use crate::decode::DecodedBlock;
use crate::group::{Answer, Group, GroupFailed, Pending};
use crate::retry::{self, Committed};

static BLOCKS: Counter = Counter::new("ingestion_blocks_stored", "count");
static BYTES: Counter = Counter::new("ingestion_bytes_stored", "bytes");
static SEGMENTS: Counter = Counter::new("ingestion_segments_written", "count");

/// Why a block is not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommitError {
    QueueFull,
    Stopping,
    /// Logged once, for the whole group.
    GroupFailed,
    /// The group's task panicked.
    Lost,
}

/// The entrance to the group commit. Closing it stores what was accepted.
#[derive(Debug)]
pub(crate) struct Committer {
    queue: mpsc::Sender<Pending>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Committer {
    pub fn start(catalog: Catalog, lake: Lake, config: Arc<Config>) -> Self {
        let (queue, arrivals) = mpsc::channel(config.queue_blocks_max);
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let storage = Storage { catalog, lake };
        let grouping = Grouping {
            arrivals,
            stop: stop.clone(),
            storage,
            config,
            tasks: tasks.clone(),
        };
        tasks.spawn(grouping.run());
        Self { queue, stop, tasks }
    }

    /// Returns when the block is durable and committed, or will not be by this request. Dropping
    /// the future, as a disconnected client does, stops neither the block nor its group.
    pub async fn commit(
        &self,
        block: DecodedBlock,
        reservation: Reservation,
    ) -> Result<(), CommitError> {
        use mpsc::error::TrySendError::{Closed, Full};
        let (sender, outcome) = oneshot::channel();
        let answer = Answer {
            sender,
            reservation,
        };
        let sent = self.queue.try_send(Pending { block, answer });
        sent.map_err(|error| match error {
            Full(_) => CommitError::QueueFull,
            Closed(_) => CommitError::Stopping,
        })?;
        match outcome.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(GroupFailed)) => Err(CommitError::GroupFailed),
            Err(_) => Err(CommitError::Lost),
        }
    }

    /// Accepts nothing more; returns when everything accepted is stored or has failed.
    pub async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Turns the queue into groups, at most `flights_max` under way.
struct Grouping {
    arrivals: mpsc::Receiver<Pending>,
    stop: CancellationToken,
    storage: Storage,
    config: Arc<Config>,
    tasks: TaskTracker,
}

impl Grouping {
    async fn run(mut self) {
        let flights = Arc::new(Semaphore::new(self.config.flights_max));
        let mut left_over = None;
        while let Some(first) = self.next(left_over.take()).await {
            let flight = Arc::clone(&flights).acquire_owned().await;
            // Requests that are ready to run get their turn first, so that a burst is one group.
            tokio::task::yield_now().await;
            let group;
            (group, left_over) = self.gather(first);
            let (storage, timeout) = (self.storage.clone(), self.config.store_timeout);
            self.tasks.spawn(async move {
                let _flight = flight;
                storage.store(group, timeout).await;
            });
        }
    }

    /// The block that did not fit before, or the next one; `None` once closed and empty.
    async fn next(&mut self, left_over: Option<Pending>) -> Option<Pending> {
        if left_over.is_some() {
            return left_over;
        }
        tokio::select! {
            biased;
            next = self.arrivals.recv() => next,
            () = self.stop.cancelled() => {
                self.arrivals.close();
                self.arrivals.recv().await
            }
        }
    }

    /// `first` and what has arrived by now, up to the limits of a segment.
    fn gather(&mut self, first: Pending) -> (Group, Option<Pending>) {
        let mut group = Group::of(first);
        while let Ok(next) = self.arrivals.try_recv() {
            let too_much = group.add(next, &self.config);
            if too_much.is_some() {
                return (group, too_much);
            }
        }
        (group, None)
    }
}

#[derive(Debug, Clone)]
struct Storage {
    catalog: Catalog,
    lake: Lake,
}

#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error("writing the segment")]
    Write(#[source] lake::Error),
    #[error("committing the blocks of a segment")]
    Commit(#[source] catalog::Error),
    #[error("writing and committing took longer than {0:?}")]
    TimedOut(Duration),
}

impl Storage {
    async fn store(&self, mut group: Group, timeout: Duration) {
        let stored = tokio::time::timeout(timeout, self.write_and_commit(&mut group));
        let stored = stored.await.unwrap_or(Err(StoreError::TimedOut(timeout)));
        match stored {
            Ok((segment, committed)) => {
                BLOCKS.add(committed.outcome.new_blocks as u64);
                BYTES.add(group.bytes);
                SEGMENTS.add(1);
                group.answer(Ok(()));
                if committed.outcome.new_blocks == 0 && !committed.was_repeated {
                    self.delete_unreferenced(&segment).await;
                }
            }
            Err(error) => {
                tracing::warn!(
                    error = %ErrorChain(&error),
                    blocks = group.blocks.len(),
                    requests = group.requests(),
                    bytes = group.bytes,
                    "a group of blocks was not stored"
                );
                group.answer(Err(GroupFailed));
            }
        }
    }

    /// After a failed commit the segment stays: the commit may still have taken effect, and
    /// nothing may refer to bytes that are gone. The check finds segments without references.
    async fn write_and_commit(
        &self,
        group: &mut Group,
    ) -> Result<(SegmentKey, Committed<CommittedGroup>), StoreError> {
        let start = Instant::now();
        let parts = std::mem::take(&mut group.parts);
        let written = self.lake.write_segment(parts).await;
        let (key, bytes) = written.map_err(StoreError::Write)?;
        let write_us = start.elapsed().as_micros();
        let segment = NewSegment {
            key: key.as_str().to_owned(),
            bytes,
        };
        let committed = retry::commit(|| self.catalog.commit_blocks(&segment, &group.blocks)).await;
        let committed = committed.map_err(StoreError::Commit)?;
        tracing::debug!(
            segment = segment.key,
            bytes,
            blocks = group.blocks.len(),
            new_blocks = committed.outcome.new_blocks,
            requests = group.requests(),
            write_us,
            total_us = start.elapsed().as_micros(),
            "stored a group"
        );
        Ok((key, committed))
    }

    /// All blocks were known already, so the catalog did not record the segment.
    async fn delete_unreferenced(&self, segment: &SegmentKey) {
        if let Err(error) = self.lake.delete_segment(segment).await {
            let error = ErrorChain(&error);
            tracing::warn!(%error, segment = segment.as_str(), "an unreferenced segment stays");
        }
    }
}
