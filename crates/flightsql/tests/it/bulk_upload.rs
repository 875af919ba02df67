//! Uploads for bulk ingestion, as a Flight client sends them.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray};
use arrow_flight::FlightData;
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::sql::{CommandStatementIngest, DoPutUpdateResult};
use futures::{TryStreamExt, stream};
use prost::Message;
use tonic::{Code, Status};

use crate::callers::guarded;
use crate::harness::{Headers, TestServer, descriptor, with_headers};

const ID: &str = "7b3a1d52-8c07-4f0e-9a6e-0d4b8e7c2f10";

fn payloads(ids: &[&str]) -> RecordBatch {
    let texts = || -> ArrayRef { Arc::new(StringArray::from(ids.to_vec())) };
    let payload: ArrayRef = Arc::new(BinaryArray::from_iter_values(ids));
    RecordBatch::try_from_iter(vec![
        ("process_id", texts()),
        ("stream_id", texts()),
        ("block_id", texts()),
        ("payload", payload),
    ])
    .unwrap()
}

async fn messages(table: &str, batches: &[RecordBatch]) -> Vec<FlightData> {
    let command = CommandStatementIngest {
        table: table.to_owned(),
        ..CommandStatementIngest::default()
    };
    let batches: Vec<_> = batches.iter().cloned().map(Ok).collect();
    FlightDataEncoderBuilder::new()
        .with_flight_descriptor(Some(descriptor(&command)))
        .build(stream::iter(batches))
        .try_collect()
        .await
        .unwrap()
}

async fn put(
    server: &TestServer,
    messages: Vec<FlightData>,
    headers: Headers<'_>,
) -> Result<i64, Status> {
    let upload = with_headers(stream::iter(messages), headers);
    let results = server.flight().do_put(upload).await?.into_inner();
    let results: Vec<_> = results.try_collect().await?;
    assert_eq!(results.len(), 1);
    let result = DoPutUpdateResult::decode(results[0].app_metadata.clone()).unwrap();
    Ok(result.record_count)
}

#[tokio::test]
async fn rows_received_are_counted_also_when_they_are_known() {
    let server = TestServer::start().await;
    let batches = [payloads(&[ID]), payloads(&[ID, ID])];
    for _ in 0..2 {
        let messages = messages("payloads", &batches).await;
        assert_eq!(put(&server, messages, &[]).await.unwrap(), 3);
    }
}

#[tokio::test]
async fn only_administrators_upload() {
    let server = guarded().await;
    for (bearer, is_admin) in [
        ("Bearer admin", true),
        ("Bearer user", false),
        ("Bearer key", false),
    ] {
        let messages = messages("payloads", &[payloads(&[ID])]).await;
        let outcome = put(&server, messages, &[("authorization", bearer)]).await;
        match outcome {
            Ok(count) => assert!(is_admin && count == 1, "{bearer}"),
            Err(status) => {
                assert!(!is_admin, "{bearer}: {status}");
                assert_eq!(status.code(), Code::PermissionDenied);
                assert_eq!(status.message(), "bulk_ingest requires admin privileges");
            }
        }
    }
}

#[tokio::test]
async fn what_the_client_can_mend_is_said_in_a_sentence() {
    let server = TestServer::start().await;
    let good = payloads(&[ID]);
    let without = |column: &str| {
        let index = good.schema().index_of(column).unwrap();
        let kept: Vec<_> = (0..good.num_columns()).filter(|at| *at != index).collect();
        good.project(&kept).unwrap()
    };
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec![ID]));
    let wrong_type = RecordBatch::try_from_iter(vec![
        ("process_id", Arc::clone(&texts)),
        ("stream_id", Arc::clone(&texts)),
        ("block_id", texts),
        ("payload", numbers),
    ]);
    for (table, batch, expected) in [
        (
            "Payloads",
            good.clone(),
            "unknown table \"Payloads\": bulk ingestion knows processes, streams, blocks and \
             payloads",
        ),
        (
            "payloads",
            without("payload"),
            "table payloads needs a column \"payload\"",
        ),
        (
            "payloads",
            wrong_type.unwrap(),
            "column \"payload\" of table payloads has type Int64, but must be binary",
        ),
        (
            "payloads",
            payloads(&[ID, "no-id"]),
            "column \"block_id\" of table payloads, row 1: not a UUID",
        ),
    ] {
        let messages = messages(table, &[batch]).await;
        let status = put(&server, messages, &[]).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        assert_eq!(status.message(), expected);
    }
}

#[tokio::test]
async fn a_damaged_upload_is_an_error_and_the_server_goes_on() {
    let server = TestServer::start().await;
    let good = messages("payloads", &[payloads(&[ID])]).await;
    let mut cut = good.clone();
    cut[1].data_body = cut[1].data_body.slice(..8);
    let mut garbage = good.clone();
    garbage[1].data_header = vec![0xff; 64].into();
    for damaged in [cut, garbage] {
        let status = put(&server, damaged, &[]).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    }
    assert_eq!(put(&server, good, &[]).await.unwrap(), 1);
}

/// One bit of each byte of each header is another one: an answer, and no call that panics.
#[tokio::test]
async fn headers_with_a_wrong_bit_do_no_harm() {
    let server = TestServer::start().await;
    let good = messages("payloads", &[payloads(&[ID])]).await;
    for (index, message) in good.iter().enumerate() {
        for byte in 0..message.data_header.len() {
            let mut header = message.data_header.to_vec();
            header[byte] ^= 1 << (byte % 8);
            let mut damaged = good.clone();
            damaged[index].data_header = header.into();
            if let Err(status) = put(&server, damaged, &[]).await {
                assert_eq!(status.code(), Code::InvalidArgument, "{status}");
            }
        }
    }
}
