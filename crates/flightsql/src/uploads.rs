//! `DoPut`: parameters for prepared statements, of which there are none, bulk ingestion, and
//! refused writes.

use crate::asker::Asker;
use crate::bulk_upload::BulkUploads;
use crate::error::{Error, Result};
use crate::ticket::decode_command;
use crate::upload_batches::UploadBatches;
use arrow_flight::sql::{Command, DoPutPreparedStatementResult};
use arrow_flight::{FlightData, PutResult};
use futures::{Stream, StreamExt, future, stream};
use prost::Message;
use tonic::Status;

/// Answer an upload.
pub(crate) async fn receive(
    mut messages: impl Stream<Item = Result<FlightData, Status>> + Send + Unpin + 'static,
    asker: &Asker<'_>,
    bulk: &BulkUploads,
) -> Result<PutResult, Status> {
    let Some(first) = messages.next().await.transpose()? else {
        return Err(Error::BadArgument("the upload is empty").into());
    };
    let Some(descriptor) = &first.flight_descriptor else {
        return Err(Error::BadArgument("the upload has no descriptor").into());
    };
    match decode_command(&descriptor.cmd)? {
        Command::CommandPreparedStatementQuery(query) => {
            refuse_parameters(&first)?;
            while let Some(message) = messages.next().await.transpose()? {
                refuse_parameters(&message)?;
            }
            let result = DoPutPreparedStatementResult {
                prepared_statement_handle: Some(query.prepared_statement_handle),
            };
            Ok(PutResult {
                app_metadata: result.encode_to_vec().into(),
            })
        }
        Command::CommandStatementIngest(command) => {
            let messages = stream::once(future::ready(Ok(first))).chain(messages);
            let batches = UploadBatches::new(messages);
            bulk.receive(&command, asker, batches).await
        }
        Command::CommandStatementUpdate(_) | Command::CommandPreparedStatementUpdate(_) => {
            Err(Error::Unsupported("the server is read-only".into()).into())
        }
        other => Err(Error::Unsupported(format!("no upload of {:?}", other.type_url())).into()),
    }
}

/// Clients bind an empty batch to statements without parameters; rows would be values.
fn refuse_parameters(message: &FlightData) -> Result<()> {
    if message.data_header.is_empty() {
        return Ok(());
    }
    let header = arrow::ipc::root_as_message(&message.data_header)
        .map_err(|_| Error::BadArgument("a parameter message is not Arrow IPC"))?;
    match header.header_as_record_batch() {
        Some(batch) if batch.length() > 0 => Err(Error::Unsupported(
            "statement parameters are not supported".into(),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, RecordBatch};
    use arrow_flight::FlightDescriptor;
    use arrow_flight::encode::FlightDataEncoderBuilder;
    use arrow_flight::sql::{
        CommandPreparedStatementQuery, CommandPreparedStatementUpdate, CommandStatementUpdate,
        ProstMessageExt,
    };
    use catalog::{Catalog, CatalogConfig};
    use futures::TryStreamExt;
    use ingestion::BulkIngest;
    use lake::Lake;
    use std::sync::Arc;
    use tonic::Code;
    use tonic::metadata::MetadataMap;

    async fn receive_all(messages: Vec<FlightData>) -> Result<PutResult, Code> {
        let messages = stream::iter(messages.into_iter().map(Ok));
        let everybody = auth::Authenticator::disabled();
        let nothing = auth::RequestView::of_token("");
        let mut extensions = http::Extensions::new();
        extensions.insert(everybody.authenticate(&nothing).await.unwrap());
        let metadata = MetadataMap::new();
        let asker = Asker::new(&metadata, &extensions).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let config = CatalogConfig {
            url: format!("sqlite://{}/catalog.db", folder.path().display()),
            max_connections: 1,
            cache_bytes: 8 << 20,
        };
        let catalog = Catalog::connect(&config).await.unwrap();
        let lake = Lake::open("memory:///", []).unwrap();
        let bulk = BulkUploads::new(BulkIngest::new(catalog, lake));
        let received = receive(messages, &asker, &bulk).await;
        received.map_err(|status| status.code())
    }

    fn upload(command: &impl ProstMessageExt, values: &[i64]) -> Vec<FlightData> {
        let column = Arc::new(Int64Array::from(values.to_vec())) as _;
        let batch = RecordBatch::try_from_iter(vec![("p", column)]).unwrap();
        let descriptor = FlightDescriptor::new_cmd(command.as_any().encode_to_vec());
        let messages = FlightDataEncoderBuilder::new()
            .with_schema(batch.schema())
            .with_flight_descriptor(Some(descriptor))
            .build(stream::iter([Ok(batch)]))
            .try_collect();
        futures::executor::block_on(messages).unwrap()
    }

    #[tokio::test]
    async fn only_empty_parameters_are_taken() {
        let query = CommandPreparedStatementQuery {
            prepared_statement_handle: "SELECT 1".into(),
        };
        let result = receive_all(upload(&query, &[])).await.unwrap();
        let result = DoPutPreparedStatementResult::decode(result.app_metadata).unwrap();
        assert_eq!(result.prepared_statement_handle.unwrap(), "SELECT 1");
        assert_eq!(
            receive_all(upload(&query, &[1])).await,
            Err(Code::Unimplemented)
        );

        let mut garbage = upload(&query, &[]);
        garbage.push(FlightData::new().with_data_header(vec![1, 2, 3]));
        assert_eq!(receive_all(garbage).await, Err(Code::InvalidArgument));
    }

    #[tokio::test]
    async fn writes_are_refused() {
        let update = CommandStatementUpdate::default();
        let prepared = CommandPreparedStatementUpdate::default();
        for messages in [upload(&update, &[1]), upload(&prepared, &[1])] {
            assert_eq!(receive_all(messages).await, Err(Code::Unimplemented));
        }
        assert_eq!(receive_all(vec![]).await, Err(Code::InvalidArgument));
        assert_eq!(
            receive_all(vec![FlightData::new()]).await,
            Err(Code::InvalidArgument)
        );
    }
}
