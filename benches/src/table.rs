//! The table: what was measured beside what was asked for.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result};

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub work: String,
    /// What release 0.30 did on a machine of this kind.
    pub baseline: String,
    pub target: String,
    pub ours: Measured,
    /// The best that this machine does for such work, in the same run.
    pub yardstick: String,
}

/// Our figure, and whether it is good enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    pub figure: String,
    pub met: bool,
}

/// The rows as a Markdown table.
pub fn markdown(rows: &[Row]) -> String {
    let mut table = String::from(
        "| work | 0.30 | target | measured | met | yardstick |\n|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let met = if row.ours.met { "yes" } else { "**no**" };
        writeln!(
            table,
            "| {} | {} | {} | {} | {met} | {} |",
            row.work, row.baseline, row.target, row.ours.figure, row.yardstick
        )
        .expect("writing to a string cannot fail");
    }
    table
}

/// Replaces the section `name` of a document, or appends it.
pub fn write_section(path: &Path, name: &str, content: &str) -> Result<()> {
    let document = match std::fs::read_to_string(path) {
        Ok(document) => document,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "# Performance\n".to_owned(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let document = with_section(&document, name, content);
    std::fs::write(path, document).with_context(|| format!("cannot write {}", path.display()))
}

fn with_section(document: &str, name: &str, content: &str) -> String {
    let begin = format!("<!-- {name}: begin, written by `cargo xtask bench --write` -->");
    let end = format!("<!-- {name}: end -->");
    let section = format!("{begin}\n\n{}\n\n{end}", content.trim());
    let (before, rest) = document.split_once(&begin).unwrap_or((document, ""));
    match rest.split_once(&end) {
        Some((_, after)) => format!("{before}{section}{after}"),
        None => format!("{}\n\n{section}\n", document.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_name_what_is_not_met() {
        let row = |met| Row {
            work: "w".into(),
            baseline: "b".into(),
            target: "t".into(),
            ours: Measured {
                figure: "f".into(),
                met,
            },
            yardstick: "y".into(),
        };
        let table = markdown(&[row(true), row(false)]);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(
            lines[2..],
            [
                "| w | b | t | f | yes | y |",
                "| w | b | t | f | **no** | y |"
            ]
        );
    }

    #[test]
    fn sections_are_replaced_in_place() {
        let first = with_section("# Title\n\ntext\n", "a", "one");
        assert!(first.starts_with("# Title\n\ntext\n\n<!-- a: begin"));
        let both = with_section(&first, "b", "two") + "tail\n";
        let changed = with_section(&both, "a", "three");
        assert_eq!(changed, both.replace("one", "three"));
    }
}
