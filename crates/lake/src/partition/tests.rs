use super::*;

const ID: &str = "0c2a8c0e-6a55-4b7a-9a3c-0d6c6a2f7d11";
const KEY: &str =
    "views/log_entries/global/2026-11-05/14-00-59_0c2a8c0e-6a55-4b7a-9a3c-0d6c6a2f7d11.parquet";

#[test]
fn new_keys_are_distinct_and_parse() {
    for instance in ["global", ID, "019a5434-9c1e-7c3a-a2e5-5bb3a2c9a2d1"] {
        let key = || PartitionKey::new("log_entries", instance, 1).unwrap();
        let (first, second) = (key(), key());
        assert_ne!(first, second);
        assert_eq!(PartitionKey::parse(first.as_str()).unwrap(), first);
        assert_eq!(first.to_string(), first.as_str());
    }
}

#[test]
fn the_path_tells_where_the_insert_range_begins() {
    for (begin_ns, expected) in [
        (0, "1970-01-01/00-00-00"),
        (-1, "1969-12-31/23-59-59"),
        (1_793_887_259_999_999_999, "2026-11-05/14-00-59"),
        (i64::MIN, "1677-09-21/00-12-43"),
        (i64::MAX, "2262-04-11/23-47-16"),
    ] {
        let key = PartitionKey::new("thread_spans", "global", begin_ns).unwrap();
        let expected = format!("views/thread_spans/global/{expected}_");
        assert!(key.as_str().starts_with(&expected), "{key}");
    }
}

#[test]
fn names_that_paths_can_not_have_are_refused() {
    let too_long = "a".repeat(256);
    for view_set in [
        "",
        "..",
        "a/b",
        "a b",
        "Log",
        "log-entries",
        "é",
        "a\0",
        &too_long,
    ] {
        assert!(
            PartitionKey::new(view_set, "global", 0).is_err(),
            "{view_set}"
        );
    }
    let upper = ID.to_uppercase();
    let simple = ID.replace('-', "");
    let braced = format!("{{{ID}}}");
    for instance in [
        "", "..", "Global", "global/", "process", &upper, &simple, &braced,
    ] {
        assert!(PartitionKey::new("log", instance, 0).is_err(), "{instance}");
    }
}

#[test]
fn keys_have_one_spelling() {
    assert_eq!(PartitionKey::parse(KEY).unwrap().as_str(), KEY);
    for (from, to) in [
        ("views", "view"),
        ("views/", "/views/"),
        ("views/", "views//"),
        ("views/log_entries", "views/../views/log_entries"),
        ("log_entries", "Log"),
        ("/global/", "/all/"),
        ("/global/", "/global/global/"),
        ("2026-11-05", "2026-11-5"),
        ("2026-11-05", "2026-02-30"),
        ("2026-11-05", "+2026-11-05"),
        ("2026-11-05", "12026-11-05"),
        ("2026-11-05", "-026-11-05"),
        ("14-00-59", "24-00-00"),
        ("14-00-59", "23-59-60"),
        ("14-00-59", "14-00"),
        ("14-00-59", "14:00:59"),
        ("_0c2a", "_0C2A"),
        ("_0c2a8c0e-", "_0c2a8c0e"),
        ("_0c2a", "0c2a"),
        ("-4b7a-", "-7b7a-"),
        ("-9a3c-", "-1a3c-"),
        (".parquet", ".parquet.tmp"),
        (".parquet", ""),
        (".parquet", ".parquet/"),
        (KEY, ""),
    ] {
        let text = KEY.replacen(from, to, 1);
        assert_ne!(text, KEY);
        assert!(PartitionKey::parse(&text).is_err(), "{text}");
    }
}
