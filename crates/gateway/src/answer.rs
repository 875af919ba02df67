//! One query from its request to its answer.

use std::future::poll_fn;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::Gateway;
use crate::error::Error;
use crate::json_stream::{CHUNK_BYTES, JsonStream, Progress};
use crate::log::QueryLog;
use crate::origin::{Origin, REQUEST_ID};
use crate::request::QueryRequest;
use crate::result_body::{ResultBody, Running};

/// How long the first rows wait for the end of a short result.
const FIRST_PIECE_PATIENCE: Duration = Duration::from_millis(5);

/// Answers a query; every answer carries its request id.
pub(crate) async fn answer(gateway: &Gateway, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let origin = Origin::of(&head);
    let mut log = QueryLog::new(&origin);
    let mut response = match begin(gateway, &head.headers, body, &origin, &log).await {
        Ok(begun) => begun.into_response(log),
        Err(error) => {
            log.failed(&error);
            error.into_response()
        }
    };
    response
        .headers_mut()
        .insert(REQUEST_ID, origin.response_id());
    response
}

/// A query whose first rows are there: from here on the status is 200.
struct Begun {
    first: Vec<u8>,
    progress: Progress,
    json: JsonStream,
    permit: OwnedSemaphorePermit,
    deadline: Instant,
}

/// Runs the query up to its first piece of output, so that whatever fails until then can be
/// told with a status.
async fn begin(
    gateway: &Gateway,
    headers: &HeaderMap,
    body: Body,
    origin: &Origin,
    log: &QueryLog,
) -> Result<Begun, Error> {
    let config = &gateway.config;
    // Taken before the body is read: this bounds the memory of bodies as well.
    let permit = gateway.permits.clone().try_acquire_owned();
    let permit = permit.map_err(|_| Error::Busy)?;
    let query = QueryRequest::read(body, config).await?;
    let metadata = origin.metadata(headers, &query)?;
    log.accepted(origin, &query);

    let deadline = Instant::now() + config.query_timeout;
    let first_rows = async {
        let batches = gateway.client.query(&query.sql, metadata).await?;
        let json = JsonStream::new(batches, config.result_bytes_max)?;
        first_piece(json).await
    };
    let (json, first, progress) = tokio::time::timeout_at(deadline, first_rows)
        .await
        .map_err(|_| Error::TimedOut)??;
    Ok(Begun {
        first,
        progress,
        json,
        permit,
        deadline,
    })
}

/// Writes the first rows, and the end as well if it follows at once, which it does for short
/// results: these then go out whole.
async fn first_piece(mut json: JsonStream) -> Result<(JsonStream, Vec<u8>, Progress), Error> {
    let mut first = Vec::new();
    let mut progress = poll_fn(|cx| json.poll_chunk(cx, &mut first)).await?;
    let patience = Instant::now() + FIRST_PIECE_PATIENCE;
    while progress == Progress::Partial && first.len() < CHUNK_BYTES {
        let more = poll_fn(|cx| json.poll_chunk(cx, &mut first));
        match tokio::time::timeout_at(patience, more).await {
            Ok(polled) => progress = polled?,
            Err(_) => break,
        }
    }
    Ok((json, first, progress))
}

impl Begun {
    fn into_response(self, mut log: QueryLog) -> Response {
        let body = match self.progress {
            // A short answer goes out in one write, with its length.
            Progress::Complete => {
                log.completed(self.json.row_count(), self.json.byte_count());
                Body::from(self.first)
            }
            Progress::Partial => {
                let query = Running {
                    json: self.json,
                    log,
                    _permit: self.permit,
                };
                Body::from_stream(ResultBody::new(self.first, query, self.deadline))
            }
        };
        let json = HeaderValue::from_static("application/json");
        ([(CONTENT_TYPE, json)], body).into_response()
    }
}
