//! No credential, nor a part of one, in logs, errors, answers or debug output.

use std::io::Write;
use std::sync::{Arc, Mutex};

use auth::{
    Admins, ApiKeys, Attribution, Authenticator, Bearer, ClaimedUser, Config, Oidc, OidcConfig,
    Provider, RequestView, explain,
};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, Request, header::AUTHORIZATION};
use serde_json::json;
use tower::ServiceExt;

use crate::asking::{guarded, oidc_config};
use crate::issuer::{Answer, Issuer};
use crate::keys::patient;
use crate::signing::{SigningKey, assemble, claims, header, token, with};

/// In no name, email, issuer or audience, only in what must stay secret.
const MARK: &str = "hunter2";

const KEY: &str = "hunter2-key-of-ci";

/// Everything that is logged by anybody in this process.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Bearer tokens of every kind, some good and most not.
fn credentials(key: &SigningKey, issuer: &Issuer, down: &Issuer) -> Vec<String> {
    let stranger = SigningKey::p256("stranger");
    // Like a nonce or a password in a claim that nobody asked for.
    let claims = with(claims(&issuer.url), "nonce", MARK);
    let good = token(key, &claims);
    let text = claims.to_string();
    let header = header(key).to_string();
    let sign = |message: &[u8]| key.sign(message);
    let mut all = vec![
        KEY.to_owned(),
        format!("{KEY}-unknown"),
        format!("{KEY} with spaces"),
        KEY.repeat(2_000),
        format!("{KEY}.{KEY}.{KEY}"),
        format!("{KEY}.{KEY}.{KEY}.{KEY}.{KEY}"),
        token(&stranger, &claims),
        token(key, &with(claims.clone(), "iss", &*down.url)),
        token(key, &with(claims.clone(), "exp", 1)),
        token(key, &with(claims.clone(), "exp", MARK)),
        token(key, &with(claims.clone(), "nbf", 4e9)),
        token(key, &with(claims.clone(), "nbf", MARK)),
        token(key, &with(claims.clone(), "aud", json!({"x": MARK}))),
        token(key, &with(claims.clone(), "sub", json!({"x": MARK}))),
        token(key, &with(claims.clone(), "sub", format!("{MARK}\n"))),
        assemble("{\"alg\": \"none\"}", &text, |_| Vec::new()),
        assemble("{\"alg\": \"HS256\"}", &text, sign),
        assemble("{\"alg\": \"RS256\"}", &text, sign),
        assemble(&header, MARK, sign),
        assemble(MARK, &text, sign),
        assemble(
            &header.replace('}', ", \"crit\": [\"hunter2\"]}"),
            &text,
            sign,
        ),
        format!("{good}A"),
        good[..good.len() - 1].to_owned(),
        good.replace('.', "!"),
    ];
    all.push(good);
    all
}

/// What must not be seen: whole credentials and what their parts say and are.
fn secrets(credentials: &[String]) -> Vec<String> {
    let mut secrets = vec![MARK.to_owned()];
    for credential in credentials {
        let parts = credential.split(['.', '!']).filter(|part| part.len() > 10);
        // The headers of tokens are the same for all; they tell the algorithm.
        let parts = parts.filter(|part| !part.starts_with("eyJhbGci"));
        secrets.extend(parts.map(str::to_owned));
        secrets.push(credential.clone());
    }
    secrets
}

fn assert_clean(what: &str, text: &str, secrets: &[String]) {
    for secret in secrets {
        let at = text.find(secret.as_str());
        let line = at.map(|at| &text[text[..at].rfind('\n').map_or(0, |end| end + 1)..]);
        let line = line.and_then(|rest| rest.lines().next());
        assert_eq!(line, None, "{what} shows {secret}");
    }
}

fn config(issuer: &Issuer, down: &Issuer) -> Config {
    let keys = json!([{"name": "ci", "key": KEY}]).to_string();
    let issuers = [(issuer.url.as_str(), "app"), (down.url.as_str(), "app")];
    Config {
        api_keys: Some(ApiKeys::parse(&keys, &Admins::default()).unwrap()),
        oidc: Some(oidc_config(&issuers, json!({}), patient())),
        admins: Admins::parse(r#"["hunter2@example.com"]"#).unwrap(),
    }
}

/// Through both doors; answers with all that a client sees.
async fn knock(authenticator: &Authenticator, credential: &str) -> String {
    let mut seen = String::new();
    for door in [auth::http::require, auth::grpc::require] {
        let router = Router::new().route(
            "/",
            get(|request: Request<Body>| async move { format!("{request:?}") }),
        );
        let router = door(router, authenticator.clone());
        let Ok(value) = HeaderValue::from_str(&format!("Bearer {credential}")) else {
            continue;
        };
        let request = Request::get("/").header(AUTHORIZATION, value);
        let request = request.body(Body::empty()).unwrap();
        let response = guarded(router.oneshot(request)).await.unwrap();
        seen.push_str(&format!("{response:?}\n"));
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        seen.push_str(&String::from_utf8_lossy(&body));
    }
    seen
}

#[tokio::test]
async fn nothing_shows_a_credential() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let key = SigningKey::p256("k");
    let (issuer, down) = (Issuer::start(&[&key]).await, Issuer::stopped(&[]));
    let config = config(&issuer, &down);
    let credentials = credentials(&key, &issuer, &down);
    let secrets = secrets(&credentials);
    let door = config.clone().authenticator();
    for credential in &credentials {
        // Twice: as it comes, and as it is when a cache knows it.
        for _ in 0..2 {
            assert_clean("an answer", &knock(&door, credential).await, &secrets);
        }
        let explanation = explain(&config, credential).await;
        assert_clean("the doctor", &explanation.to_string(), &secrets);
        assert_clean("its checks", &format!("{explanation:#?}"), &secrets);
    }
    // Faults of an issuer are logged at length.
    issuer.answer_discovery(Answer::Text("no document".to_owned()));
    let fresh = config.clone().authenticator();
    for credential in &credentials {
        assert_clean("an answer", &knock(&fresh, credential).await, &secrets);
    }
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for expected in [
        "authentication failed:",
        "[auth_failure]",
        "[auth_success]",
        "authenticated:",
        "could not be fetched",
        "TRACE",
        "fetched the issuer's keys",
    ] {
        assert!(text.contains(expected), "{expected} was logged");
    }
    assert_clean("the log", &text, &secrets);
}

#[tokio::test]
async fn debug_output_shows_no_credential() {
    let key = SigningKey::p256("k");
    let issuer = Issuer::start(&[&key]).await;
    let config = config(&issuer, &issuer);
    let good = token(&key, &with(claims(&issuer.url), "nonce", MARK));
    let oidc = Oidc::new(config.oidc.clone().unwrap(), config.admins.clone());
    let mut headers = HeaderMap::new();
    headers.insert(
        AUTHORIZATION,
        HeaderValue::from_str(&format!("Bearer {good}")).unwrap(),
    );
    headers.insert("cookie", HeaderValue::from_static("hunter2"));
    let view = RequestView::of_headers(&headers);
    let caller = oidc.authenticate(&view).await.unwrap();
    let claimed = ClaimedUser::of_headers(&headers);
    let request = Request::get("/path?token=hunter2").body(()).unwrap();
    let refused = oidc
        .authenticate(&RequestView::of_token(KEY))
        .await
        .unwrap_err();
    let shown = [
        format!("{config:?} {:?}", config.api_keys),
        format!("{:?} {:?}", config.admins, config.oidc),
        format!("{:?}", config.clone().authenticator()),
        format!("{:?}", Authenticator::disabled()),
        format!("{oidc:?} {}", oidc.name()),
        format!("{view:?} {:?}", view.bearer()),
        format!("{:?}", RequestView::of_request(&request)),
        format!("{:?}", Bearer::of_token(&good)),
        format!("{:?}", Bearer::of_token("hunter2 hunter2")),
        format!("{caller:?} {:?}", *caller),
        format!("{:?}", Attribution::of(&caller, claimed)),
        format!("{refused:?} {refused}"),
        format!("{:?}", explain(&config, KEY).await),
        format!("{:?}", explain(&config, &good).await),
        format!("{:?}", ApiKeys::parse(r#"["hunter2"]"#, &config.admins)),
        format!("{:?}", Admins::parse("hunter2")),
        format!("{:?}", OidcConfig::parse(r#"{"issuers": "hunter2"}"#)),
    ];
    let secrets = secrets(&[KEY.to_owned(), good]);
    for text in shown {
        assert_clean("debug output", &text, &secrets);
    }
}
