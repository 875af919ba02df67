use super::*;
use arrow::array::{ArrayRef, DictionaryArray, Int64Array, ListArray, StringArray};
use arrow::datatypes::{Int32Type, Schema};
use arrow::ipc::CompressionType;
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::encode::{DictionaryHandling, FlightDataEncoderBuilder};
use bytes::Bytes;
use futures::{TryStreamExt, stream};
use std::sync::Arc;
use tonic::Code;

fn batch() -> RecordBatch {
    let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("one"), None, Some("two")]));
    let keys = vec![Some("a"), Some("b"), Some("a")];
    let dictionary: ArrayRef = Arc::new(keys.into_iter().collect::<DictionaryArray<Int32Type>>());
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let lists = [Some(vec![Some(1)]), None, Some(vec![])];
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(lists));
    let columns = vec![
        ("texts", texts),
        ("dictionary", dictionary),
        ("numbers", numbers),
        ("lists", lists),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn messages_with(options: IpcWriteOptions) -> Vec<FlightData> {
    let messages = FlightDataEncoderBuilder::new()
        .with_options(options)
        .with_dictionary_handling(DictionaryHandling::Resend)
        .build(stream::iter([Ok(batch()), Ok(batch())]))
        .try_collect();
    futures::executor::block_on(messages).unwrap()
}

fn messages() -> Vec<FlightData> {
    messages_with(IpcWriteOptions::default())
}

async fn read(messages: Vec<FlightData>) -> Result<Vec<RecordBatch>, Status> {
    let mut upload = UploadBatches::new(stream::iter(messages.into_iter().map(Ok)));
    let mut batches = Vec::new();
    while let Some(part) = upload.next().await? {
        if let Part::Batch(batch) = part {
            batches.push(batch);
        }
    }
    Ok(batches)
}

#[tokio::test]
async fn batches_come_as_they_were_sent() {
    assert_eq!(read(messages()).await.unwrap(), [batch(), batch()]);
    assert!(read(Vec::new()).await.unwrap().is_empty());
    // Only metadata of the application.
    let mut with_metadata = messages();
    with_metadata.push(FlightData::new().with_app_metadata("x"));
    assert_eq!(read(with_metadata).await.unwrap().len(), 2);
}

#[tokio::test]
async fn other_uploads_are_refused_with_a_reason() {
    let compression = Some(CompressionType::LZ4_FRAME);
    let compressed = IpcWriteOptions::default().try_with_compression(compression);
    let mut twice = messages();
    twice.push(twice[0].clone());
    let without_schema = messages().split_off(1);
    let mut short = messages();
    short[1].data_body = short[1].data_body.slice(..1);
    for (messages, expected) in [
        (messages_with(compressed.unwrap()), "without compression"),
        (twice, "more than one schema"),
        (without_schema, "prior to Schema"),
        (short, "outside of its message"),
        (
            vec![FlightData::new().with_data_header(vec![1, 2, 3])],
            "not Arrow IPC",
        ),
    ] {
        let status = read(messages).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        assert!(status.message().contains(expected), "{status}");
    }
}

#[test]
fn dictionaries_have_a_bound() {
    let mut held = Dictionaries::default();
    for _ in 0..4 {
        held.hold(1, false, DICTIONARY_BYTES_MAX / 2).unwrap();
    }
    held.hold(2, true, DICTIONARY_BYTES_MAX / 4).unwrap();
    held.hold(2, true, DICTIONARY_BYTES_MAX / 4).unwrap();
    assert!(held.hold(2, true, 1).is_err());
}

/// Headers and bodies with one changed bit each: an answer, whatever it is, and no panic.
#[tokio::test]
async fn damaged_messages_do_no_harm() {
    let good = messages();
    for (index, message) in good.iter().enumerate() {
        for (part, bytes) in [(0, &message.data_header), (1, &message.data_body)] {
            for bit in 0..bytes.len() * 8 {
                let mut damaged = bytes.to_vec();
                damaged[bit / 8] ^= 1 << (bit % 8);
                let mut messages = good.clone();
                match part {
                    0 => messages[index].data_header = Bytes::from(damaged),
                    _ => messages[index].data_body = Bytes::from(damaged),
                }
                if let Err(status) = read(messages).await {
                    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_schema_alone_is_an_empty_upload() {
    let schema = Arc::new(Schema::empty());
    let messages: Vec<_> = FlightDataEncoderBuilder::new()
        .with_schema(schema)
        .build(stream::empty())
        .try_collect()
        .await
        .unwrap();
    assert!(read(messages).await.unwrap().is_empty());
}
