//! `auth-explain`: what a server with these variables would say to a credential.

use std::io::Write;
use std::process::ExitCode;

use crate::{Door, Environment, Problems, read_credential};

/// What a server with one door does beside serving.
#[derive(Debug, Clone, Copy, clap::Subcommand)]
pub enum AuthCommand {
    /// Read a token or API key from standard input and tell which checks it passes here, and what
    /// to change where it fails. Exits with 1 when it is refused.
    AuthExplain,
}

impl AuthCommand {
    /// # Errors
    /// Those of [`auth_explain`].
    pub async fn run(self, environment: &Environment) -> Result<ExitCode, Problems> {
        let Self::AuthExplain = self;
        auth_explain(environment, &[Door::Any]).await
    }
}

/// Reads a credential from standard input, checks it as each door would, and prints what the
/// checks say, but not the credential. The exit code is 1 when a door refuses it.
///
/// # Errors
/// A variable is malformed, or standard input can not be read.
pub async fn auth_explain(environment: &Environment, doors: &[Door]) -> Result<ExitCode, Problems> {
    let mut configs = Vec::new();
    let mut problems = Problems::default();
    for door in doors {
        configs.extend(problems.take(door.providers(environment)));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let credential = read_credential()?;
    let mut is_accepted = true;
    for (door, config) in doors.iter().zip(configs) {
        let explanation = auth::explain(&config, &credential).await;
        is_accepted &= explanation.accepted.is_some();
        let heading = match door {
            Door::Any => String::new(),
            Door::Ingestion => "Ingestion:\n".to_owned(),
            Door::Analytics => "Queries:\n".to_owned(),
        };
        // Whoever closed the other end does not want to know.
        let _ = writeln!(std::io::stdout(), "{heading}{explanation}");
    }
    Ok(ExitCode::from(u8::from(!is_accepted)))
}
