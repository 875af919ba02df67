//! Reads a request body into memory, within the byte budget, the size limit and the time limits.

use axum::body::{Body, BodyDataStream, HttpBody};
use bytes::Bytes;
use futures::StreamExt;
use tokio::time::{Instant, timeout_at};

use crate::Config;
use crate::budget::{ByteBudget, Reservation};
use crate::refusal::Refusal;

#[cfg(test)]
mod tests;

/// First reservation for a body of unknown length; it doubles from there.
const FIRST_RESERVATION: usize = 64 * 1024;

/// A body whose bytes are accounted until the reservation is dropped.
#[derive(Debug)]
pub(crate) struct Received {
    pub bytes: Bytes,
    pub reservation: Reservation,
}

/// A declared length is reserved before the first byte is read; a body without one reserves ahead
/// of what it sends.
pub(crate) async fn receive(
    body: Body,
    budget: &ByteBudget,
    config: &Config,
) -> Result<Received, Refusal> {
    let declared = body.size_hint().exact();
    let mut pieces = Pieces {
        stream: body.into_data_stream(),
        deadline: Instant::now() + config.body_timeout,
        config,
    };
    match declared {
        Some(length) => {
            let length = usize::try_from(length)
                .ok()
                .filter(|length| *length <= config.body_bytes_max)
                .ok_or(Refusal::DeclaredTooLarge)?;
            let reservation = budget.reserve(length)?;
            let bytes = pieces.read_declared(length).await?;
            Ok(Received { bytes, reservation })
        }
        None => pieces.read_open_ended(budget).await,
    }
}

/// The pieces of a body as they arrive.
struct Pieces<'a> {
    stream: BodyDataStream,
    deadline: Instant,
    config: &'a Config,
}

impl Pieces<'_> {
    /// `None` at the end of the body.
    async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        let idle = Instant::now() + self.config.body_idle_timeout;
        let piece = timeout_at(idle.min(self.deadline), self.stream.next()).await;
        piece
            .map_err(|_| Refusal::UploadTooSlow)?
            .transpose()
            .map_err(Refusal::Upload)
    }

    /// The transport guarantees that no more than the declared bytes arrive.
    async fn read_declared(&mut self, length: usize) -> Result<Bytes, Refusal> {
        let Some(first) = self.next().await? else {
            return Ok(Bytes::new());
        };
        if first.len() == length {
            return Ok(first);
        }
        let mut buffer = Vec::with_capacity(length);
        buffer.extend_from_slice(&first);
        drop(first);
        while let Some(piece) = self.next().await? {
            buffer.extend_from_slice(&piece);
        }
        Ok(buffer.into())
    }

    async fn read_open_ended(&mut self, budget: &ByteBudget) -> Result<Received, Refusal> {
        let limit = self.config.body_bytes_max;
        let mut reservation = budget.reserve(FIRST_RESERVATION.min(limit))?;
        let mut buffer = Vec::with_capacity(reservation.bytes());
        while let Some(piece) = self.next().await? {
            let length = buffer.len() + piece.len();
            if length > limit {
                return Err(Refusal::TooLarge);
            }
            if length > reservation.bytes() {
                reservation.grow_to(length.max(2 * reservation.bytes()).min(limit))?;
                buffer.reserve_exact(reservation.bytes() - buffer.len());
            }
            buffer.extend_from_slice(&piece);
        }
        buffer.shrink_to_fit();
        reservation.shrink_to(buffer.len());
        Ok(Received {
            bytes: buffer.into(),
            reservation,
        })
    }
}
