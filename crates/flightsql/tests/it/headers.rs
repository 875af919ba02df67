//! Request metadata, as far as it changes answers.

use crate::harness::TestServer;
use tonic::Code;

#[tokio::test]
async fn the_limit_is_the_outermost() {
    let server = TestServer::start().await;
    let sql = "SELECT value FROM generate_series(1, 100) LIMIT 50";
    for (limit, rows) in [("10", 10), ("0", 0), ("1000", 50)] {
        let answer = server.query(sql, &[("limit", limit)]).await.unwrap();
        assert_eq!(answer.rows(), rows, "{limit}");
    }
    assert_eq!(server.query(sql, &[]).await.unwrap().rows(), 50);
}

#[tokio::test]
async fn bad_values_are_refused_without_a_query_id() {
    let server = TestServer::start().await;
    const TIME: &str = "2024-01-01T00:00:00Z";
    for headers in [
        &[("limit", "")][..],
        &[("limit", "many")],
        &[("query_range_begin", "now"), ("query_range_end", TIME)],
        &[("query_range_begin", TIME), ("query_range_end", "now")],
    ] {
        let status = server.refusal("SELECT 1", headers).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{headers:?}");
        assert!(
            !status.message().contains("query_id"),
            "{}",
            status.message()
        );
    }
}

#[tokio::test]
async fn absent_ranges_are_no_error() {
    let server = TestServer::start().await;
    const TIME: &str = "2024-01-01T00:00:00.123456789+02:00";
    for headers in [
        &[("query_range_begin", ""), ("query_range_end", "")][..],
        &[("query_range_begin", "now")],
        &[("query_range_end", TIME)],
        &[("query_range_begin", TIME), ("query_range_end", TIME)],
    ] {
        let answer = server.query("SELECT * FROM log_entries", headers).await;
        assert_eq!(answer.unwrap().rows(), 0, "{headers:?}");
    }
}
