//! The Python interpreter that has the published clients installed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::process::Command;

use crate::locate::{non_empty_var, not_installed, venv_bin};

/// Runs scripts; each run is bounded in time.
#[derive(Debug, Clone)]
pub struct Python {
    program: PathBuf,
    timeout: Duration,
    environment: Vec<(String, String)>,
}

impl Python {
    /// `MICROMEGAS_TEST_PYTHON`, or the interpreter of the test venv.
    pub fn locate() -> Result<Self> {
        let program = non_empty_var("MICROMEGAS_TEST_PYTHON")
            .or_else(|| venv_bin().map(|folder| folder.join("python")));
        match program {
            Some(program) if program.is_file() => Ok(Self {
                program,
                timeout: Duration::from_secs(120),
                environment: Vec::new(),
            }),
            Some(program) => Err(not_installed(program)),
            None => Err(not_installed("the Python test environment")),
        }
    }

    pub fn path(&self) -> &Path {
        &self.program
    }

    /// Replace the limit of two minutes for one run.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Set an environment variable of the script.
    pub fn with_env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Run a script file; returns what it printed.
    pub async fn run<A: AsRef<OsStr>>(&self, script: &Path, args: &[A]) -> Result<String> {
        let mut command = self.command();
        command.arg(script).args(args);
        self.finish(command)
            .await
            .with_context(|| format!("running {}", script.display()))
    }

    /// Run a piece of Python; returns what it printed.
    pub async fn run_code<A: AsRef<OsStr>>(&self, code: &str, args: &[A]) -> Result<String> {
        let mut command = self.command();
        command.arg("-c").arg(code).args(args);
        self.finish(command).await.context("running Python code")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    async fn finish(&self, mut command: Command) -> Result<String> {
        let Ok(output) = tokio::time::timeout(self.timeout, command.output()).await else {
            bail!("python did not end within {:?}", self.timeout);
        };
        let output = output.context("starting python")?;
        let stdout = String::from_utf8_lossy(&output.stdout);
        ensure!(
            output.status.success(),
            "python ended with {}\n{stdout}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr),
        );
        Ok(stdout.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn output_failure_and_time_out_are_told_apart() {
        let python = Python::locate().unwrap();
        let code = "import sys; print('hello', sys.argv[1])";
        assert_eq!(
            python.run_code(code, &["you"]).await.unwrap().trim(),
            "hello you"
        );
        let failed = python
            .run_code("raise SystemExit('no luck')", &[""; 0])
            .await;
        assert!(format!("{:#}", failed.unwrap_err()).contains("no luck"));
        let endless = python
            .with_timeout(Duration::from_millis(1))
            .run_code("while True: pass", &[""; 0])
            .await;
        assert!(format!("{:#}", endless.unwrap_err()).contains("did not end"));
    }
}
