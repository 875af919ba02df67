//! What the begin of a file says of its rows.

use bytes::BytesMut;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use futures::TryStreamExt;
use lake::{StaticContent, StaticFile, StaticFiles};

use super::format::Format;

/// So much of a file is read to tell its columns; most files are shorter.
pub(super) const SAMPLE_BYTES: usize = 1024 * 1024;

/// Bytes of the rows of one batch, roughly.
const BATCH_BYTES: usize = 1024 * 1024;
const BATCH_ROWS_MAX: usize = 8192;
/// What a value costs a decoder, however short it is.
const VALUE_BYTES: usize = 16;

/// What queries know of a file before they read it.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    pub schema: SchemaRef,
    pub batch_rows: usize,
}

/// Why a file is no table, for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("the file can not be read")]
    Unreadable(#[source] lake::Error),
    #[error("the file can not be a table")]
    Malformed(#[source] ArrowError),
}

pub(super) async fn columns(
    files: &StaticFiles,
    file: &StaticFile,
    format: Format,
) -> Result<Columns, Error> {
    let content = files.read(file).await.map_err(Error::Unreadable)?;
    let (bytes, is_whole) = begin(content).await.map_err(Error::Unreadable)?;
    let bytes = without_mark(&bytes);
    let rows = match is_whole {
        true => bytes,
        false => format.whole_rows(bytes),
    };
    if rows.is_empty() && !bytes.is_empty() {
        let reason = format!("a row is longer than {SAMPLE_BYTES} bytes");
        return Err(Error::Malformed(ArrowError::SchemaError(reason)));
    }
    let (schema, count) = format.columns(rows).map_err(Error::Malformed)?;
    let values = schema.flattened_fields().len() * VALUE_BYTES;
    let row_bytes = (rows.len() / count.max(1)).max(values).max(1);
    Ok(Columns {
        schema,
        batch_rows: (BATCH_BYTES / row_bytes).clamp(1, BATCH_ROWS_MAX),
    })
}

/// The first bytes, and whether they are all.
async fn begin(mut content: StaticContent) -> lake::Result<(BytesMut, bool)> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = content.chunks.try_next().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > SAMPLE_BYTES {
            bytes.truncate(SAMPLE_BYTES);
            return Ok((bytes, false));
        }
    }
    Ok((bytes, true))
}

/// Without the mark by which some programs say that a text is UTF-8.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}
