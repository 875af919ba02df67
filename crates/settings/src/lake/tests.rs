use std::ffi::OsStr;

use super::*;

const DATABASE: &str = MICROMEGAS_SQL_CONNECTION_STRING;
const OBJECTS: &str = MICROMEGAS_OBJECT_STORE_URI;

/// Database URL and object store URI.
type Halves<'a> = (&'a str, &'a str);

fn check(actual: Result<LakeSettings, Problems>, expected: Result<Halves<'_>, &[&str]>) {
    match (actual, expected) {
        (Ok(settings), Ok((database, objects))) => {
            assert_eq!(settings.database.url, database);
            assert_eq!(settings.objects.uri, objects);
        }
        (Err(problems), Err(parts)) => {
            let problems: Vec<&str> = problems.iter().collect();
            assert_eq!(problems.len(), parts.len(), "{problems:?}");
            for (problem, part) in problems.iter().zip(parts) {
                assert!(problem.contains(part), "{problem:?} does not say {part:?}");
                assert!(!problem.contains("hunter2"), "{problem:?}");
            }
        }
        (actual, expected) => panic!("{actual:?}, expected {expected:?}"),
    }
}

#[test]
fn a_process_with_one_role_needs_both_halves() {
    let cases: [(&[(&str, &str)], Result<Halves<'_>, &[&str]>); 9] = [
        (
            &[
                (DATABASE, "postgres://u:hunter2@h/db"),
                (OBJECTS, "s3://bucket/prefix"),
            ],
            Ok(("postgres://u:hunter2@h/db", "s3://bucket/prefix")),
        ),
        (
            &[
                (DATABASE, "sqlite:///a/b.db"),
                (OBJECTS, "file:///a/objects"),
            ],
            Ok(("sqlite:///a/b.db", "file:///a/objects")),
        ),
        (
            &[(DATABASE, "postgresql://h/db"), (OBJECTS, "file:///a")],
            Ok(("postgresql://h/db", "file:///a")),
        ),
        (
            &[],
            Err(&[
                "MICROMEGAS_SQL_CONNECTION_STRING is not set",
                "MICROMEGAS_OBJECT_STORE_URI is not set",
            ]),
        ),
        (
            &[(OBJECTS, "gs://bucket")],
            Err(&["MICROMEGAS_SQL_CONNECTION_STRING is not set"]),
        ),
        (
            &[(DATABASE, "mysql://u:hunter2@h/db"), (OBJECTS, "hunter2")],
            Err(&[
                "MICROMEGAS_SQL_CONNECTION_STRING must start with sqlite:// or postgres://",
                "MICROMEGAS_OBJECT_STORE_URI must start with file://",
            ]),
        ),
        (
            &[(DATABASE, ""), (OBJECTS, "memory:///")],
            Err(&["MICROMEGAS_SQL_CONNECTION_STRING is set but empty"]),
        ),
        (
            &[(DATABASE, "postgres://h/db"), (OBJECTS, "memory:///")],
            Err(&["must not be memory://"]),
        ),
        (
            &[(DATABASE, "sqlite:///a/b.db"), (OBJECTS, "az://container")],
            Err(&["a SQLite catalog can not go with a shared object store: other machines"]),
        ),
    ];
    for (variables, expected) in cases {
        let environment = variables.iter().copied().collect();
        check(LakeSettings::required(&environment), expected);
    }
}

#[test]
fn variables_replace_halves_of_the_embedded_lake() {
    let embedded = (
        "sqlite:///data/my%20lake/catalog.db",
        "file:///data/my%20lake/objects",
    );
    let cases: [(&[(&str, &str)], Result<Halves<'_>, &[&str]>); 6] = [
        (&[], Ok(embedded)),
        (&[(MICROMEGAS_DATA_DIR, "/elsewhere")], Ok(embedded)),
        (
            &[(DATABASE, "postgres://h/db")],
            Ok(("postgres://h/db", embedded.1)),
        ),
        (&[(OBJECTS, "memory:///")], Ok((embedded.0, "memory:///"))),
        (
            &[(DATABASE, "postgres://h/db"), (OBJECTS, "s3://bucket")],
            Ok(("postgres://h/db", "s3://bucket")),
        ),
        (
            &[(OBJECTS, "s3a://bucket")],
            Err(&["set MICROMEGAS_SQL_CONNECTION_STRING to a postgres:// database"]),
        ),
    ];
    let args = LakeArgs {
        data_dir: Some("/data/my%20lake".into()),
    };
    for (variables, expected) in cases {
        let environment = variables.iter().copied().collect();
        check(args.config(&environment), expected);
    }
}

#[test]
fn the_data_folder_is_the_flag_or_the_variable_or_the_default() {
    let unset = LakeArgs::default();
    let environment = Environment::from_iter([(MICROMEGAS_DATA_DIR, "/from/variable")]);
    let expected = (
        "sqlite:///from/variable/catalog.db",
        "file:///from/variable/objects",
    );
    check(unset.config(&environment), Ok(expected));
    let default = unset.data_dir(&Environment::default()).unwrap();
    assert!(default.is_absolute());
    assert_eq!(default.file_name(), Some(OsStr::new("micromegas-data")));
}

#[test]
fn options_of_the_store_are_passed_on_and_not_printed() {
    let environment = Environment::from_iter([
        (DATABASE, "postgres://u:hunter2@h/db"),
        (OBJECTS, "s3://bucket"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ("GOOGLE_BUCKET", "b"),
        ("AZURE_STORAGE_ACCOUNT_NAME", "c"),
        ("PATH", "/bin"),
    ]);
    let settings = LakeSettings::required(&environment).unwrap();
    let names: Vec<&str> = settings
        .store_options
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "AWS_SECRET_ACCESS_KEY",
            "AZURE_STORAGE_ACCOUNT_NAME",
            "GOOGLE_BUCKET"
        ]
    );
    let text = format!("{settings:?}");
    assert!(
        !text.contains("hunter2") && text.contains("Shared"),
        "{text}"
    );
}

#[tokio::test]
async fn an_embedded_lake_is_created_where_it_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let args = LakeArgs {
        data_dir: Some(folder.path().join("with space/new")),
    };
    let settings = args.config(&Environment::default()).unwrap();
    let (catalog, lake) = settings.open(0).await.unwrap();
    catalog.ping().await.unwrap();
    lake.probe().await.unwrap();
    catalog.close().await;
    assert!(folder.path().join("with space/new/catalog.db").is_file());
    assert!(folder.path().join("with space/new/objects").is_dir());
}
