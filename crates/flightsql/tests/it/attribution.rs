//! For whom a call is recorded, row by row, on every kind of call that does something.

use arrow_flight::sql::{
    ActionCreatePreparedStatementRequest, CommandStatementIngest, CommandStatementQuery,
    ProstMessageExt,
};
use arrow_flight::{Action, FlightData};
use futures::{TryStreamExt, stream};
use prost::Message;
use tonic::{Code, Status};

use crate::audit::{capture, line_about};
use crate::callers::guarded;
use crate::harness::{TestServer, descriptor, with_headers};

type Headers = Vec<(&'static str, &'static str)>;
/// User, email, and the key that spoke for the user.
type Recorded = Option<(&'static str, &'static str, Option<&'static str>)>;

/// Credential, claimed id, claimed email; `None` where the claim is refused.
const GUARDED: [(&str, Option<&str>, Option<&str>, Recorded); 14] = [
    ("user", None, None, Some(("user", "user@example.com", None))),
    (
        "user",
        Some("user"),
        Some("user@example.com"),
        Some(("user", "user@example.com", None)),
    ),
    ("user", Some("ann"), None, None),
    ("user", None, Some("ann@example.com"), None),
    ("user", Some("user@example.com"), None, None),
    ("user", Some("user"), Some("User@example.com"), None),
    ("nomail", None, None, Some(("nomail", "unknown", None))),
    ("nomail", None, Some("nomail@example.com"), None),
    ("admin", Some("ann"), None, None),
    (
        "key",
        Some("ann"),
        Some("ann@example.com"),
        Some(("ann", "ann@example.com", Some("key"))),
    ),
    ("key", None, None, Some(("key", "service-account", None))),
    (
        "key",
        Some("ann"),
        None,
        Some(("ann", "service-account", Some("key"))),
    ),
    (
        "key",
        None,
        Some("ann@example.com"),
        Some(("key", "ann@example.com", Some("key"))),
    ),
    (
        "key",
        Some("Jos%C3%A9"),
        None,
        Some(("José", "service-account", Some("key"))),
    ),
];

/// The same without authentication.
const OPEN: [(&str, Option<&str>, Option<&str>, Recorded); 2] = [
    (
        "",
        Some("ann"),
        Some("ann@example.com"),
        Some(("ann", "ann@example.com", None)),
    ),
    ("", None, None, Some(("unknown", "unknown", None))),
];

#[tokio::test]
async fn each_row_of_the_table() {
    capture();
    for (server, rows) in [
        (guarded().await, &GUARDED[..]),
        (TestServer::start().await, &OPEN),
    ] {
        for (number, (credential, id, email, expected)) in rows.iter().enumerate() {
            let mut headers: Headers = vec![("x-user-name", "Display%20Name")];
            headers.extend(id.map(|id| ("x-user-id", id)));
            headers.extend(email.map(|email| ("x-user-email", email)));
            let authorization = format!("Bearer {credential}");
            let mut all: Vec<(&'static str, &str)> = headers.clone();
            all.push(("authorization", &authorization));
            let sql = format!("SELECT 'attribution {credential}{number}'");
            check_row(&server, &sql, &all, credential, *expected).await;
        }
    }
}

async fn check_row(
    server: &TestServer,
    sql: &str,
    headers: &[(&'static str, &str)],
    credential: &str,
    expected: Recorded,
) {
    let statement = server.query(sql, headers).await.map(drop);
    let prepared = prepare(server, sql, headers).await;
    let described = describe(server, sql, headers).await;
    let ingested = ingest(server, headers).await.unwrap_err();
    let line = line_about(sql).await;
    let Some((user, email, service_account)) = expected else {
        for refused in [statement, prepared, described, Err(ingested)] {
            let refused = refused.unwrap_err();
            assert_eq!(refused.code(), Code::PermissionDenied, "{sql}");
            let text = refused.message();
            assert!(text.starts_with("User impersonation not allowed"), "{text}");
        }
        // The attempt is recorded for who made it.
        assert_eq!(
            (&line["status"], &line["error_class"]),
            (&"error".into(), &"denied".into())
        );
        assert_eq!(line["user"], credential);
        return;
    };
    statement.and(prepared).and(described).unwrap();
    let is_open = credential.is_empty();
    let code = if is_open {
        Code::InvalidArgument
    } else {
        Code::PermissionDenied
    };
    assert_eq!(ingested.code(), code, "{sql}: {ingested}");
    if !is_open {
        assert_eq!(ingested.message(), "bulk_ingest requires admin privileges");
    }
    assert_eq!(line["status"], "ok", "{line}");
    assert_eq!(
        (&line["user"], &line["email"]),
        (&user.into(), &email.into()),
        "{line}"
    );
    assert_eq!(line["name"], "Display Name");
    assert_eq!(line["service_account"], service_account.is_some());
    assert_eq!(line["service_account_name"].as_str(), service_account);
}

async fn prepare(
    server: &TestServer,
    sql: &str,
    headers: &[(&'static str, &str)],
) -> Result<(), Status> {
    let request = ActionCreatePreparedStatementRequest {
        query: sql.into(),
        transaction_id: None,
    };
    let action = Action::new("CreatePreparedStatement", request.as_any().encode_to_vec());
    let results = server
        .flight()
        .do_action(with_headers(action, headers))
        .await?;
    results.into_inner().try_collect::<Vec<_>>().await.map(drop)
}

async fn describe(
    server: &TestServer,
    sql: &str,
    headers: &[(&'static str, &str)],
) -> Result<(), Status> {
    let command = CommandStatementQuery {
        query: sql.into(),
        transaction_id: None,
    };
    let request = with_headers(descriptor(&command), headers);
    server.flight().get_schema(request).await.map(drop)
}

async fn ingest(server: &TestServer, headers: &[(&'static str, &str)]) -> Result<(), Status> {
    let first = FlightData {
        flight_descriptor: Some(descriptor(&CommandStatementIngest::default())),
        ..FlightData::default()
    };
    let upload = with_headers(stream::iter([first]), headers);
    let results = server.flight().do_put(upload).await?;
    results.into_inner().try_collect::<Vec<_>>().await.map(drop)
}
