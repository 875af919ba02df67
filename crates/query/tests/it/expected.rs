//! Texts that are kept beside the tests and compared with what came out.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// Where set, the texts are written anew instead of compared.
const WRITE: &str = "MICROMEGAS_WRITE_EXPECTED";

/// A path relative to this crate.
pub fn of_crate(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// `actual` is what the file says.
pub fn check(path: &Path, actual: &str) -> Result<()> {
    if std::env::var_os(WRITE).is_some() {
        fs::write(path, actual)?;
        return Ok(());
    }
    let how = format!("{WRITE}=1 cargo nextest run -p query writes it");
    let name = path.display();
    let expected = fs::read_to_string(path);
    let expected = expected.with_context(|| format!("{name} can not be read; {how}"))?;
    let mut lines = expected.lines().zip(actual.lines()).enumerate();
    if let Some((number, (expected, actual))) = lines.find(|(_, (a, b))| a != b) {
        let number = number + 1;
        anyhow::bail!("{name}, line {number}\nexpected: {expected}\nactual:   {actual}\n{how}");
    }
    ensure!(expected == actual, "{name} has another length; {how}");
    Ok(())
}
