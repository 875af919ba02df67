//! Running other programs: shown before they run, and their failure named.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

/// A command line to be.
#[derive(Debug)]
pub struct Program {
    command: Command,
}

impl Program {
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            command: Command::new(program),
        }
    }

    pub fn arg(&mut self, argument: impl AsRef<OsStr>) -> &mut Self {
        self.command.arg(argument);
        self
    }

    pub fn args(&mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> &mut Self {
        self.command.args(arguments);
        self
    }

    pub fn env(&mut self, name: &str, value: impl AsRef<OsStr>) -> &mut Self {
        self.command.env(name, value);
        self
    }

    pub fn without_env(&mut self, name: &str) -> &mut Self {
        self.command.env_remove(name);
        self
    }

    pub fn in_folder(&mut self, folder: &Path) -> &mut Self {
        self.command.current_dir(folder);
        self
    }

    /// Shows the command line, runs it, fails when it fails.
    pub fn run(&mut self) -> Result<()> {
        eprintln!("$ {}", self.line());
        let status = self.command.status();
        self.check(status)
    }

    /// As [`Program::run`], showing nothing of its own.
    pub fn run_quietly(&mut self) -> Result<()> {
        let status = self.command.status();
        self.check(status)
    }

    /// Runs and passes its error output on, and answers with the last line of
    /// it that contains `wanted`: where the output is a log, the line that
    /// matters can then be repeated at the end.
    pub fn run_noting(&mut self, wanted: &str) -> Result<Option<String>> {
        if std::io::stderr().is_terminal() {
            return self.run().map(|()| None);
        }
        eprintln!("$ {}", self.line());
        let mut child = self
            .command
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", self.line()))?;
        let mut noted = None;
        let output = child.stderr.take().context("the error output was piped")?;
        for line in BufReader::new(output).split(b'\n') {
            let line = line.context("cannot read the error output")?;
            let mut ours = std::io::stderr().lock();
            ours.write_all(&line).and_then(|()| ours.write_all(b"\n"))?;
            let text = String::from_utf8_lossy(&line);
            if text.contains(wanted) {
                noted = Some(text.trim().to_owned());
            }
        }
        let status = child.wait();
        self.check(status)?;
        Ok(noted)
    }

    /// True when the program exists and succeeds; its output is discarded.
    pub fn succeeds(&mut self) -> bool {
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Starts the program and leaves it running.
    pub fn start(&mut self) -> Result<()> {
        let line = self.line();
        self.command
            .spawn()
            .with_context(|| format!("cannot run {line}"))?;
        Ok(())
    }

    /// Becomes the program: signals and the exit code are then its own. Comes
    /// back only when it cannot be started.
    #[cfg(unix)]
    pub fn become_it(&mut self) -> Result<()> {
        let error = std::os::unix::process::CommandExt::exec(&mut self.command);
        Err(error).with_context(|| format!("cannot run {}", self.line()))
    }

    #[cfg(not(unix))]
    pub fn become_it(&mut self) -> Result<()> {
        self.run_quietly()
    }

    fn check(&self, status: std::io::Result<ExitStatus>) -> Result<()> {
        let status = status.with_context(|| format!("cannot run {}", self.line()))?;
        if !status.success() {
            bail!("{} ended with {status}", self.line());
        }
        Ok(())
    }

    /// For people: the program by its name, the arguments as they are.
    fn line(&self) -> String {
        let program = Path::new(self.command.get_program());
        let name = program.file_name().unwrap_or(program.as_os_str());
        let words: Vec<OsString> = std::iter::once(name)
            .chain(self.command.get_args())
            .map(OsStr::to_owned)
            .collect();
        words.join(OsStr::new(" ")).to_string_lossy().into_owned()
    }
}

/// True when a file of this name lies in a folder of `PATH`.
pub fn is_on_path(name: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}
