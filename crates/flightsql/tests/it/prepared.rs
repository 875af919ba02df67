//! Prepared statements and the other actions.

use crate::harness::{Answer, TestServer, descriptor, unpack};
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::{
    ActionBeginTransactionRequest, ActionCancelQueryRequest, ActionCancelQueryResult,
    ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest,
    CommandPreparedStatementQuery, ProstMessageExt,
};
use arrow_flight::{
    Action, CancelFlightInfoRequest, CancelFlightInfoResult, Empty, FlightInfo, HandshakeRequest,
};
use bytes::Bytes;
use futures::TryStreamExt;
use prost::Message;
use tonic::transport::Channel;
use tonic::{Code, Status};

async fn act(
    client: &mut FlightServiceClient<Channel>,
    name: &str,
    body: Vec<u8>,
) -> Result<Vec<Bytes>, Status> {
    let results = client
        .do_action(Action::new(name, body))
        .await?
        .into_inner();
    let results: Vec<_> = results.try_collect().await?;
    Ok(results.into_iter().map(|result| result.body).collect())
}

fn request(sql: &str) -> Vec<u8> {
    ActionCreatePreparedStatementRequest {
        query: sql.into(),
        transaction_id: None,
    }
    .as_any()
    .encode_to_vec()
}

#[tokio::test]
async fn a_handle_runs_like_its_text() {
    let server = TestServer::start().await;
    let command = CommandPreparedStatementQuery {
        prepared_statement_handle: "SELECT 1 AS one".into(),
    };
    let info = server.flight().get_flight_info(descriptor(&command)).await;
    let info = info.unwrap().into_inner();
    assert!(info.schema.is_empty());
    let ticket = info.endpoint[0].ticket.clone().unwrap();
    let messages = server.flight().do_get(ticket).await.unwrap().into_inner();
    let answer = Answer::of(messages.try_collect().await.unwrap()).await;
    assert_eq!(answer.rows(), 1);
}

#[tokio::test]
async fn preparing_plans_and_closing_succeeds() {
    let server = TestServer::start().await;
    let client = &mut server.flight();
    let error = act(
        client,
        "CreatePreparedStatement",
        request("SELECT * FROM nowhere"),
    )
    .await;
    let error = error.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(
        error.message().contains("(query_id="),
        "{}",
        error.message()
    );

    let close = ActionClosePreparedStatementRequest {
        prepared_statement_handle: "SELECT 1".into(),
    };
    let results = act(
        client,
        "ClosePreparedStatement",
        close.as_any().encode_to_vec(),
    )
    .await;
    assert!(results.unwrap().is_empty());
}

#[tokio::test]
async fn preparing_ignores_range_and_limit() {
    let server = TestServer::start().await;
    let action = Action::new("CreatePreparedStatement", request("SELECT 1"));
    let headers = &[
        ("limit", "x"),
        ("query_range_begin", "x"),
        ("query_range_end", "x"),
    ];
    let action = crate::harness::with_headers(action, headers);
    assert!(server.flight().do_action(action).await.is_ok());
}

#[tokio::test]
async fn cancelling_is_answered_and_sessions_close() {
    let server = TestServer::start().await;
    let client = &mut server.flight();
    let cancel = ActionCancelQueryRequest::default().as_any().encode_to_vec();
    let results = act(client, "CancelQuery", cancel).await.unwrap();
    assert_eq!(unpack::<ActionCancelQueryResult>(&results[0]).result, 3);

    let cancel = CancelFlightInfoRequest::new(FlightInfo::new()).encode_to_vec();
    let results = act(client, "CancelFlightInfo", cancel).await.unwrap();
    let result = CancelFlightInfoResult::decode(results[0].clone()).unwrap();
    assert_eq!(result.status(), arrow_flight::CancelStatus::NotCancellable);

    let results = act(client, "CloseSession", Vec::new()).await.unwrap();
    assert_eq!(results[..], [Bytes::from_static(&[8, 1])]);
}

#[tokio::test]
async fn what_is_not_there_is_unimplemented() {
    let server = TestServer::start().await;
    let client = &mut server.flight();
    let begin = ActionBeginTransactionRequest {}.as_any().encode_to_vec();
    let check = |result: Result<(), Status>| {
        assert_eq!(result.unwrap_err().code(), Code::Unimplemented);
    };
    check(act(client, "BeginTransaction", begin).await.map(|_| ()));
    check(
        act(client, "SetSessionOptions", Vec::new())
            .await
            .map(|_| ()),
    );
    let hello = futures::stream::iter([HandshakeRequest::default()]);
    check(client.handshake(hello).await.map(|_| ()));
    check(
        client
            .list_flights(arrow_flight::Criteria::default())
            .await
            .map(|_| ()),
    );
    check(
        client
            .do_exchange(futures::stream::empty())
            .await
            .map(|_| ()),
    );
    let unknown = descriptor(&ActionBeginTransactionRequest {});
    check(client.get_flight_info(unknown.clone()).await.map(|_| ()));
    check(client.get_schema(unknown.clone()).await.map(|_| ()));
    check(client.poll_flight_info(unknown).await.map(|_| ()));

    let types = client.list_actions(Empty {}).await.unwrap().into_inner();
    let types: Vec<_> = types.try_collect().await.unwrap();
    assert!(
        types
            .iter()
            .any(|action| action.r#type == "CreatePreparedStatement")
    );
}
