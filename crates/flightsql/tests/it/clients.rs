//! The published Python clients against this server.

use crate::harness::TestServer;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn published_python_clients() {
    let server = TestServer::start().await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/clients.py");
    let python = test_kit::Python::locate().unwrap();
    let output = python
        .run(&script, &[format!("{}", server.address)])
        .await
        .unwrap();
    assert!(output.ends_with("all clients are served\n"), "{output}");
}
