//! A child process that never outlives the test process.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use anyhow::{Context, Result, ensure};

/// The watchdog waits for a line. A line means that the owner has cleaned up; the
/// end of the pipe means that the owner is gone, so the watchdog cleans up itself.
const WATCHDOG: &str = r#"read -r line && exit 0
kill -s "$1" "$2"
[ -n "$3" ] || exit 0
for _ in 1 2 3 4 5 6 7 8 9; do kill -0 "$2" || break; sleep 0.5; done
rm -rf -- "$3""#;

/// A running child and the watchdog that ends it should the owner be killed.
#[derive(Debug)]
pub(crate) struct GuardedChild {
    child: Child,
    watchdog: Child,
    /// The signal that ends the child at once.
    end_signal: &'static str,
}

impl GuardedChild {
    /// Start `command`. `folder` is removed by the watchdog when it has to act; the
    /// owner removes it otherwise.
    pub fn spawn(
        command: &mut Command,
        end_signal: &'static str,
        folder: Option<&Path>,
    ) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("starting {}", command.get_program().display()))?;
        let watchdog = Command::new("sh")
            .args(["-c", WATCHDOG, "watchdog", end_signal])
            .arg(child.id().to_string())
            .arg(folder.unwrap_or(Path::new("")))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match watchdog {
            Ok(watchdog) => Ok(Self {
                child,
                watchdog,
                end_signal,
            }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error).context("starting the watchdog")
            }
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The exit status, if the child has ended.
    pub fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Send a signal by name, `TERM` for example. Fails when the child has ended.
    pub fn signal(&mut self, name: &str) -> Result<()> {
        ensure!(self.try_wait()?.is_none(), "the process has ended");
        let sent = Command::new("sh")
            .args(["-c", r#"kill -s "$1" "$2""#, "kill", name])
            .arg(self.id().to_string())
            .status()?;
        ensure!(sent.success(), "sending SIG{name} failed");
        Ok(())
    }

    /// End the child at once and collect it.
    pub fn end(&mut self) -> Result<ExitStatus> {
        if self.try_wait()?.is_none() {
            self.signal(self.end_signal)?;
        }
        Ok(self.child.wait()?)
    }
}

impl Drop for GuardedChild {
    fn drop(&mut self) {
        if self.end().is_err() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if let Some(stdin) = &mut self.watchdog.stdin {
            let _ = stdin.write_all(b"done\n");
        }
        let _ = self.watchdog.wait();
    }
}

/// Run a short command to its end; its error output is part of the error.
pub(crate) async fn run(command: Command) -> Result<()> {
    let program = command.get_program().display().to_string();
    let output = tokio::process::Command::from(command)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| format!("starting {program}"))?;
    ensure!(
        output.status.success(),
        "{program} ended with {}: {}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::wait_until;

    fn alive(pid: u32) -> bool {
        // A killed child of ours stays as a zombie until it is collected.
        std::fs::read_to_string(format!("/proc/{pid}/stat"))
            .is_ok_and(|stat| !stat.contains(") Z "))
    }

    #[test]
    fn dropping_ends_the_child_and_its_watchdog() {
        let child = GuardedChild::spawn(Command::new("sleep").arg("600"), "KILL", None).unwrap();
        let (id, watchdog) = (child.id(), child.watchdog.id());
        assert!(alive(id));
        drop(child);
        assert!(!alive(id));
        assert!(!alive(watchdog));
    }

    #[tokio::test]
    async fn losing_the_owner_ends_the_child_and_removes_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("data");
        std::fs::create_dir(&kept).unwrap();
        let mut child =
            GuardedChild::spawn(Command::new("sleep").arg("600"), "KILL", Some(&kept)).unwrap();
        // What the system does to our end of the pipe when this process dies.
        drop(child.watchdog.stdin.take());
        wait_until(Duration::from_secs(30), async || {
            child.try_wait().unwrap().is_some() && !kept.exists()
        })
        .await
        .unwrap();
    }
}
