//! Whether any library documents itself with code that runs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::repository::root;

/// Running no doctest still takes a minute, so look before.
pub fn any_exists() -> Result<bool> {
    let mut folders = vec![root().join("crates")];
    while let Some(folder) = folders.pop() {
        for entry in entries(&folder)? {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                let source = fs::read_to_string(&entry)
                    .with_context(|| format!("cannot read {}", entry.display()))?;
                if holds_doctest(&source) {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    read.map(|entry| Ok(entry?.path())).collect()
}

/// An opening fence without a language, or with one that means Rust.
fn holds_doctest(source: &str) -> bool {
    let mut inside = false;
    for line in source.lines() {
        let line = line.trim_start();
        let Some(text) = line
            .strip_prefix("///")
            .or_else(|| line.strip_prefix("//!"))
        else {
            inside = false;
            continue;
        };
        let Some(language) = text.trim().strip_prefix("```") else {
            continue;
        };
        if !inside
            && matches!(
                language,
                "" | "rust" | "no_run" | "should_panic" | "compile_fail"
            )
        {
            return true;
        }
        inside = !inside;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::holds_doctest;

    #[test]
    fn fences_are_told_apart() {
        let check = |source: &str, expected: bool| {
            assert_eq!(holds_doctest(source), expected, "{source}");
        };
        check("//! ```\n//! let x = 1;\n//! ```", true);
        check("/// ```no_run\n/// f();\n/// ```", true);
        check("//! ```text\n//! a -> b\n//! ```", false);
        check(
            "//! ```sql\n//! ```\nfn f() {}\n/// ```json\n/// ```",
            false,
        );
        check("// ```", false);
    }
}
