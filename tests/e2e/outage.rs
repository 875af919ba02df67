//! A provider that goes away and comes back.

use std::time::Duration;

use anyhow::{Result, ensure};
use reqwest::StatusCode;
use test_kit::{OidcOptions, OidcProvider, wait_until};

use crate::blocks::BlockTemplate;
use crate::deployment::{Backend, Deployment};
use crate::login::{API_KEY, guard, verdicts};
use crate::replay::post_all;

const OK: (StatusCode, StatusCode) = (StatusCode::OK, StatusCode::OK);
const OUTAGE: (StatusCode, StatusCode) = (
    StatusCode::SERVICE_UNAVAILABLE,
    StatusCode::SERVICE_UNAVAILABLE,
);
const LONG: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn known_keys_outlive_their_issuer() -> Result<()> {
    let mut provider = OidcProvider::start(OidcOptions::default()).await?;
    let deployment = Deployment::start_behind(guard(&provider), Backend::Embedded).await?;
    let template = BlockTemplate::load()?;
    post_all(&deployment, template.registrations.clone(), 1).await?;
    let used = provider.login("web", "alice").await?.id_token;
    let unused = provider.login("web", "bob").await?.id_token;
    ensure!(verdicts(&deployment, &template, &used).await? == OK);
    provider.stop();
    for bearer in [&used, &unused, API_KEY] {
        ensure!(verdicts(&deployment, &template, bearer).await? == OK);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_starts_without_its_issuer_and_answers_503_until_it_is_there() -> Result<()> {
    let mut provider = OidcProvider::start(OidcOptions::default()).await?;
    let token = provider.login("web", "alice").await?.id_token;
    provider.stop();
    let deployment = Deployment::start_behind(guard(&provider), Backend::Embedded).await?;
    let template = BlockTemplate::load()?;
    post_all(&deployment, template.registrations.clone(), 1).await?;
    ensure!(verdicts(&deployment, &template, &token).await? == OUTAGE);
    ensure!(verdicts(&deployment, &template, API_KEY).await? == OK);
    // What can be judged without the issuer is still refused.
    let refused = (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED);
    ensure!(verdicts(&deployment, &template, "no token at all").await? != OK);
    ensure!(verdicts(&deployment, &template, "wrong").await? == refused);
    provider.restart().await?;
    wait_until(LONG, async || {
        matches!(verdicts(&deployment, &template, &token).await, Ok(OK))
    })
    .await
}
