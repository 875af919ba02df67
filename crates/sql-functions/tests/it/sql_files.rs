//! Every `.sql` file answers what the `.expected` file beside it says.
//!
//! `MICROMEGAS_WRITE_EXPECTED=1` writes the answers down instead of comparing them; then they
//! are to be read and judged before they are kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::context;
use crate::statements::{answers, split};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sql")
}

/// File names without extension, and the text of the files.
fn files(extension: &str) -> BTreeMap<String, String> {
    let paths = fs::read_dir(folder())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| {
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (name, fs::read_to_string(path).expect("readable"))
        })
        .collect()
}

#[tokio::test]
async fn files_answer_as_expected() {
    let write = std::env::var_os("MICROMEGAS_WRITE_EXPECTED").is_some();
    let mut expected = files("expected");
    let mut differing = Vec::new();
    for (name, sql) in files("sql") {
        let answers = answers(&context(), &sql).await;
        if write {
            let path = folder().join(format!("{name}.expected"));
            fs::write(path, answers).expect("writable");
            expected.remove(&name);
            continue;
        }
        match expected.remove(&name) {
            Some(expected) if expected == answers => {}
            Some(expected) => differing.push(difference(&name, &expected, &answers)),
            None => differing.push(format!("{name}.expected is missing")),
        }
    }
    differing.extend(expected.keys().map(|name| format!("{name}.sql is missing")));
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// The first line that is not as expected.
fn difference(name: &str, expected: &str, answers: &str) -> String {
    let same = expected
        .lines()
        .zip(answers.lines())
        .take_while(|(left, right)| left == right)
        .count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("the end").to_owned();
    format!(
        "{name}.expected, line {}: expected {}\ngot {}",
        same + 1,
        line(expected),
        line(answers)
    )
}

#[test]
fn every_function_is_in_a_file() {
    let mut functions: BTreeSet<String> = BTreeSet::new();
    functions.extend(
        sql_functions::scalar_functions()
            .iter()
            .map(|function| function.name().to_owned()),
    );
    functions.extend(
        sql_functions::aggregate_functions()
            .iter()
            .map(|function| function.name().to_owned()),
    );
    functions.extend(
        sql_functions::table_function_docs()
            .iter()
            .map(|doc| doc.name.to_owned()),
    );
    for statement in files("sql").values().flat_map(|text| split(text)) {
        functions.retain(|function| !statement.sql.contains(&format!("{function}(")));
    }
    assert_eq!(functions, BTreeSet::new(), "no statement calls these");
}
