//! What is refused, and that the query service does not hear of it.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::backend::Answer;
use crate::gateway::{Running, error_text, numbers, rows};

const SQL_BYTES_MAX: usize = 1_048_576;
const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A gateway whose backend answers how long the SQL was.
async fn measuring() -> Running {
    Running::start(|call| Answer::one(numbers([call.sql.len() as i64]))).await
}

#[tokio::test]
async fn invalid_requests_are_refused_before_the_backend_is_contacted() {
    let gateway = measuring().await;
    let time = "2026-11-01T00:00:00Z";
    let late = "2026-11-01T00:00:01+00:00";
    let with_times = |begin: Value, end: Value| {
        json!({"sql": "s", "time_range_begin": begin, "time_range_end": end}).to_string()
    };
    let cases = [
        (String::new(), "invalid request body"),
        ("{".to_owned(), "invalid request body"),
        ("select 1".to_owned(), "must be a JSON object"),
        ("[\"select 1\"]".to_owned(), "must be a JSON object"),
        ("{}".to_owned(), "`sql`"),
        (json!({"sql": null}).to_string(), "expected a string"),
        (json!({"sql": 1}).to_string(), "expected a string"),
        (json!({"sql": " \n"}).to_string(), "sql is empty"),
        (
            with_times(json!(time), Value::Null),
            "time_range_end is missing",
        ),
        (
            with_times(Value::Null, json!(time)),
            "time_range_begin is missing",
        ),
        (
            with_times(json!("now"), json!(time)),
            "time_range_begin is not a valid",
        ),
        (
            with_times(json!(time), json!("now")),
            "time_range_end is not a valid",
        ),
        (with_times(json!(time), json!(time)), "must be before"),
        (with_times(json!(late), json!(time)), "must be before"),
    ];
    for (body, expected) in cases {
        let response = gateway.send(body.clone()).await;
        assert!(response.headers().contains_key("x-request-id"), "{body}");
        let text = error_text(response, StatusCode::BAD_REQUEST).await;
        assert!(text.contains(expected), "{body}: {text}");
    }
    let repeated = gateway
        .request()
        .header("authorization", "Bearer one")
        .header("authorization", "Bearer two")
        .body(json!({"sql": "s"}).to_string());
    let response = repeated.send().await.expect("an answer");
    let text = error_text(response, StatusCode::BAD_REQUEST).await;
    assert_eq!(text, "the authorization header is repeated");
    assert_eq!(gateway.backend.calls(), 0);
}

#[tokio::test]
async fn sql_may_have_exactly_one_mebibyte() {
    let gateway = measuring().await;
    let sql = |len: usize| format!("  {}\n", "x".repeat(len));
    let response = gateway.query(&sql(SQL_BYTES_MAX)).await;
    assert_eq!(rows(response).await, json!([{"n": SQL_BYTES_MAX}]));
    let response = gateway.query(&sql(SQL_BYTES_MAX + 1)).await;
    let text = error_text(response, StatusCode::BAD_REQUEST).await;
    assert_eq!(text, "sql is longer than 1048576 bytes");
    assert_eq!(gateway.backend.calls(), 1);
}

#[tokio::test]
async fn a_body_may_have_exactly_eight_mebibytes() {
    let gateway = measuring().await;
    let body = |len: usize| {
        let start = json!({"sql": "s"}).to_string();
        let padding = " ".repeat(len - start.len());
        start + &padding
    };
    let response = gateway.send(body(BODY_BYTES_MAX)).await;
    assert_eq!(rows(response).await, json!([{"n": 1}]));
    let response = gateway.send(body(BODY_BYTES_MAX + 1)).await;
    let text = error_text(response, StatusCode::PAYLOAD_TOO_LARGE).await;
    assert_eq!(text, "the request body is larger than 8388608 bytes");

    // Without a length in its head, a body is measured as it arrives.
    let pieces = [(); 9].map(|()| Ok::<_, std::io::Error>(body(1024 * 1024)));
    let chunked = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
    error_text(gateway.send(chunked).await, StatusCode::PAYLOAD_TOO_LARGE).await;
    assert_eq!(gateway.backend.calls(), 1);
}

#[tokio::test]
async fn the_content_type_does_not_matter() {
    let gateway = measuring().await;
    for content_type in [
        None,
        Some("application/json"),
        Some("application/x-www-form-urlencoded"),
        Some("text/plain"),
    ] {
        let mut request = gateway.request().body(json!({"sql": " s "}).to_string());
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(rows(response).await, json!([{"n": 1}]), "{content_type:?}");
    }
}

#[tokio::test]
async fn other_paths_and_methods_are_errors_too() {
    let gateway = measuring().await;
    let check = async |method: Method, path: &str, status: StatusCode| {
        let request = gateway.http.request(method, gateway.url(path));
        error_text(request.send().await.expect("an answer"), status).await
    };
    check(
        Method::GET,
        "/gateway/query",
        StatusCode::METHOD_NOT_ALLOWED,
    )
    .await;
    check(
        Method::POST,
        "/gateway/health",
        StatusCode::METHOD_NOT_ALLOWED,
    )
    .await;
    check(Method::DELETE, "/health", StatusCode::METHOD_NOT_ALLOWED).await;
    let text = check(Method::GET, "/gateway/other", StatusCode::NOT_FOUND).await;
    assert_eq!(text, "there is no /gateway/other");
    check(Method::GET, "/", StatusCode::NOT_FOUND).await;
}

#[tokio::test]
async fn health_does_not_need_the_backend() {
    let gateway = measuring().await;
    for path in ["/health", "/gateway/health"] {
        let response = gateway.http.get(gateway.url(path)).send().await;
        let body = rows(response.expect("an answer")).await;
        assert_eq!(body["status"], "healthy");
        let time = body["timestamp"].as_str().expect("a time");
        chrono::DateTime::parse_from_rfc3339(time).expect("RFC 3339");
    }
    assert_eq!(gateway.backend.calls(), 0);
}

#[tokio::test]
async fn all_routes_are_health_checks_or_ask_the_query_service() {
    let client = flightsql_client::Client::connect_lazy("grpc://127.0.0.1:9").expect("a URL");
    let router = gateway::router(gateway::Gateway::new(client, gateway::Config::default()));
    // The gateway has no door: the query service refuses strangers. A route that does not ask
    // it is open to everybody, so a new one needs a place here.
    let expected = ["/gateway/health", "/gateway/query", "/health"];
    assert_eq!(test_kit::route_paths(&router), expected);
}
