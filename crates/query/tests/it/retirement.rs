//! Letting partitions go at an administrator's request.

use anyhow::Result;
use query::QueryEngine;

use crate::administrators::administrator;
use crate::house::{House, texts};
use crate::listings::partition;
use crate::maintenance::{everything, messages, paths, two_hours};

const DAY: &str = "'2026-01-05T00:00:00Z', '2026-01-06T00:00:00Z'";

async fn answers(engine: &QueryEngine, sql: &str) -> Result<Vec<String>> {
    texts(engine, administrator(sql)).await
}

async fn materialized() -> Result<(House, String)> {
    let house = two_hours().await?;
    let before = everything(&house).await?;
    messages(
        &house,
        &format!("materialize_partitions('log_entries', {DAY}, 3600)"),
    )
    .await?;
    Ok((house, before))
}

#[tokio::test]
async fn partitions_within_a_range_go_and_rows_stay() -> Result<()> {
    let (house, before) = materialized().await?;
    for (instance, begin, end, left) in [
        ("nobody", "00:00:00", "05:00:00", 5),
        ("global", "01:00:00", "01:00:00", 5),
        ("global", "00:30:00", "01:30:00", 5),
        ("global", "00:30:00", "02:30:00", 4),
        ("global", "00:00:00", "01:00:00", 3),
        ("global", "00:00:00", "23:00:00", 0),
    ] {
        let call = format!(
            "retire_partitions('log_entries', '{instance}', \
             '2026-01-05T{begin}Z', '2026-01-05T{end}+00:00')"
        );
        let told = messages(&house, &call).await?;
        assert!(told.len() >= 2, "{told:?}");
        assert_eq!(
            paths(&house, "log_entries").await?.len(),
            left,
            "{begin} {end}: {told:?}"
        );
        assert_eq!(everything(&house).await?, before);
    }
    Ok(())
}

#[tokio::test]
async fn all_versions_of_a_view_go() -> Result<()> {
    let house = House::new().await?;
    house
        .catalog
        .commit_partitions(&[partition(1), partition(2)], &[])
        .await?;
    let call = "retire_partitions('log_entries', 'global', '1970-01-01', '1970-01-02')";
    let told = messages(&house, call).await?;
    assert_eq!(
        told[1..],
        ["retired 2", "retired 2 partitions of log_entries/global"]
    );
    assert!(paths(&house, "log_entries").await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn single_partitions_go_by_their_path() -> Result<()> {
    let (house, before) = materialized().await?;
    let sql = "SELECT retire_partition_by_file(file_path) AS message FROM list_partitions() \
               WHERE file_path IS NOT NULL ORDER BY begin_insert_time";
    let files: Vec<_> = paths(&house, "log_entries").await?;
    let files = files.iter().filter(|path| *path != "empty");
    let expected: Vec<_> = files
        .map(|path| format!("SUCCESS: Retired partition {path}"))
        .collect();
    assert_eq!(answers(&house.engine, sql).await?, expected);
    assert_eq!(paths(&house, "log_entries").await?, ["empty"; 3]);
    assert_eq!(everything(&house).await?, before);
    let sql = "SELECT retire_partition_by_file('views/none')";
    assert_eq!(
        answers(&house.engine, sql).await?,
        ["ERROR: there is no partition views/none"]
    );
    Ok(())
}

#[tokio::test]
async fn a_batch_goes_as_a_whole_or_not_at_all() -> Result<()> {
    let (house, before) = materialized().await?;
    let made = paths(&house, "log_entries").await?;
    let one = made.iter().find(|path| *path != "empty").unwrap();
    for (second, why) in [
        (
            "'no such file'",
            "ERROR: there is no partition no such file",
        ),
        ("NULL", "ERROR: an argument is NULL"),
    ] {
        let sql = format!(
            "SELECT retire_partition_by_file(path) \
             FROM (VALUES (1, '{one}'), (2, {second})) AS t(n, path)"
        );
        let stays =
            format!("ERROR: partition {one} stays, because another row of the batch failed");
        assert_eq!(answers(&house.engine, &sql).await?, [stays.as_str(), why]);
        assert_eq!(paths(&house, "log_entries").await?, made);
    }
    assert_eq!(everything(&house).await?, before);
    Ok(())
}

/// As the published helper asks.
fn by_metadata(begin: &str, end: &str, more: &str) -> String {
    format!(
        "SELECT retire_partition_by_metadata('log_entries', 'global', \
         CAST('2026-01-05T{begin}+00:00' AS TIMESTAMP), \
         CAST('2026-01-05T{end}+00:00' AS TIMESTAMP){more}) AS message"
    )
}

#[tokio::test]
async fn single_partitions_go_by_what_they_are() -> Result<()> {
    let (house, before) = materialized().await?;
    let name = |begin, end| format!("log_entries/global [2026-01-05T{begin}Z, 2026-01-05T{end}Z)");
    let hash = "SELECT encode(current_schema_hash, 'hex') FROM list_view_sets() \
                WHERE view_set_name = 'log_entries'";
    let hash = format!(
        ", decode('{}', 'hex')",
        answers(&house.engine, hash).await?[0]
    );
    for (begin, end, more, is_there) in [
        ("01:00:00", "02:00:00", ", decode('04', 'hex')", false),
        ("01:00:00", "01:30:00", "", false),
        ("01:00:00", "03:00:00", "", false),
        ("02:00:00", "01:00:00", "", false),
        ("01:00:00", "01:00:00", "", false),
        ("01:00:00", "02:00:00", "", true),
        ("01:00:00", "02:00:00", "", false),
        ("02:00:00", "03:00:00", hash.as_str(), true),
        ("03:00:00", "04:00:00", ", NULL", false),
    ] {
        let name = name(begin, end);
        let expected = match (is_there, more) {
            (true, _) => format!("SUCCESS: Retired partition {name}"),
            (false, ", NULL") => "ERROR: an argument is NULL".to_owned(),
            (false, _) => format!("ERROR: there is no partition {name}"),
        };
        let sql = by_metadata(begin, end, more);
        assert_eq!(answers(&house.engine, &sql).await?, [expected], "{sql}");
    }
    assert_eq!(paths(&house, "log_entries").await?, ["empty"; 3]);
    assert_eq!(everything(&house).await?, before);
    Ok(())
}

#[tokio::test]
async fn partitions_of_a_former_version_are_found_and_go() -> Result<()> {
    let house = House::new().await?;
    house
        .catalog
        .commit_partitions(&[partition(1)], &[])
        .await?;
    let sql = "SELECT p.file_size || ' ' || encode(p.file_schema_hash, 'hex') \
               FROM list_partitions() p \
               JOIN list_view_sets() vs ON p.view_set_name = vs.view_set_name \
               WHERE p.file_schema_hash != vs.current_schema_hash \
               AND p.view_set_name = 'log_entries' \
               ORDER BY p.view_set_name, p.view_instance_id, p.begin_insert_time";
    assert_eq!(answers(&house.engine, sql).await?, ["100 04"]);
    let retire = "SELECT retire_partition_by_metadata(view_set_name, view_instance_id, \
                  begin_insert_time, end_insert_time, file_schema_hash) FROM list_partitions()";
    let expected = "SUCCESS: Retired partition log_entries/global \
                    [1970-01-01T01:00:00Z, 1970-01-01T02:00:00Z)";
    assert_eq!(answers(&house.engine, retire).await?, [expected]);
    assert!(answers(&house.engine, sql).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn planning_and_explaining_let_nothing_go() -> Result<()> {
    let (house, _) = materialized().await?;
    let made = paths(&house, "log_entries").await?;
    let by_file = "SELECT retire_partition_by_file(file_path) FROM list_partitions()";
    for sql in [by_file, &by_metadata("01:00:00", "02:00:00", "")] {
        drop(
            house
                .engine
                .plan(administrator(sql))
                .await?
                .execute()
                .await?,
        );
        for explain in ["EXPLAIN", "EXPLAIN VERBOSE", "DESCRIBE"] {
            house.run(administrator(format!("{explain} {sql}"))).await?;
        }
        house.run(administrator(format!("{sql} LIMIT 0"))).await?;
        assert_eq!(paths(&house, "log_entries").await?, made, "{sql}");
    }
    Ok(())
}
