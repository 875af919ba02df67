//! `auth-explain`: whether the Flight SQL server behind this gateway accepts a credential.

use std::io::{Write, stdout};

use anyhow::Context;
use flightsql_client::{Client, Code, Error, RequestMetadata};
use settings::read_credential;

/// Asks a trivial query with the credential on standard input, prints what became of it, and
/// tells whether it was accepted. The gateway itself checks nothing.
pub async fn auth_explain(client: &Client) -> anyhow::Result<bool> {
    let credential = read_credential()?;
    let mut metadata = RequestMetadata::new();
    metadata
        .insert("authorization", &format!("Bearer {}", credential.trim()))
        .context("the credential is not one line of visible ASCII")?;
    let asked = client.query("SELECT 1", metadata).await.map(drop);
    let text = match &asked {
        Ok(()) => "ok    query server: it accepts the credential".to_owned(),
        Err(error) => format!(
            "FAIL  query server: {}\n      -> {}",
            found(error),
            advice(error)
        ),
    };
    // Whoever closed the other end does not want to know.
    let _ = writeln!(stdout(), "{text}");
    Ok(asked.is_ok())
}

fn found(error: &Error) -> &'static str {
    match error.code() {
        Code::Unauthenticated => "it refuses the credential",
        Code::Unavailable => "it does not answer, or can not check credentials now",
        _ => "it fails",
    }
}

fn advice(error: &Error) -> &'static str {
    match error.code() {
        Code::Unauthenticated => {
            "the gateway passes credentials on and checks none; `flight-sql-srv auth-explain`, \
             with that server's variables, tells which check fails"
        }
        Code::Unavailable => {
            "check that MICROMEGAS_FLIGHTSQL_URL names the Flight SQL server, that it runs, and \
             that it reaches its token issuers"
        }
        _ => "the log of the Flight SQL server tells why",
    }
}
