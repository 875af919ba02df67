use axum::body::Body;
use axum::routing::get;
use tower::ServiceExt;

use super::*;

fn router() -> Router {
    let echo = get(|request: Request| async move {
        request.extensions().get::<RequestId>().unwrap().to_string()
    });
    with_request_log(Router::new().route("/", echo), Level::INFO)
}

async fn answered_id(sent: Option<&[u8]>) -> String {
    let mut request = Request::get("/?secret=1").body(Body::empty()).unwrap();
    if let Some(sent) = sent {
        request
            .headers_mut()
            .insert(REQUEST_ID, HeaderValue::from_bytes(sent).unwrap());
    }
    let response = router().oneshot(request).await.unwrap();
    let header = response.headers()[&REQUEST_ID].to_str().unwrap().to_owned();
    let seen = axum::body::to_bytes(response.into_body(), 1024)
        .await
        .unwrap();
    assert_eq!(header.as_bytes(), seen);
    header
}

#[tokio::test]
async fn acceptable_ids_are_kept_others_replaced() {
    assert_eq!(answered_id(Some(b"abc-123")).await, "abc-123");
    let too_long = vec![b'x'; REQUEST_ID_BYTES_MAX + 1];
    let replaced: [Option<&[u8]>; 5] = [
        None,
        Some(b""),
        Some(b"a b"),
        Some(b"\xe9"),
        Some(&too_long),
    ];
    for sent in replaced {
        let id = answered_id(sent).await;
        assert!(Uuid::try_parse(&id).is_ok(), "{sent:?} became {id}");
    }
}
