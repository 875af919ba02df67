//! Answers that are streamed: they end where they should or with an error.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{Error, GetRange, GetResult, GetResultPayload, Result};

use super::stats::Counters;

/// The store did not send what was asked for.
#[derive(Debug, thiserror::Error)]
#[error("the answer for {start}..{end} of {path} is not those bytes")]
struct WrongAnswer {
    path: String,
    start: u64,
    end: u64,
}

pub(crate) fn wrong_answer(path: &Path, range: &Range<u64>) -> Error {
    Error::Generic {
        store: "lake",
        source: Box::new(WrongAnswer {
            path: path.to_string(),
            start: range.start,
            end: range.end,
        }),
    }
}

/// Watch an answer while it is used.
pub(super) fn guarded(
    result: GetResult,
    requested: Option<GetRange>,
    counters: &Arc<Counters>,
) -> Result<GetResult> {
    let path = result.meta.location.clone();
    let size = result.meta.size;
    let expected = match requested {
        None => 0..size,
        Some(GetRange::Bounded(range)) => range,
        Some(GetRange::Offset(start)) => start..size,
        Some(GetRange::Suffix(length)) => size.saturating_sub(length)..size,
    };
    if result.range != expected {
        return Err(wrong_answer(&path, &expected));
    }
    let payload = match result.payload {
        // Reads itself and knows its length.
        GetResultPayload::File(file, path) => {
            counters.read(expected.end - expected.start);
            GetResultPayload::File(file, path)
        }
        GetResultPayload::Stream(chunks) => {
            let counters = Arc::clone(counters);
            GetResultPayload::Stream(exact(chunks, path, expected, counters))
        }
    };
    Ok(GetResult { payload, ..result })
}

fn exact(
    chunks: BoxStream<'static, Result<Bytes>>,
    path: Path,
    range: Range<u64>,
    counters: Arc<Counters>,
) -> BoxStream<'static, Result<Bytes>> {
    let mut missing = range.end - range.start;
    let end = stream::once(async { Ok(None) });
    let chunks = chunks.map_ok(Some).chain(end);
    let checked = chunks.map(move |chunk| {
        let Some(chunk) = chunk? else {
            return match missing {
                0 => Ok(Bytes::new()),
                _ => Err(wrong_answer(&path, &range)),
            };
        };
        counters.read(chunk.len() as u64);
        match missing.checked_sub(chunk.len() as u64) {
            Some(rest) => missing = rest,
            None => return Err(wrong_answer(&path, &range)),
        }
        Ok(chunk)
    });
    // The mark of the end is not a chunk.
    let checked = checked.try_filter(|chunk| std::future::ready(!chunk.is_empty()));
    checked.boxed()
}
