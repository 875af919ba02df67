//! Tables that are files of an operator.

mod changes;
mod trouble;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use lake::StaticFiles;
use model::TimeRange;
use object_store::ObjectStoreExt;
use object_store::aws::AmazonS3Builder;
use query::{ErrorClass, QueryEngine, QueryError, QueryRequest, StaticTablesConfig};
use tempfile::TempDir;
use test_kit::S3Server;

use crate::house::{House, texts};
use crate::sql::answer;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Who looks all the time.
const OFTEN: Duration = Duration::from_millis(10);
/// Who has looked once.
const ONCE: Duration = Duration::from_secs(3600);

/// A lake, and a folder of files beside it.
struct Beside {
    house: House,
    folder: TempDir,
}

impl Beside {
    async fn new() -> Result<Self> {
        Ok(Self {
            house: House::new().await?,
            folder: tempfile::tempdir()?,
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<()> {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
        // As a whole, as stores do it.
        let written = self.path("being written");
        fs::write(&written, content)?;
        fs::rename(written, path)?;
        Ok(())
    }

    fn engine(&self, refresh: Duration) -> Result<QueryEngine> {
        let uri = format!("file://{}", self.folder.path().display());
        let files = StaticFiles::open(&uri, [])?;
        self.house
            .engine_with(StaticTablesConfig { files, refresh })
    }
}

async fn table(engine: &QueryEngine, sql: &str) -> Result<String> {
    Ok(answer(engine, QueryRequest::new(sql)).await?)
}

async fn failure(engine: &QueryEngine, sql: &str) -> QueryError {
    answer(engine, QueryRequest::new(sql)).await.expect_err(sql)
}

/// What the statement answers, with `|` between the values.
async fn check(engine: &QueryEngine, sql: &str, expected: &[&str]) -> Result<()> {
    let rows = texts(engine, QueryRequest::new(sql)).await?;
    assert_eq!(rows, expected, "{sql}");
    Ok(())
}

const OWNERS: &str = "\u{feff}team,\"on, call\",since,level,ratio,active,nothing\r\n\
                      render,\"Zoë \"\"Z\"\" O.\",2026-01-31T12:34:56Z,2,0.5,true,\r\n\
                      audio,\"two\nlines\",2026-02-01T00:00:00Z,,1e3,false,\r\n";

const LIMITS: &str = r#"
{"target": "render", "max": 10, "tags": ["a", "b"], "window": {"from": 1, "to": 2.5}}

{"target": "audio", "max": null, "note": "é", "mixed": 1}
{"target": 7, "mixed": "two"}"#;

#[tokio::test]
async fn files_are_tables() -> Result<()> {
    let beside = Beside::new().await?;
    beside.write("owners.csv", OWNERS)?;
    beside.write("deep/er/limits.json", LIMITS)?;
    beside.write("README.md", "no table")?;
    let engine = beside.engine(ONCE)?;
    // Right after the start: the first listing is waited for.
    assert_eq!(
        table(&engine, "SELECT * FROM owners").await?,
        "\
+--------+------------+---------------------+-------+--------+--------+---------+
| team   | on, call   | since               | level | ratio  | active | nothing |
+--------+------------+---------------------+-------+--------+--------+---------+
| render | Zoë \"Z\" O. | 2026-01-31T12:34:56 | 2     | 0.5    | true   |         |
| audio  | two        | 2026-02-01T00:00:00 |       | 1000.0 | false  |         |
|        | lines      |                     |       |        |        |         |
+--------+------------+---------------------+-------+--------+--------+---------+"
    );
    assert_eq!(
        table(
            &engine,
            "SELECT target, max, tags, \"window\", note, mixed FROM limits"
        )
        .await?,
        "\
+--------+-----+--------+--------------------+------+-------+
| target | max | tags   | window             | note | mixed |
+--------+-----+--------+--------------------+------+-------+
| render | 10  | [a, b] | {from: 1, to: 2.5} |      |       |
| audio  |     |        |                    | é    | 1     |
| 7      |     |        |                    |      | two   |
+--------+-----+--------+--------------------+------+-------+"
    );
    Ok(())
}

#[tokio::test]
async fn they_are_like_other_tables_but_for_the_time_range() -> Result<()> {
    let beside = Beside::new().await?;
    beside.write("owners.csv", OWNERS)?;
    beside.write("wide.csv", "a,b,c\n1,2,3\n4,5,6\n7,8,9\n")?;
    let engine = beside.engine(ONCE)?;
    check(
        &engine,
        "SELECT CAST(count(*) AS VARCHAR) FROM wide",
        &["3"],
    )
    .await?;
    check(
        &engine,
        "SELECT concat_ws('|', c, a) FROM wide WHERE b > 2 ORDER BY a DESC LIMIT 1",
        &["9|7"],
    )
    .await?;
    check(
        &engine,
        "SELECT w.team FROM owners w JOIN (SELECT 2 AS level) l ON l.level = w.level",
        &["render"],
    )
    .await?;
    check(
        &engine,
        "SELECT concat_ws('|', column_name, data_type, is_nullable) \
         FROM information_schema.columns WHERE table_name = 'owners'",
        &[
            "team|Utf8|YES",
            "on, call|Utf8|YES",
            "since|Timestamp(s)|YES",
            "level|Int64|YES",
            "ratio|Float64|YES",
            "active|Boolean|YES",
            "nothing|Utf8|YES",
        ],
    )
    .await?;
    let names = "SELECT table_name FROM information_schema.tables \
                 WHERE table_schema = 'public' AND table_type = 'BASE TABLE' \
                 AND table_name IN ('owners', 'wide', 'measures')";
    check(&engine, names, &["measures", "owners", "wide"]).await?;
    assert!(
        table(&engine, "SHOW COLUMNS FROM wide")
            .await?
            .contains("Int64")
    );
    assert!(table(&engine, "DESCRIBE wide").await?.contains("Int64"));

    let mut ranged = QueryRequest::new("SELECT team FROM owners ORDER BY since");
    ranged.range = Some(TimeRange { begin: 1, end: 2 });
    assert_eq!(texts(&engine, ranged).await?, ["render", "audio"]);
    let global = engine.global_tables();
    assert!(global.iter().all(|(name, _)| *name != "owners"));
    let insert = failure(&engine, "INSERT INTO wide VALUES (1, 2, 3)").await;
    assert_eq!(insert.class, ErrorClass::Invalid);
    let plan = table(&engine, "EXPLAIN ANALYZE VERBOSE SELECT * FROM owners").await?;
    let folder = beside.folder.path().to_str().expect("a text");
    assert!(!plan.contains(folder) && !plan.contains("csv"), "{plan}");
    Ok(())
}

#[tokio::test]
async fn a_bucket_is_as_good_as_a_folder() -> Result<()> {
    let server = S3Server::start().await?;
    let options = server.environment();
    let put = AmazonS3Builder::new();
    let put = options.iter().fold(put, |store, (name, value)| {
        let key = name.to_ascii_lowercase().parse();
        key.map_or_else(
            |_| store.clone(),
            |key| store.clone().with_config(key, value),
        )
    });
    let put = put.with_bucket_name(server.bucket()).build()?;
    let write = async |path: &str, content: &'static str| {
        put.put(&path.into(), Bytes::from(content).into()).await
    };
    write("prefix/a b/owners.csv", "team\nrender\n").await?;
    write("elsewhere/others.csv", "team\nrender\n").await?;
    let uri = format!("s3://{}/prefix", server.bucket());
    let house = House::new().await?;
    let engine = house.engine_with(StaticTablesConfig {
        files: StaticFiles::open(&uri, options)?,
        refresh: ONCE,
    })?;
    let sql = "SELECT team FROM \"owners\"";
    check(&engine, sql, &["render"]).await?;
    write("prefix/a b/owners.csv", "team\naudio\nvideo\n").await?;
    check(&engine, sql, &["audio", "video"]).await?;
    let others = failure(&engine, "SELECT team FROM others").await;
    assert_eq!(others.class, ErrorClass::Invalid);
    Ok(())
}
