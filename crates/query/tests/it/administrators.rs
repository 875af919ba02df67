//! The functions that only administrators have.

use std::time::Duration;

use anyhow::Result;
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use query::{Access, ErrorClass, Origin, QueryEngine, QueryError, QueryRequest};
use test_kit::wait_until;

use crate::house::{House, texts};

const TIMEOUT: Duration = Duration::from_secs(30);

/// A query of the administrator `root`.
pub fn administrator(sql: impl Into<String>) -> QueryRequest {
    QueryRequest {
        access: Access::Administrator,
        origin: Origin {
            user_id: Some("root".to_owned()),
            ..Origin::default()
        },
        ..QueryRequest::new(sql)
    }
}

/// A query of a reader with this user id.
pub fn reader(user_id: &str, sql: &str) -> QueryRequest {
    QueryRequest {
        origin: Origin {
            user_id: Some(user_id.to_owned()),
            ..Origin::default()
        },
        ..QueryRequest::new(sql)
    }
}

/// The id of a new rule.
pub async fn deny(engine: &QueryEngine, match_expr: &str, reason: &str) -> Result<String> {
    let quoted = |text: &str| text.replace('\'', "''");
    let (match_expr, reason) = (quoted(match_expr), quoted(reason));
    let sql = format!("SELECT msg FROM deny_queries('{match_expr}', '{reason}')");
    Ok(texts(engine, administrator(sql)).await?.remove(0))
}

/// What the list says, one text per rule.
pub async fn list(engine: &QueryEngine, column: &str) -> Result<Vec<String>> {
    let sql = format!("SELECT CAST({column} AS VARCHAR) FROM list_query_denials()");
    texts(engine, administrator(sql)).await
}

async fn remove(engine: &QueryEngine, id: &str) -> Result<String> {
    let sql = format!("SELECT remove_query_denial('{id}')");
    Ok(texts(engine, administrator(sql)).await?.remove(0))
}

pub async fn refusal(engine: &QueryEngine, request: QueryRequest) -> QueryError {
    let sql = request.sql.clone();
    engine.plan(request).await.map(drop).expect_err(&sql)
}

#[tokio::test]
async fn for_readers_they_do_not_exist() -> Result<()> {
    let house = House::new().await?;
    for sql in [
        "SELECT * FROM deny_queries('user_id = ''a''', 'why')",
        "SELECT * FROM list_query_denials()",
        "SELECT remove_query_denial('x')",
        "SELECT * FROM retire_partitions('blocks', 'global', '2026-01-05', '2026-01-06')",
        "SELECT * FROM materialize_partitions('blocks', '2026-01-05', '2026-01-06', 3600)",
        "SELECT * FROM regenerate_partitions('blocks', '2026-01-05', '2026-01-06', 3600)",
        "SELECT retire_partition_by_file('x')",
        "SELECT retire_partition_by_metadata('blocks', 'global', now(), now())",
        "SELECT retire_partition_by_metadata('blocks', 'global', now(), now(), X'00')",
    ] {
        let error = refusal(&house.engine, reader("ann", sql)).await;
        let unknown = refusal(&house.engine, reader("ann", "SELECT no_such_function()")).await;
        assert_eq!(error.class, unknown.class, "{sql}: {error}");
        assert_eq!(error.class, ErrorClass::Invalid, "{sql}");
        house.engine.plan(administrator(sql)).await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_answers_have_stated_columns() -> Result<()> {
    let house = House::new().await?;
    let time = || DataType::Timestamp(TimeUnit::Nanosecond, Some("+00:00".into()));
    let text = || DataType::Utf8;
    for (sql, expected) in [
        (
            "SELECT * FROM deny_queries('sql = ''a''', 'why')",
            vec![("time", time(), false), ("msg", text(), false)],
        ),
        (
            "SELECT * FROM retire_partitions('x', 'x', '2026-01-05', '2026-01-06')",
            vec![("time", time(), false), ("msg", text(), false)],
        ),
        (
            "SELECT * FROM list_query_denials()",
            vec![
                ("rule_id", text(), false),
                ("created_at", time(), false),
                ("created_by", text(), false),
                ("reason", text(), false),
                ("match_expr", text(), false),
                ("last_hit_at", time(), true),
            ],
        ),
    ] {
        check_columns(&house, sql, &expected).await?;
    }
    Ok(())
}

/// Of a query that an administrator asks, and of its answer.
pub async fn check_columns(
    house: &House,
    sql: &str,
    expected: &[(&str, DataType, bool)],
) -> Result<()> {
    let schema = house.engine.plan(administrator(sql)).await?.schema();
    let fields = schema.fields().iter();
    let fields: Vec<_> = fields
        .map(|field| {
            let kind = field.data_type().clone();
            (field.name().as_str(), kind, field.is_nullable())
        })
        .collect();
    assert_eq!(fields, expected, "{sql}");
    house.run(administrator(sql)).await?;
    Ok(())
}

#[tokio::test]
async fn a_rule_is_made_listed_hit_and_removed() -> Result<()> {
    let house = House::new().await?;
    let engine = &house.engine;
    let select = || reader("ann", "SELECT 1");
    engine.plan(select()).await?;

    let id = deny(engine, "user_id = 'ann'", "it's too much").await?;
    assert_eq!(list(engine, "rule_id").await?, [id.as_str()]);
    assert_eq!(list(engine, "created_by").await?, ["root"]);
    assert_eq!(list(engine, "reason").await?, ["it's too much"]);
    assert_eq!(list(engine, "match_expr").await?, ["user_id = 'ann'"]);
    assert_eq!(list(engine, "last_hit_at IS NULL").await?, ["true"]);
    let error = refusal(engine, select()).await;
    assert_eq!(error.class, ErrorClass::Denied);
    assert_eq!(
        error.message,
        format!(
            "query denied by rule {id} (reason: it's too much); \
             ask an admin to lift it with remove_query_denial('{id}')"
        )
    );
    engine.plan(reader("bob", "SELECT 1")).await?;

    let removed = format!("SUCCESS: removed rule {id}");
    assert_eq!(remove(engine, &id.to_uppercase()).await?, removed);
    engine.plan(select()).await?;
    let missing = format!("ERROR: no such rule: {id}");
    assert_eq!(remove(engine, &id).await?, missing);
    let invalid = "ERROR: 'rule 7' is not a valid rule id";
    assert_eq!(remove(engine, "rule 7").await?, invalid);
    assert!(list(engine, "rule_id").await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn rules_are_removed_row_by_row() -> Result<()> {
    let house = House::new().await?;
    let engine = &house.engine;
    let mut ids = Vec::new();
    for user in ["ann", "bob", "cem"] {
        ids.push(deny(engine, &format!("user_id = '{user}'"), "why").await?);
    }
    let sql = "SELECT remove_query_denial(rule_id) FROM list_query_denials() \
               WHERE match_expr LIKE '%ann%' OR match_expr LIKE '%cem%' ORDER BY created_at";
    let answers = texts(engine, administrator(sql)).await?;
    let removed = |id: &str| format!("SUCCESS: removed rule {id}");
    assert_eq!(answers, [removed(&ids[0]), removed(&ids[2])]);
    assert_eq!(list(engine, "rule_id").await?, ids[1..2]);
    let null = administrator("SELECT remove_query_denial(NULL)");
    assert_eq!(texts(engine, null).await?, ["NULL"]);
    Ok(())
}

#[tokio::test]
async fn planning_and_explaining_change_nothing() -> Result<()> {
    let house = House::new().await?;
    let engine = &house.engine;
    let id = deny(engine, "user_id = 'ann'", "why").await?;
    let create = "SELECT * FROM deny_queries('user_id = ''bob''', 'why')";
    let remove = &format!("SELECT remove_query_denial('{id}')");
    for sql in [create, remove] {
        let planned = engine.plan(administrator(sql)).await?;
        drop(planned.schema());
        drop(planned);
        let stream = engine.plan(administrator(sql)).await?.execute().await?;
        drop(stream);
        for explain in ["EXPLAIN", "EXPLAIN VERBOSE", "DESCRIBE"] {
            house.run(administrator(format!("{explain} {sql}"))).await?;
        }
        house.run(administrator(format!("{sql} LIMIT 0"))).await?;
        assert_eq!(list(engine, "rule_id").await?, [id.as_str()], "{sql}");
    }
    engine.plan(reader("bob", "SELECT 1")).await?;
    refusal(engine, reader("ann", "SELECT 1")).await;
    Ok(())
}

#[tokio::test]
async fn a_statement_that_reads_a_new_rule_twice_makes_one() -> Result<()> {
    let house = House::new().await?;
    let sql = "WITH rule AS (SELECT msg FROM deny_queries('user_id = ''a''', 'why')) \
               SELECT a.msg FROM rule a JOIN rule b ON a.msg = b.msg";
    let ids = texts(&house.engine, administrator(sql)).await?;
    assert_eq!(list(&house.engine, "rule_id").await?, ids);
    assert_eq!(ids.len(), 1);
    Ok(())
}

#[tokio::test]
async fn other_processes_follow() -> Result<()> {
    let house = House::new().await?;
    let other = house.another_engine()?;
    let select = || reader("ann", "SELECT 1");
    let denied = async || other.plan(select()).await.is_err();
    let id = deny(&house.engine, "user_id = 'ann'", "why").await?;
    wait_until(TIMEOUT, &denied).await?;
    // The hit was there, and shows here.
    wait_until(TIMEOUT, async || {
        let hit = list(&house.engine, "last_hit_at > created_at").await;
        hit.is_ok_and(|hit| hit == ["true"])
    })
    .await?;
    remove(&house.engine, &id).await?;
    wait_until(TIMEOUT, async || !denied().await).await?;

    let late = deny(&other, "user_id = 'ann'", "why").await?;
    let third = house.another_engine()?;
    wait_until(TIMEOUT, async || third.plan(select()).await.is_err()).await?;
    assert!(refusal(&third, select()).await.message.contains(&late));
    house.engine.plan(select()).await?;
    Ok(())
}
