//! The rows of a file, batch by batch as they are asked for.

use bytes::{Buf, Bytes, BytesMut};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use futures::TryStreamExt;
use lake::{StaticContent, StaticFile, StaticFiles};

use super::error::Error;
use super::format::{Decoder, Format};
use super::sample::{SAMPLE_BYTES, without_mark};

/// The longest file that is read.
pub(super) const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What a byte of a file may cost until it is part of a batch: decoders keep positions of values.
const BYTES_PER_BYTE: usize = 10;

/// Longer chunks are decoded bit by bit, so that the reservation keeps up.
const CHUNK_BYTES: usize = 64 * 1024;

/// A file that is about to be read.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub table: String,
    pub files: StaticFiles,
    pub file: StaticFile,
    pub format: Format,
    pub schema: SchemaRef,
    pub batch_rows: usize,
}

/// A file that is being read.
pub(super) struct Rows {
    table: String,
    content: StaticContent,
    decoder: Decoder,
    /// Read and not yet decoded.
    waiting: Bytes,
    has_ended: bool,
    /// For what was decoded and is in no batch yet.
    memory: MemoryReservation,
}

impl Source {
    pub async fn open(self, memory: MemoryReservation) -> Result<Rows> {
        let Self { table, .. } = self;
        let unreadable = |source| Error::Unreadable {
            table: table.clone(),
            source,
        };
        let mut content = self.files.read(&self.file).await.map_err(unreadable)?;
        if content.bytes > FILE_BYTES_MAX {
            return Err(Error::TooLarge { table }.into());
        }
        let begin = begin(&mut content, self.format).await;
        let (begin, has_ended) = begin.map_err(unreadable)?;
        let begin = begin.slice_ref(without_mark(&begin));
        let header = self.format.header_bytes(&begin).unwrap_or(begin.len());
        let decoder = self
            .format
            .decoder(&begin[..header], &self.schema, self.batch_rows)
            .map_err(|error| Error::malformed(&table, &error))?;
        Ok(Rows {
            table,
            content,
            decoder,
            waiting: begin,
            has_ended,
            memory,
        })
    }
}

impl Rows {
    pub async fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            self.fill().await?;
            let is_full = self.decode()?;
            if !is_full && !self.has_ended {
                continue;
            }
            let batch = self
                .decoder
                .flush()
                .map_err(|error| self.malformed(&error))?;
            self.memory.free();
            if batch.is_some() || (self.waiting.is_empty() && self.has_ended) {
                return Ok(batch);
            }
        }
    }

    async fn fill(&mut self) -> Result<()> {
        while self.waiting.is_empty() && !self.has_ended {
            let chunk = self.content.chunks.try_next().await;
            match chunk.map_err(|error| self.unreadable(error))? {
                Some(chunk) => self.waiting = chunk,
                None => self.has_ended = true,
            }
        }
        Ok(())
    }

    /// Decode what waits, or a part of it. Whether a batch is full.
    fn decode(&mut self) -> Result<bool> {
        let part = self.waiting.len().min(CHUNK_BYTES);
        self.memory.try_grow(part * BYTES_PER_BYTE)?;
        let taken = self.decoder.decode(&self.waiting[..part]);
        let taken = taken.map_err(|error| self.malformed(&error))?;
        self.waiting.advance(taken);
        Ok(taken < part)
    }

    fn malformed(&self, error: &ArrowError) -> Error {
        Error::malformed(&self.table, error)
    }

    fn unreadable(&self, source: lake::Error) -> Error {
        Error::Unreadable {
            table: self.table.clone(),
            source,
        }
    }
}

/// Enough of the file to see its header, and whether that is all of it.
async fn begin(content: &mut StaticContent, format: Format) -> lake::Result<(Bytes, bool)> {
    /// A mark at the begin of the file has so many.
    const MARK_BYTES: usize = 3;
    let mut begin = BytesMut::new();
    while begin.len() < MARK_BYTES || format.header_bytes(&begin).is_none() {
        match content.chunks.try_next().await? {
            Some(chunk) => begin.extend_from_slice(&chunk),
            None => return Ok((begin.freeze(), true)),
        }
        if begin.len() > SAMPLE_BYTES {
            break;
        }
    }
    Ok((begin.freeze(), false))
}
