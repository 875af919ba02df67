//! One of the product's own binaries, run as a process.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use crate::locate::non_empty_var;
use crate::process::GuardedChild;

/// Variables of the machine that would change what a server does.
const SETTINGS: [&str; 6] = [
    "MICROMEGAS_",
    "AWS_",
    "GOOGLE_",
    "AZURE_",
    "OTEL_",
    "RUST_LOG",
];

/// A program that is run to its end gets this long.
const RUN_TIMEOUT: Duration = Duration::from_secs(60);

/// What to run. Variables with the prefixes of the product's settings are not inherited.
#[derive(Debug, Clone)]
pub struct ServerCommand {
    name: String,
    args: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
}

impl ServerCommand {
    /// The binary `name` of this workspace.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            args: Vec::new(),
            environment: Vec::new(),
        }
    }

    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    pub fn envs<N: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let variables = variables.into_iter();
        self.environment
            .extend(variables.map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Run the process to its end, with `input` as its standard input.
    pub async fn run(&self, input: &str) -> Result<Finished> {
        let mut command = tokio::process::Command::from(self.command()?);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut stdin = child.stdin.take().context("the input is a pipe")?;
        stdin.write_all(input.as_bytes()).await?;
        drop(stdin);
        let output = tokio::time::timeout(RUN_TIMEOUT, child.wait_with_output()).await;
        let output = output.with_context(|| format!("{} did not end", self.name))??;
        Ok(Finished {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    fn command(&self) -> Result<Command> {
        let mut command = Command::new(find_binary(&self.name)?);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if SETTINGS.iter().any(|prefix| text.starts_with(prefix)) {
                command.env_remove(&name);
            }
        }
        let environment = self.environment.iter();
        command
            .args(&self.args)
            .envs(environment.map(|(name, value)| (name, value)));
        Ok(command)
    }

    /// Start the process; the caller waits until it answers.
    pub fn spawn(&self) -> Result<Server> {
        let folder = tempfile::Builder::new()
            .prefix("micromegas-test-server-")
            .tempdir()?;
        let output_path = folder.path().join("output.log");
        let output = File::create(&output_path)?;
        let mut command = self.command()?;
        command.stdout(output.try_clone()?).stderr(output);
        Ok(Server {
            name: self.name.clone(),
            output_path,
            process: GuardedChild::spawn(&mut command, "KILL", Some(folder.path()))?,
            _folder: folder,
        })
    }
}

/// What a binary that ran to its end said.
#[derive(Debug)]
pub struct Finished {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// A running binary; killed when dropped.
#[derive(Debug)]
pub struct Server {
    name: String,
    output_path: PathBuf,
    // Dropped in this order: the process ends before its folder goes.
    process: GuardedChild,
    _folder: TempDir,
}

impl Server {
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Where the process writes its outputs.
    pub fn output_path(&self) -> PathBuf {
        self.output_path.clone()
    }

    /// Everything the process wrote to its outputs so far.
    pub fn output(&self) -> String {
        std::fs::read(&self.output_path)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Ask the process to end in order.
    pub fn sigterm(&mut self) -> Result<()> {
        self.process.signal("TERM")
    }

    /// End the process as a crash would; returns when it is gone.
    pub fn kill9(&mut self) -> Result<ExitStatus> {
        self.process.end()
    }

    /// The exit status, if the process has ended.
    pub fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        self.process.try_wait()
    }

    pub async fn wait_exit(&mut self, timeout: Duration) -> Result<ExitStatus> {
        let mut status = None;
        crate::wait_until(timeout, async || {
            status = self.process.try_wait().ok().flatten();
            status.is_some()
        })
        .await
        .with_context(|| format!("waiting for {} to end", self.name))?;
        status.ok_or_else(|| anyhow!("no exit status"))
    }

    /// Wait until `condition` holds; an error at once when the process ends before,
    /// with its output in every error.
    pub async fn wait_until<F>(&mut self, timeout: Duration, mut condition: F) -> Result<()>
    where
        F: AsyncFnMut() -> bool,
    {
        let mut ended = None;
        let waited = crate::wait_until(timeout, async || {
            ended = self.process.try_wait().ok().flatten();
            ended.is_some() || condition().await
        })
        .await;
        waited.with_context(|| format!("{} printed:\n{}", self.name, self.output()))?;
        ensure!(
            ended.is_none(),
            "{} ended with {ended:?} and printed:\n{}",
            self.name,
            self.output()
        );
        Ok(())
    }
}

/// `MICROMEGAS_TEST_BIN_DIR`, or the folder above the one that holds the running test.
fn find_binary(name: &str) -> Result<PathBuf> {
    let folder = match non_empty_var("MICROMEGAS_TEST_BIN_DIR") {
        Some(folder) => folder,
        None => build_folder(&std::env::current_exe()?)?.to_owned(),
    };
    let program = folder.join(name);
    ensure!(
        program.is_file(),
        "{} is not built: run `cargo build --workspace --all-targets`",
        program.display()
    );
    Ok(program)
}

fn build_folder(test: &Path) -> Result<&Path> {
    let folder = test.parent().context("the test has no folder")?;
    match folder.file_name() {
        Some(name) if name == "deps" || name == "examples" => {
            folder.parent().context("no build folder")
        }
        _ => Ok(folder),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binaries_lie_above_the_test() {
        let folder = |test| build_folder(Path::new(test)).unwrap().to_owned();
        assert_eq!(folder("/t/debug/deps/a-123"), Path::new("/t/debug"));
        assert_eq!(folder("/t/debug/a"), Path::new("/t/debug"));
    }

    #[test]
    fn an_unknown_binary_says_how_to_build_it() {
        let error = ServerCommand::new("no-such-server").spawn().unwrap_err();
        assert!(error.to_string().contains("cargo build --workspace"));
    }

    #[tokio::test]
    async fn a_binary_that_ends_at_once_is_reported_with_its_status() {
        // Any binary of the workspace refuses an unknown flag.
        let mut server = ServerCommand::new("xtask")
            .arg("--no-such-flag")
            .spawn()
            .unwrap();
        server.wait_exit(Duration::from_secs(30)).await.unwrap();
        let waited = server
            .wait_until(Duration::from_secs(30), async || false)
            .await;
        assert!(waited.unwrap_err().to_string().contains("xtask"));
    }
}
