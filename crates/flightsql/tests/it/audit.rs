//! One line per query in the log.

use crate::harness::TestServer;
use serde_json::Value;
use std::fmt::Debug;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Capture;

impl<S: tracing::Subscriber> Layer<S> for Capture {
    fn on_event(&self, event: &tracing::Event<'_>, _context: Context<'_, S>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        if event.metadata().target() == flightsql::AUDIT_TARGET {
            let mut message = Message(String::new());
            event.record(&mut message);
            LINES.lock().unwrap().push(message.0);
        }
    }
}

/// The only line about `sql`, once it is there.
pub async fn line_about(sql: &str) -> Value {
    let find = || {
        let lines = LINES.lock().unwrap();
        let records = lines
            .iter()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        records
            .filter(|record| record["sql"] == sql)
            .collect::<Vec<_>>()
    };
    test_kit::wait_until(Duration::from_secs(30), async || !find().is_empty())
        .await
        .unwrap();
    let mut found = find();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

pub fn capture() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        let subscriber = tracing_subscriber::registry().with(Capture);
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
}

#[tokio::test]
async fn a_query_that_ends_well() {
    capture();
    let server = TestServer::start().await;
    let sql = "SELECT 'ends well' AS t, value FROM generate_series(1, 5)";
    let headers = &[
        ("x-client-type", "python"),
        ("x-user-id", "Ren%C3%A9"),
        ("x-request-id", "request 7"),
        ("x-forwarded-for", "192.0.2.1, 192.0.2.2"),
        ("limit", "3"),
        ("query_range_begin", "2024-01-01T00:00:00+00:00"),
        ("query_range_end", "2024-01-02T00:00:00.5+00:00"),
    ];
    server.query(sql, headers).await.unwrap();
    let line = line_about(sql).await;
    for (field, expected) in [
        ("status", "ok"),
        ("client", "python"),
        ("user", "René"),
        ("email", "unknown"),
        ("request_id", "request 7"),
        ("client_ip", "192.0.2.2"),
        ("range_begin", "2024-01-01T00:00:00Z"),
        ("range_end", "2024-01-02T00:00:00.500Z"),
    ] {
        assert_eq!(line[field], expected, "{line}");
    }
    assert_eq!(
        (&line["limit"], &line["output_rows"]),
        (&3.into(), &3.into())
    );
    assert!(
        line["setup_ms"].as_f64() <= line["total_ms"].as_f64(),
        "{line}"
    );
}

#[tokio::test]
async fn queries_that_fail() {
    capture();
    let server = TestServer::start().await;
    for (sql, class) in [
        ("SELECT 'fails' FROM nowhere", "user"),
        (
            "SELECT 'fails', 1 / (value - 5) FROM generate_series(1, 10)",
            "internal",
        ),
    ] {
        let status = server.refusal(sql, &[]).await;
        let line = line_about(sql).await;
        assert_eq!(line["status"], "error", "{line}");
        assert_eq!(line["error_class"], class, "{line}");
        assert_eq!(line["client_ip"], "127.0.0.1");
        // The message of the client is that of the log and the id that finds it.
        let id = line["query_id"].as_str().unwrap();
        let error = line["error"].as_str().unwrap();
        assert_eq!(status.message(), format!("{error} (query_id={id})"));
    }
}

#[tokio::test]
async fn a_client_that_goes_away() {
    capture();
    let server = TestServer::start().await;
    let sql = "SELECT 'goes away', value FROM generate_series(1, 1000000000000000)";
    let mut stream = server.stream(sql, &[]).await.unwrap();
    assert!(stream.message().await.unwrap().is_some());
    drop(stream);
    let line = line_about(sql).await;
    assert_eq!(line["status"], "incomplete", "{line}");
    assert!(line.get("error").is_none());
}
