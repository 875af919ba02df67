//! The actions: prepared statements, whose handle is their SQL text, and polite refusals.

use crate::asker::Asker;
use crate::error::{Error, Result};
use crate::statement::Statements;
use crate::ticket::decode_command;
use crate::wire_schema::schema_stream;
use arrow_flight::sql::{
    ActionCancelQueryResult, ActionCreatePreparedStatementRequest,
    ActionCreatePreparedStatementResult, Command, ProstMessageExt,
};
use arrow_flight::{Action, ActionType, CancelFlightInfoResult, CancelStatus};
use bytes::Bytes;
use prost::Message;

const CREATE_PREPARED_STATEMENT: &str = "CreatePreparedStatement";
const CLOSE_PREPARED_STATEMENT: &str = "ClosePreparedStatement";
const CANCEL_QUERY: &str = "CancelQuery";
const CANCEL_FLIGHT_INFO: &str = "CancelFlightInfo";
const CLOSE_SESSION: &str = "CloseSession";

/// Of the enumeration in `ActionCancelQueryResult`, which the Flight crate keeps private.
const NOT_CANCELLABLE: i32 = 3;

/// What is answered, with a line about it.
pub(crate) fn action_types() -> Vec<ActionType> {
    [
        (
            CREATE_PREPARED_STATEMENT,
            "Plans a statement. The handle is its text.",
        ),
        (
            CLOSE_PREPARED_STATEMENT,
            "Succeeds: there is nothing to free.",
        ),
        (
            CANCEL_QUERY,
            "Not cancellable: drop the result stream instead.",
        ),
        (
            CANCEL_FLIGHT_INFO,
            "Not cancellable: drop the result stream instead.",
        ),
        (CLOSE_SESSION, "Succeeds: there are no sessions."),
    ]
    .into_iter()
    .map(|(name, description)| ActionType {
        r#type: name.to_owned(),
        description: description.to_owned(),
    })
    .collect()
}

/// The bodies of the results.
pub(crate) async fn perform(
    action: Action,
    asker: &Asker<'_>,
    statements: &Statements,
) -> Result<Vec<Bytes>> {
    match action.r#type.as_str() {
        CREATE_PREPARED_STATEMENT => match decode_command(&action.body)? {
            Command::ActionCreatePreparedStatementRequest(request) => {
                let result = prepare(request, asker, statements).await?;
                Ok(vec![result.as_any().encode_to_vec().into()])
            }
            _ => Err(Error::BadArgument(
                "the action holds no prepared statement request",
            )),
        },
        CLOSE_PREPARED_STATEMENT => Ok(Vec::new()),
        // These two predate or bypass the wrapping in `Any` that the others use.
        CANCEL_FLIGHT_INFO => {
            let status = CancelStatus::NotCancellable;
            Ok(vec![
                CancelFlightInfoResult::new(status).encode_to_vec().into(),
            ])
        }
        CLOSE_SESSION => Ok(vec![closed_session()]),
        CANCEL_QUERY => {
            let result = ActionCancelQueryResult {
                result: NOT_CANCELLABLE,
            };
            Ok(vec![result.as_any().encode_to_vec().into()])
        }
        other => Err(Error::Unsupported(format!("no action {other:?}"))),
    }
}

/// Plans without executing. The handle is the text itself, so that it stays usable on any replica
/// and after a restart.
async fn prepare(
    request: ActionCreatePreparedStatementRequest,
    asker: &Asker<'_>,
    statements: &Statements,
) -> Result<ActionCreatePreparedStatementResult> {
    let (sql, schema) = statements.describe(request.query.into(), asker).await?;
    Ok(ActionCreatePreparedStatementResult {
        prepared_statement_handle: sql.into(),
        dataset_schema: schema_stream(&schema).map_err(Error::EncodeSchema)?,
        parameter_schema: Bytes::new(),
    })
}

/// `CloseSessionResult { status: CLOSED }`, a message that the Flight crate does not have.
fn closed_session() -> Bytes {
    Bytes::from_static(&[0x08, 0x01])
}
