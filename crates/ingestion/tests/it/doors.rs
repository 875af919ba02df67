//! Who may send.

use auth::{Admins, ApiKeys, Authenticator};
use ingestion::Config;
use reqwest::Method;

use crate::server::TestServer;

const OPEN: [&str; 2] = ["/health", "/ready"];

async fn guarded() -> TestServer {
    let text = r#"[{"name": "ci", "key": "right"}]"#;
    let keys = ApiKeys::parse(text, &Admins::default()).unwrap();
    let authenticator = Authenticator::chain(vec![Box::new(keys)]);
    TestServer::start_behind(authenticator, Config::default()).await
}

#[tokio::test]
async fn every_route_but_health_wants_a_credential() {
    let server = guarded().await;
    assert!(server.paths.len() >= 5, "{:?}", server.paths);
    let beside = [
        "/",
        "/ingestion",
        "/ingestion/insert_block/x",
        "/health/x",
        "/metrics",
    ];
    let paths = server.paths.iter().map(String::as_str).chain(beside);
    for path in paths {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            for credential in [
                None,
                Some("Bearer wrong"),
                Some("Bearer "),
                Some("Basic right"),
            ] {
                let mut request = server.client.request(method.clone(), server.url(path));
                if let Some(credential) = credential {
                    request = request.header("authorization", credential);
                }
                let answer = request.send().await.unwrap();
                let is_refused = answer.status() == 401;
                assert_eq!(
                    is_refused,
                    !OPEN.contains(&path),
                    "{method} {path} {credential:?}"
                );
                if is_refused {
                    assert_eq!(answer.headers()["www-authenticate"], "Bearer");
                    assert_eq!(answer.text().await.unwrap(), "Invalid token");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_known_caller_reaches_the_handlers() {
    let server = guarded().await;
    for path in ["insert_process", "insert_stream", "insert_block"] {
        let url = server.url(&format!("/ingestion/{path}"));
        let answer = server.client.post(url).bearer_auth("right").send().await;
        // An empty body is no envelope.
        assert_eq!(answer.unwrap().status(), 400, "{path}");
    }
    let unknown = server.client.get(server.url("/other")).bearer_auth("right");
    assert_eq!(unknown.send().await.unwrap().status(), 404);
}
