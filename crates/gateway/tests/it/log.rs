//! What the log says of a request, and what it never says.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tonic::Status;
use tracing_subscriber::fmt::MakeWriter;

use crate::backend::Answer;
use crate::gateway::{Running, numbers};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().expect("no writer panics"));
        String::from_utf8(bytes).expect("text")
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("no writer panics")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

// The runtime of this test has one thread, so what it sets up for the thread sees all of it.
#[tokio::test]
async fn two_lines_per_query_without_secrets() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let gateway = Running::start(|call| match call.sql.as_str() {
        "bad" => Answer::Refusal(Status::permission_denied("not yours")),
        _ => Answer::one(numbers([1, 2])),
    })
    .await;
    let ask = async |body: serde_json::Value| {
        let request = gateway.request().header("authorization", "Bearer s3cret");
        let request = request
            .header("x-request-id", "id-7")
            .body(body.to_string());
        let response = request.send().await.expect("an answer");
        response.bytes().await.expect("a body");
        let text = lines.take();
        assert!(!text.contains("s3cret"), "{text}");
        let ours = text.lines().filter(|line| line.contains("Gateway request"));
        ours.map(str::to_owned).collect::<Vec<_>>()
    };

    let long = format!("select\n{}", "x".repeat(20_000));
    let logged = ask(json!({
        "sql": long, "time_range_begin": "2026-11-01T00:00:00Z", "time_range_end": "2026-11-02T00:00:00Z",
    }))
    .await;
    let [request, completed] = &logged[..] else {
        panic!("two lines: {logged:?}");
    };
    assert!(request.contains(" INFO "), "{request}");
    assert!(request.contains(
        "Gateway request: request_id=id-7, client_type=unknown+gateway, time_range=2026-11-01T00:00:00Z..2026-11-02T00:00:00Z, sql=select\\nxxx"
    ));
    assert!(request.len() < 11_000, "{}", request.len());
    assert!(completed.contains(" INFO "), "{completed}");
    assert!(completed.contains("Gateway request completed: request_id=id-7, duration="));
    assert!(completed.ends_with("rows=2, bytes=17"), "{completed}");

    let logged = ask(json!({"sql": "bad"})).await;
    assert!(logged[1].contains(" WARN "), "{logged:?}");
    assert!(logged[1].contains("Gateway request failed: request_id=id-7, status=403, duration="));
    assert!(
        logged[1].ends_with("error=the query failed: not yours"),
        "{logged:?}"
    );

    let logged = ask(json!({"sql": ""})).await;
    assert_eq!(logged.len(), 1, "{logged:?}");
    assert!(logged[0].contains("status=400"), "{logged:?}");
}
