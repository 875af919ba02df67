//! No credential in any output, however much is logged.

use anyhow::{Result, ensure};
use test_kit::{OidcOptions, OidcProvider};

use crate::blocks::BlockTemplate;
use crate::deployment::{Backend, Deployment};
use crate::login::{API_KEY, guard, verdicts};
use crate::replay::post_all;

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_in_no_log_and_no_answer() -> Result<()> {
    let mut provider = OidcProvider::start(OidcOptions::default()).await?;
    let guard = guard(&provider).with("MICROMEGAS_LOG", "trace");
    let mut deployment = Deployment::start_behind(guard, Backend::Embedded).await?;
    let template = BlockTemplate::load()?;
    post_all(&deployment, template.registrations.clone(), 1).await?;
    let user = provider.login("web", "alice").await?;
    let other = provider.client_credentials("other-service").await?;
    let wrong_key = "a-wrong-key-that-nobody-may-read";
    let credentials = [
        API_KEY.to_owned(),
        wrong_key.to_owned(),
        user.id_token.clone(),
        format!("{}x", user.id_token),
        user.access_token.clone(),
        other,
    ];
    let mut answers = String::new();
    for round in 0..2 {
        for credential in &credentials {
            verdicts(&deployment, &template, credential).await?;
            for sql in [
                "SELECT 1",
                "SELECT nonsense",
                "SELECT * FROM list_query_denials()",
            ] {
                let claimed = [("x-user-id", "somebody else")];
                let (_, text) = deployment.query_as(Some(credential), sql, &claimed).await?;
                answers.push_str(&text);
            }
        }
        if round == 0 {
            // The same once more, with an issuer that does not answer.
            provider.stop();
        }
    }
    deployment.server.sigterm()?;
    deployment
        .server
        .wait_exit(std::time::Duration::from_secs(30))
        .await?;
    let output = deployment.server.output();
    ensure!(
        output.contains("authenticated:"),
        "the log is not that of the requests"
    );
    ensure!(output.contains("authentication failed:"));
    ensure!(output.contains("[auth_failure]") && output.contains("[auth_success]"));
    ensure!(output.contains("execute_query"));
    for text in [&output, &answers] {
        for credential in &credentials {
            let parts = credential.split('.').chain([credential.as_str()]);
            // The header of a token says nothing but its algorithm and key id.
            for part in parts.filter(|part| part.len() >= 16) {
                if let Some(at) = text.find(part) {
                    let line = text[..at].rfind('\n').map_or(0, |start| start + 1);
                    let kind = &text[line..at];
                    anyhow::bail!("a part of a credential follows {kind:?}");
                }
            }
        }
    }
    Ok(())
}
