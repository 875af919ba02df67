//! The body of an answer that does not fit in its first piece.
//!
//! The HTTP server pulls it: when the client reads slowly nothing is pulled, and the query
//! waits. When the client leaves, the body is dropped and with it the query. A timer ends
//! the queries of clients that neither read nor leave.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures::Stream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::error::Error;
use crate::json_stream::{CHUNK_BYTES, JsonStream, Progress};
use crate::log::QueryLog;

/// Room for the last row of a piece, in bytes.
const CHUNK_MARGIN_BYTES: usize = 16 * 1024;

/// A buffer that one huge row has made larger than this is not kept.
const KEPT_BYTES_MAX: usize = 1024 * 1024;

/// How many buffers wait for reuse; the HTTP server holds a few at a time.
const KEPT_BUFFERS_MAX: usize = 4;

/// A query whose answer is being sent.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) json: JsonStream,
    pub(crate) log: QueryLog,
    /// Makes room for another query when this one ends.
    pub(crate) _permit: OwnedSemaphorePermit,
}

/// The rest of an answer, after a first piece that is already written.
#[derive(Debug)]
pub(crate) struct ResultBody {
    first: Option<Vec<u8>>,
    shared: Arc<Mutex<State>>,
    timer: AbortHandle,
    buffers: Arc<Buffers>,
}

#[derive(Debug)]
enum State {
    Running {
        query: Box<Running>,
        reader: Option<Waker>,
    },
    TimedOut,
    Ended,
}

impl ResultBody {
    pub(crate) fn new(first: Vec<u8>, query: Running, deadline: Instant) -> Self {
        let shared = Arc::new(Mutex::new(State::Running {
            query: Box::new(query),
            reader: None,
        }));
        let timer = tokio::spawn(end_at(deadline, Arc::downgrade(&shared)));
        Self {
            first: Some(first),
            shared,
            timer: timer.abort_handle(),
            buffers: Arc::default(),
        }
    }
}

impl Stream for ResultBody {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(self.buffers.lend(first))));
        }
        let mut state = lock(&self.shared);
        let State::Running { query, reader } = &mut *state else {
            let timed_out = matches!(*state, State::TimedOut);
            *state = State::Ended;
            return Poll::Ready(timed_out.then_some(Err(Error::TimedOut)));
        };
        let mut chunk = self.buffers.take();
        let Poll::Ready(progress) = query.json.poll_chunk(cx, &mut chunk) else {
            *reader = Some(cx.waker().clone());
            self.buffers.put_back(chunk);
            return Poll::Pending;
        };
        let item = match progress {
            Ok(Progress::Partial) => return Poll::Ready(Some(Ok(self.buffers.lend(chunk)))),
            Ok(Progress::Complete) => {
                let (rows, bytes) = (query.json.row_count(), query.json.byte_count());
                query.log.completed(rows, bytes);
                Ok(self.buffers.lend(chunk))
            }
            Err(error) => {
                query.log.broken_off(&error);
                Err(error)
            }
        };
        *state = State::Ended;
        Poll::Ready(Some(item))
    }
}

impl Drop for ResultBody {
    fn drop(&mut self) {
        self.timer.abort();
    }
}

/// Ends the query at its deadline, even while nobody reads the body.
async fn end_at(deadline: Instant, shared: Weak<Mutex<State>>) {
    tokio::time::sleep_until(deadline).await;
    let Some(shared) = shared.upgrade() else {
        return;
    };
    let mut state = lock(&shared);
    if let State::Running { query, reader } = &mut *state {
        query.log.broken_off(&Error::TimedOut);
        let reader = reader.take();
        *state = State::TimedOut;
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

/// A panic of a holder leaves the state as it was between two pieces, which is usable.
fn lock(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Buffers of one answer. They return when the HTTP server has sent them, so that an answer
/// of any size needs only a few.
#[derive(Debug, Default)]
struct Buffers {
    free: Mutex<Vec<Vec<u8>>>,
}

impl Buffers {
    fn take(&self) -> Vec<u8> {
        self.free()
            .pop()
            .unwrap_or_else(|| Vec::with_capacity(CHUNK_BYTES + CHUNK_MARGIN_BYTES))
    }

    fn put_back(&self, mut buffer: Vec<u8>) {
        let mut free = self.free();
        if buffer.capacity() <= KEPT_BYTES_MAX && free.len() < KEPT_BUFFERS_MAX {
            buffer.clear();
            free.push(buffer);
        }
    }

    fn lend(self: &Arc<Self>, buffer: Vec<u8>) -> Bytes {
        Bytes::from_owner(Lent {
            buffer,
            home: self.clone(),
        })
    }

    fn free(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Lent {
    buffer: Vec<u8>,
    home: Arc<Buffers>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.home.put_back(std::mem::take(&mut self.buffer));
    }
}
