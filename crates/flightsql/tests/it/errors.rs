//! What goes wrong and what the client is told.

use crate::harness::{MIB, TestServer, statement_ticket};
use arrow_flight::Ticket;
use arrow_flight::sql::{ProstMessageExt, TicketStatementQuery};
use flightsql::Config;
use prost::Message;
use tonic::Code;

async fn check(server: &TestServer, sql: &str, code: Code, phase: &str) {
    let status = server.refusal(sql, &[]).await;
    let message = status.message();
    assert_eq!(status.code(), code, "{sql}: {message}");
    assert!(message.starts_with(phase), "{sql}: {message}");
    let (_, id) = message.rsplit_once(" (query_id=").expect("a query id");
    uuid::Uuid::parse_str(id.trim_end_matches(')')).unwrap();
}

#[tokio::test]
async fn each_class_has_its_code() {
    let server = TestServer::start_with(Config::default(), 2 * MIB).await;
    let planning = "error building dataframe: ";
    check(&server, "SELEC 1", Code::InvalidArgument, planning).await;
    check(
        &server,
        "SELECT * FROM nowhere",
        Code::InvalidArgument,
        planning,
    )
    .await;
    check(
        &server,
        "SELECT nothing FROM blocks",
        Code::InvalidArgument,
        planning,
    )
    .await;
    check(&server, "", Code::InvalidArgument, planning).await;
    check(&server, "SELECT 1; SELECT 2", Code::Unimplemented, planning).await;
    check(
        &server,
        "SELECT 1 / (value - 5) FROM generate_series(1, 10)",
        Code::Internal,
        "error building data stream: ",
    )
    .await;
    check(
        &server,
        "SELECT count(*) FROM (SELECT DISTINCT value FROM generate_series(1, 3000000))",
        Code::ResourceExhausted,
        "error building data stream: ",
    )
    .await;
}

#[tokio::test]
async fn nothing_is_written_anywhere() {
    let server = TestServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.csv");
    let file = file.display();
    for sql in [
        format!("COPY (SELECT 1) TO '{file}' STORED AS CSV"),
        format!("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '{file}'"),
        "CREATE TABLE t AS SELECT 1".to_owned(),
        "CREATE VIEW v AS SELECT 1".to_owned(),
        "DROP TABLE log_entries".to_owned(),
        "INSERT INTO log_entries SELECT * FROM log_entries".to_owned(),
        "DELETE FROM log_entries".to_owned(),
        "UPDATE log_entries SET msg = ''".to_owned(),
        "SET datafusion.execution.batch_size = 1".to_owned(),
    ] {
        let status = server.refusal(&sql, &[]).await;
        assert!(
            matches!(status.code(), Code::InvalidArgument | Code::Unimplemented),
            "{sql}: {status}"
        );
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn unreadable_tickets_are_internal_errors() {
    let server = TestServer::start().await;
    let not_text = TicketStatementQuery {
        statement_handle: bytes::Bytes::from_static(b"SELECT '\xc3('"),
    };
    for ticket in [
        Ticket::new(&b"\xff\xff\xff"[..]),
        Ticket::new(not_text.encode_to_vec()),
        Ticket::new(not_text.as_any().encode_to_vec()),
    ] {
        let error = server.flight().do_get(ticket).await.unwrap_err();
        assert_eq!(error.code(), Code::Internal, "{error}");
    }
}

#[tokio::test]
async fn texts_beyond_the_bound_are_refused() {
    let config = Config {
        max_sql_bytes: 100,
        ..Config::default()
    };
    let server = TestServer::start_with(config, MIB).await;
    let ticket = statement_ticket(&format!("SELECT '{}'", "x".repeat(100)));
    let error = server.flight().do_get(ticket).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
}
