use serde_json::{Value, json};

use super::*;

const SQL_BYTES_MAX: usize = 100;

fn parse(body: &[u8]) -> Result<QueryRequest, String> {
    QueryRequest::parse(body, SQL_BYTES_MAX).map_err(|error| error.to_string())
}

fn refused(body: &[u8], expected: &str) {
    let text = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
    let error = parse(body).expect_err(&text);
    assert!(error.contains(expected), "{text}: {error}");
}

fn accepted(body: &Value, sql: &str, range: Option<(&str, &str)>) {
    let time = |text: &str| text.parse::<DateTime<Utc>>().expect("a time in the test");
    let expected = QueryRequest {
        sql: sql.to_owned(),
        range: range.map(|(begin, end)| (time(begin), time(end))),
    };
    assert_eq!(parse(body.to_string().as_bytes()), Ok(expected), "{body}");
}

#[test]
fn the_body_must_be_an_object_with_sql() {
    refused(b"", "EOF");
    refused(b"   ", "EOF");
    refused(b"{", "EOF");
    refused(b"select 1", "must be a JSON object");
    refused(br#"["select 1",null,null]"#, "must be a JSON object");
    refused(b"null", "must be a JSON object");
    refused(b"{}", "missing field `sql`");
    refused(br#"{"sql":null}"#, "expected a string");
    refused(br#"{"sql":5}"#, "expected a string");
    refused(br#"{"sql":"select 1"} x"#, "trailing characters");
    refused(b"{\"sql\":\"\xff\"}", "invalid unicode");
    let nested = format!(r#"{{"sql":"s","x":{}}}"#, "[".repeat(100_000));
    refused(nested.as_bytes(), "expected value");
}

#[test]
fn sql_is_trimmed_and_limited_after_trimming() {
    accepted(&json!({"sql": " \n select 1\t"}), "select 1", None);
    accepted(
        &json!({"sql": "select 1", "other": {"a": [1]}}),
        "select 1",
        None,
    );
    refused(br#"{"sql":""}"#, "sql is empty");
    refused(br#"{"sql":" \n\t "}"#, "sql is empty");
    let longest = "x".repeat(SQL_BYTES_MAX);
    accepted(&json!({"sql": format!("  {longest}  ")}), &longest, None);
    let body = json!({"sql": format!("{longest}x")}).to_string();
    refused(body.as_bytes(), "longer than 100 bytes");
}

#[test]
fn times_come_in_pairs_and_in_order() {
    let body = |begin: Value, end: Value| json!({"sql": "s", "time_range_begin": begin, "time_range_end": end});
    let early = "2026-11-01T00:00:00Z";
    let late = "2026-11-01T00:00:00.000000001Z";
    accepted(&body(json!(early), json!(late)), "s", Some((early, late)));
    accepted(&body(Value::Null, Value::Null), "s", None);
    let offset = body(
        json!("2026-11-01T02:00:00+05:30"),
        json!("2026-10-31T20:30:00.5-00:00"),
    );
    let range = ("2026-10-31T20:30:00Z", "2026-10-31T20:30:00.5Z");
    accepted(&offset, "s", Some(range));

    let refused = |begin: Value, end: Value, expected: &str| {
        refused(body(begin, end).to_string().as_bytes(), expected);
    };
    refused(json!(early), Value::Null, "time_range_end is missing");
    refused(Value::Null, json!(late), "time_range_begin is missing");
    refused(json!(early), json!(early), "must be before");
    refused(json!(late), json!(early), "must be before");
    refused(
        json!("yesterday"),
        json!(late),
        "time_range_begin is not a valid",
    );
    refused(
        json!(early),
        json!("2026-11-01"),
        "time_range_end is not a valid",
    );
    refused(
        json!(early),
        json!("2026-11-01T00:00:00"),
        "time_range_end is not a valid",
    );
    refused(json!(early), json!(""), "time_range_end is not a valid");
    refused(json!(5), json!(late), "expected a string");
}
