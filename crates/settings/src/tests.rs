//! Flags and variables in, settings or sentences out. Flags come from explicit lists and variables
//! from an injected environment: the one of the test process is left alone.

use std::fmt::Debug;
use std::time::Duration;

use clap::Parser;

use super::*;
use crate::logging::log_filter;

#[derive(Debug, Parser)]
struct Flags<A: clap::Args> {
    #[command(flatten)]
    args: A,
}

fn parse<A: clap::Args>(flags: &[&str]) -> A {
    let name = std::iter::once("test");
    Flags::<A>::try_parse_from(name.chain(flags.iter().copied()))
        .unwrap()
        .args
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().copied().collect()
}

/// The value, or the sentences.
fn check<T: Debug + PartialEq>(actual: Result<T, Problems>, expected: Result<T, &[&str]>) {
    match (&actual, &expected) {
        (Ok(value), Ok(expected)) => assert_eq!(value, expected),
        (Err(problems), Err(sentences)) => {
            let problems: Vec<&str> = problems.iter().collect();
            assert_eq!(problems.len(), sentences.len(), "{problems:?}");
            for (problem, part) in problems.iter().zip(*sentences) {
                assert!(problem.contains(part), "{problem:?} does not say {part:?}");
            }
        }
        _ => panic!("{actual:?}, expected {expected:?}"),
    }
}

#[test]
fn grace_flag_beats_variable_beats_default() {
    let name = variables::MICROMEGAS_SHUTDOWN_GRACE_PERIOD_SECONDS;
    let flag = "--shutdown-grace-period-seconds";
    for (flags, value, expected) in [
        (vec![], None, Ok(25)),
        (vec![], Some("7"), Ok(7)),
        (vec![flag, "3"], Some("7"), Ok(3)),
        (vec![flag, "0"], None, Ok(0)),
        (
            vec![],
            Some("7s"),
            Err("MICROMEGAS_SHUTDOWN_GRACE_PERIOD_SECONDS must be a whole number"),
        ),
        (vec![], Some("-1"), Err("must be a whole number")),
        (vec![], Some("99999999"), Err("up to 86400")),
        (vec![], Some(""), Err("is set but empty")),
    ] {
        let environment: Environment = value.map(|value| (name, value)).into_iter().collect();
        let actual = parse::<GraceArgs>(&flags).config(&environment);
        match expected {
            Ok(seconds) => check(actual, Ok(Duration::from_secs(seconds))),
            Err(sentence) => check(actual, Err(&[sentence])),
        }
    }
    let typo = Flags::<GraceArgs>::try_parse_from(["test", flag, "soon"]);
    assert!(typo.unwrap_err().to_string().contains(flag));
}

#[test]
fn services_are_not_open_by_accident() {
    let config = |flags: &[&str]| parse::<AuthArgs>(flags).config(&environment(&[]), Door::Any);
    check(config(&[]).map(drop), Err(&["or pass --disable-auth"]));
    assert!(config(&["--disable-auth"]).is_ok());
    let alone = Flags::<AuthArgs>::try_parse_from(["test", "--allow-remote-unauthenticated"]);
    assert!(alone.unwrap_err().to_string().contains("--disable-auth"));
}

#[test]
fn log_filters() {
    for (variables, expected) in [
        (vec![], "info"),
        (vec![("RUST_LOG", "warn")], "warn"),
        (
            vec![("RUST_LOG", "warn"), ("MICROMEGAS_LOG", "debug")],
            "debug",
        ),
    ] {
        let environment = environment(&variables);
        assert_eq!(log_filter(&environment).unwrap().1, expected);
    }
    let malformed = environment(&[("MICROMEGAS_LOG", "ingestion=loudly")]);
    check(
        init_logging(&malformed),
        Err(&["MICROMEGAS_LOG is not a log filter"]),
    );
}

#[test]
fn problems_are_reported_together_and_without_values() {
    let environment = environment(&[
        ("MICROMEGAS_SHUTDOWN_GRACE_PERIOD_SECONDS", "hunter2"),
        ("MICROMEGAS_LOG", "hunter2=hunter2"),
    ]);
    let problems = gather((
        init_logging(&environment),
        parse::<AuthArgs>(&[]).config(&environment, Door::Any),
        parse::<GraceArgs>(&[]).config(&environment),
    ))
    .unwrap_err();
    let text = format!("{problems} {problems:?} {environment:?}");
    assert!(text.starts_with("the settings can not be used\n  - MICROMEGAS_LOG"));
    assert_eq!(problems.iter().count(), 3);
    assert!(!text.contains("hunter2"), "{text}");
    let fine: Result<_, Problems> = gather((Ok(1), Ok::<_, Problems>("a")));
    assert_eq!(fine, Ok((1, "a")));
}

#[test]
fn every_variable_is_listed_with_its_meaning() {
    let names: Vec<&str> = variables::ALL.iter().map(|(name, _)| *name).collect();
    assert!(names.contains(&variables::MICROMEGAS_OBJECT_STORE_URI));
    assert!(variables::ALL.iter().all(|(_, meaning)| meaning.len() > 20));
}

#[cfg(unix)]
#[test]
fn values_that_are_not_text_are_malformed() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    let garbled = OsString::from_vec(vec![0xff]);
    let environment = Environment::from_iter([("MICROMEGAS_LOG", garbled)]);
    check(
        environment.text("MICROMEGAS_LOG").map(|_| ()),
        Err(&["MICROMEGAS_LOG is not valid Unicode"]),
    );
    assert_eq!(environment.text("RUST_LOG"), Ok(None));
}

#[cfg(feature = "ingestion")]
#[test]
fn ingestion_settings() {
    let default = "127.0.0.1:8081".parse().unwrap();
    let actual = |flags: &[&str], budget: &str| {
        let environment = environment(&[(variables::MICROMEGAS_MEMORY_BUDGET_MB, budget)]);
        let memory = MemoryShares::config(&environment, MemoryRoles::INGESTION).unwrap();
        let settings = parse::<IngestionArgs>(flags).config(default, &memory);
        assert_eq!(settings.limits.validate(), Ok(()));
        let share = settings.limits.in_flight_bytes_max as u64;
        assert_eq!(share, memory.ingestion_bytes);
        settings.listen.to_string()
    };
    // The smallest budget holds the largest body.
    assert_eq!(actual(&[], "118"), "127.0.0.1:8081");
    let flags = ["--listen-endpoint-http", "0.0.0.0:9000"];
    assert_eq!(actual(&flags, "4096"), "0.0.0.0:9000");
}

#[cfg(feature = "flightsql")]
#[test]
fn flight_settings() {
    const SPILL: &str = variables::MICROMEGAS_DATAFUSION_MAX_TEMP_DIRECTORY_MB;
    const REFRESH: &str = variables::MICROMEGAS_QUERY_DENY_REFRESH_SECONDS;
    const TIME_MAX: &str = variables::MICROMEGAS_QUERY_TIME_MAX_SECONDS;
    let default = "0.0.0.0:50051".parse().unwrap();
    let actual = |flags: &[&str], variables: &[(&str, &str)]| {
        let settings = parse::<FlightArgs>(flags).config(&environment(variables), default);
        settings.map(|settings| {
            let spill = settings.engine.spill_bytes_max / (1024 * 1024);
            let refresh = settings.denial_refresh.as_secs();
            let time_max = settings.engine().query_time_max.as_secs();
            (settings.listen.to_string(), spill, refresh, time_max)
        })
    };
    check(
        actual(&[], &[]),
        Ok(("0.0.0.0:50051".to_owned(), 102_400, 10, 3600)),
    );
    check(
        actual(
            &["--listen-endpoint-flight", "[::1]:1"],
            &[(SPILL, "1"), (REFRESH, "3"), (TIME_MAX, "60")],
        ),
        Ok(("[::1]:1".to_owned(), 1, 3, 60)),
    );
    check(
        actual(&[], &[(SPILL, "all"), (REFRESH, "0"), (TIME_MAX, "1h")]),
        Err(&[SPILL, REFRESH, TIME_MAX]),
    );
    for value in ["0", "3601"] {
        check(actual(&[], &[(TIME_MAX, value)]), Err(&[TIME_MAX]));
    }
}

#[cfg(feature = "flightsql")]
#[test]
fn static_tables_lie_in_any_store() {
    const NAME: &str = variables::MICROMEGAS_STATIC_TABLES_URL;
    let flag = "--static-tables-url";
    let actual = |flags: &[&str], variables: &[(&str, &str)]| {
        let flight = parse::<FlightArgs>(flags);
        let settings = flight.config(&environment(variables), "0.0.0.0:1".parse().unwrap());
        settings.map(|settings| {
            // The engine is told, and nobody else: URLs may say more than others should know.
            assert!(!format!("{settings:?}").contains("bucket"));
            settings.engine().static_tables.is_some()
        })
    };
    check(actual(&[], &[]), Ok(false));
    for url in [
        "file:///a/folder",
        "s3://bucket/prefix",
        "gs://bucket",
        "az://bucket/a/b",
    ] {
        let options = [
            (NAME, url),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "hunter2"),
            ("AZURE_STORAGE_ACCOUNT_NAME", "account"),
            ("GOOGLE_SKIP_SIGNATURE", "true"),
        ];
        check(actual(&[], &options), Ok(true));
        check(
            actual(&[flag, url], &[(NAME, "nowhere"), options[3]]),
            Ok(true),
        );
    }
    for url in [
        "folder",
        "file://folder",
        "memory:///",
        "http://h/b",
        "s3://k:hunter2@bucket",
    ] {
        for part in [NAME, "without credentials"] {
            check(actual(&[], &[(NAME, url)]), Err(&[part]));
        }
        check(
            actual(&[flag, url], &[]),
            Err(&["--static-tables-url must be file://"]),
        );
    }
    check(actual(&[], &[(NAME, "")]), Err(&["is set but empty"]));
    let wrong = [(NAME, "s3://bucket"), ("AWS_ALLOW_HTTP", "hunter2")];
    check(actual(&[], &wrong), Err(&["do not fit"]));
}

#[cfg(feature = "flightsql")]
#[test]
fn the_engine_gets_its_shares() {
    let environment = environment(&[(variables::MICROMEGAS_MEMORY_BUDGET_MB, "1024")]);
    let memory = MemoryShares::config(&environment, MemoryRoles::ENGINE).unwrap();
    let flight = parse::<FlightArgs>(&[]).config(&environment, "0.0.0.0:1".parse().unwrap());
    let resources = flight.unwrap().resources(&memory, Some("/spill".into()));
    let mib = 1024 * 1024;
    assert_eq!(resources.memory_bytes, 768 * mib);
    assert_eq!(resources.plan_memory_bytes, 576 * mib);
    assert_eq!(resources.footer_cache_bytes, 32 * mib);
    assert_eq!(resources.spill_folder, Some("/spill".into()));
    assert!(resources.parallelism >= 1);
}

#[cfg(feature = "maintenance")]
#[test]
fn retention_is_at_least_a_day() {
    const NAME: &str = variables::MICROMEGAS_RETENTION_DAYS;
    let flag = "--retention-days";
    let actual = |flags: &[&str], variables: &[(&str, &str)]| {
        let config = parse::<MaintenanceArgs>(flags).config(&environment(variables));
        config.map(|config| config.retention_days)
    };
    check(actual(&[], &[]), Ok(90));
    check(actual(&[], &[(NAME, "1")]), Ok(1));
    check(actual(&[flag, "7"], &[(NAME, "1")]), Ok(7));
    for wrong in ["0", "-1", "soon", "4000000"] {
        check(
            actual(&[], &[(NAME, wrong)]),
            Err(&["must be a whole number of days"]),
        );
    }
    for wrong in ["0", "soon"] {
        assert!(Flags::<MaintenanceArgs>::try_parse_from(["test", flag, wrong]).is_err());
    }
}

#[cfg(feature = "gateway")]
#[test]
fn gateway_settings() {
    const URL: &str = variables::MICROMEGAS_FLIGHTSQL_URL;
    let actual = |flags: &[&str], variables: &[(&str, &str)]| {
        parse::<GatewayArgs>(flags).config(&environment(variables))
    };
    check(
        actual(&[], &[(URL, "grpc://a:1")]),
        Ok("grpc://a:1".to_owned()),
    );
    check(
        actual(
            &["--flightsql-url", "GRPC+TLS://b:2"],
            &[(URL, "grpc://a:1")],
        ),
        Ok("GRPC+TLS://b:2".to_owned()),
    );
    check(
        actual(&[], &[]),
        Err(&["MICROMEGAS_FLIGHTSQL_URL is not set"]),
    );
    check(
        actual(&[], &[(URL, "localhost:50051")]),
        Err(&["MICROMEGAS_FLIGHTSQL_URL must be"]),
    );
    check(
        actual(&["--flightsql-url", "http://"], &[]),
        Err(&["--flightsql-url must be"]),
    );
    let embedded = parse::<GatewayArgs>(&[]).configured(&environment(&[]));
    check(embedded, Ok(None));
}
