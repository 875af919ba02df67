//! `DoPut`: parameters for prepared statements, of which there are none, and refused writes.

use crate::asker::Asker;
use crate::error::{Error, Result};
use crate::ticket::decode_command;
use arrow_flight::sql::{Command, DoPutPreparedStatementResult};
use arrow_flight::{FlightData, PutResult};
use futures::{Stream, StreamExt};
use prost::Message;
use tonic::Status;

/// Answer an upload.
pub(crate) async fn receive(
    mut messages: impl Stream<Item = Result<FlightData, Status>> + Unpin,
    asker: &Asker<'_>,
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
        Command::CommandStatementIngest(_) => {
            let attribution = asker.attribution().map_err(Error::Impersonation)?;
            if !asker.caller.is_admin {
                tracing::warn!(user = attribution.user, "bulk_ingest refused");
                return Err(Error::AdminOnly("bulk_ingest").into());
            }
            Err(Error::Unsupported("bulk ingestion is not supported".into()).into())
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
        CommandPreparedStatementQuery, CommandPreparedStatementUpdate, CommandStatementIngest,
        CommandStatementUpdate, ProstMessageExt,
    };
    use futures::{TryStreamExt, stream};
    use std::sync::Arc;
    use tonic::Code;
    use tonic::metadata::MetadataMap;

    fn receive_now(messages: Vec<FlightData>) -> Result<PutResult, Code> {
        let messages = stream::iter(messages.into_iter().map(Ok));
        let everybody = auth::Authenticator::disabled();
        let nothing = auth::RequestView::of_token("");
        let mut extensions = http::Extensions::new();
        let received = async {
            extensions.insert(everybody.authenticate(&nothing).await.unwrap());
            let metadata = MetadataMap::new();
            let asker = Asker::new(&metadata, &extensions).unwrap();
            receive(messages, &asker)
                .await
                .map_err(|status| status.code())
        };
        futures::executor::block_on(received)
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

    #[test]
    fn only_empty_parameters_are_taken() {
        let query = CommandPreparedStatementQuery {
            prepared_statement_handle: "SELECT 1".into(),
        };
        let result = receive_now(upload(&query, &[])).unwrap();
        let result = DoPutPreparedStatementResult::decode(result.app_metadata).unwrap();
        assert_eq!(result.prepared_statement_handle.unwrap(), "SELECT 1");
        assert_eq!(receive_now(upload(&query, &[1])), Err(Code::Unimplemented));

        let mut garbage = upload(&query, &[]);
        garbage.push(FlightData::new().with_data_header(vec![1, 2, 3]));
        assert_eq!(receive_now(garbage), Err(Code::InvalidArgument));
    }

    #[test]
    fn writes_are_refused() {
        let update = CommandStatementUpdate::default();
        let prepared = CommandPreparedStatementUpdate::default();
        let ingest = CommandStatementIngest::default();
        for messages in [
            upload(&update, &[1]),
            upload(&prepared, &[1]),
            upload(&ingest, &[1]),
        ] {
            assert_eq!(receive_now(messages), Err(Code::Unimplemented));
        }
        assert_eq!(receive_now(vec![]), Err(Code::InvalidArgument));
        assert_eq!(
            receive_now(vec![FlightData::new()]),
            Err(Code::InvalidArgument)
        );
    }
}
