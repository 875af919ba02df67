//! What a process may hold in memory, and what it held.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The most memory that a running process has had resident so far.
pub fn peak_resident_bytes(process: u32) -> Result<usize> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .context("no VmHWM")?;
    let kilobytes = line
        .split_whitespace()
        .nth(1)
        .context("no number in VmHWM")?;
    Ok(kilobytes.parse::<usize>()? * 1024)
}

/// A control group below our own in which the system ends whoever needs more than the limit.
/// Removed when dropped, which must be after its processes have ended.
#[derive(Debug)]
pub struct MemoryGroup {
    folder: PathBuf,
}

impl MemoryGroup {
    /// `None` where this process may not make groups.
    pub fn create(bytes: usize) -> Option<Self> {
        let (parent, limit) = own_group()?;
        let group = Self {
            folder: parent.join(format!("micromegas-test-{}", std::process::id())),
        };
        fs::create_dir(&group.folder).ok()?;
        write_existing(&group.folder.join(limit), bytes).ok()?;
        Some(group)
    }

    pub fn add(&self, process: u32) -> io::Result<()> {
        write_existing(&self.folder.join("cgroup.procs"), process)
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.folder);
    }
}

/// The folder of the group that accounts for this process, and the file with its limit.
fn own_group() -> Option<(PathBuf, &'static str)> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let mounts = Path::new("/sys/fs/cgroup");
    let candidates = groups.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?.trim_start_matches('/'));
        match controllers {
            "memory" => Some((mounts.join("memory").join(path), "memory.limit_in_bytes")),
            "" => Some((mounts.join(path), "memory.max")),
            _ => None,
        }
    });
    // A unified hierarchy beside the older one has no memory controller.
    candidates
        .into_iter()
        .find(|(folder, _)| folder.join("memory.stat").exists())
}

/// The files of a group exist with it; anything else is no group.
fn write_existing(path: &Path, value: impl std::fmt::Display) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(value.to_string().as_bytes())
}
