//! What rules may say, and which queries they refuse.

use anyhow::Result;
use futures::TryStreamExt;
use query::{ErrorClass, Origin, QueryRequest, sql_hash};

use crate::administrators::{administrator, deny, list, reader, refusal};
use crate::house::House;

fn quoted(text: &str) -> String {
    text.replace('\'', "''")
}

#[tokio::test]
async fn refused_expressions() -> Result<()> {
    let house = House::new().await?;
    let long = format!("sql = '{}'", "x".repeat(4096));
    for (expression, word) in [
        ("", "one valid SQL expression"),
        ("user_id =", "one valid SQL expression"),
        ("user_id = 'a'; user_id = 'b'", "one valid SQL expression"),
        ("user_id = 'a', email = 'b'", "one valid SQL expression"),
        ("user_id = 'a' AS denied", "must not have a name"),
        ("SELECT true", "one valid SQL expression"),
        ("nobody = 'a'", "nobody"),
        ("no_such_function(user_id)", "no_such_function"),
        ("remove_query_denial(user_id) = 'a'", "remove_query_denial"),
        ("user_id = 'a\0'", "NUL"),
        (&long, "4096 bytes, it has"),
        // not about the query
        ("true", "must refer to a column; there are user_id, email"),
        ("1 = 1", "must refer to a column"),
        // not Boolean
        ("user_id", "must be Boolean, it is Utf8"),
        ("length(sql)", "must be Boolean, it is Int32"),
        ("NULLIF(user_id, 'a')", "must be Boolean, it is Utf8"),
        ("user_id OR email = 'a'", "Boolean"),
        ("NOT user_id", "boolean"),
        ("email = 'a' AND 'true'", "Boolean"),
        ("user_id IS TRUE", "Boolean"),
        (
            "CASE WHEN user_id THEN true ELSE false END",
            "used as a Boolean",
        ),
        // not about the query alone
        ("user_id IN (SELECT 'a')", "subquery"),
        ("EXISTS (SELECT 1)", "subquery"),
        ("user_id = (SELECT 'a')", "subquery"),
        ("user_id IN (SELECT name FROM processes)", "processes"),
        ("count(user_id) > 0", "aggregate"),
        ("max(user_id) = 'a'", "aggregate"),
        (
            "row_number() OVER (ORDER BY user_id) > 0",
            "window function",
        ),
        ("user_id = $1", "placeholder"),
        ("user_id = $name", "placeholder"),
        ("random() < 0.5 AND user_id = 'a'", "random()"),
        ("uuid() = user_id", "uuid()"),
        ("now() > TIMESTAMP '2020-01-01' AND user_id = 'a'", "now()"),
        ("CAST(current_date AS VARCHAR) = user_id", "current_date()"),
        // no answer for every query
        ("CAST(user_id AS INT) = 1", "can not be evaluated"),
        ("user_id ~ '['", "can not be evaluated"),
        ("1 / 0 = 1 AND user_id = 'a'", "can not be evaluated"),
    ] {
        let sql = format!(
            "SELECT * FROM deny_queries('{}', 'why')",
            quoted(expression)
        );
        let error = refusal(&house.engine, administrator(sql)).await;
        assert_eq!(error.class, ErrorClass::Invalid, "{expression}: {error}");
        assert!(error.message.contains(word), "{expression}: {error}");
        assert!(
            error.message.contains("deny_queries"),
            "{expression}: {error}"
        );
    }
    assert!(list(&house.engine, "rule_id").await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn refused_calls() -> Result<()> {
    let house = House::new().await?;
    let long = format!("deny_queries('sql = ''a''', '{}')", "x".repeat(1025));
    for (call, word) in [
        ("deny_queries()", "two arguments"),
        ("deny_queries('sql = ''a''')", "two arguments"),
        ("deny_queries('sql = ''a''', 'b', 'c')", "two arguments"),
        ("deny_queries(1, 'b')", "literal string"),
        ("deny_queries('sql = ''a''', NULL)", "literal string"),
        ("deny_queries('sql = ''a''', '')", "blank"),
        ("deny_queries('sql = ''a''', ' \t\n')", "blank"),
        (&long, "1024 bytes, it has 1025"),
        ("list_query_denials(1)", "no arguments"),
    ] {
        let sql = format!("SELECT * FROM {call}");
        let error = refusal(&house.engine, administrator(sql)).await;
        assert_eq!(error.class, ErrorClass::Invalid, "{call}: {error}");
        assert!(error.message.contains(word), "{call}: {error}");
    }
    for user_id in [None, Some(" ".to_owned())] {
        let mut request = administrator("SELECT * FROM deny_queries('sql = ''a''', 'why')");
        request.origin.user_id = user_id;
        let error = refusal(&house.engine, request).await;
        assert_eq!(error.class, ErrorClass::Invalid);
        assert!(error.message.contains("user id"), "{error}");
    }
    Ok(())
}

fn origin() -> Origin {
    let some = |text: &str| Some(text.to_owned());
    Origin {
        user_id: some("ann"),
        email: some("ann@example.org"),
        client: some("python"),
        agent: some("agent/1"),
        entrypoint: some("nightly.py"),
        session: some("s1"),
        notebook: some("n1"),
        cell: some("c1"),
        client_ip: some("10.0.0.7"),
        service_account: None,
    }
}

#[tokio::test]
async fn every_column_is_seen_and_null_is_no_match() -> Result<()> {
    const SQL: &str = "SELECT 1 -- one";
    let hash = format!("sql_hash = '{}'", sql_hash("select 2"));
    let deep = ["sql = 'x'"; 300].join(" OR ");
    let concatenated = format!("{} = 'x'", ["sql"; 800].join("||"));
    for (expression, denied) in [
        ("user_id = 'ann'", true),
        ("user_id = 'Ann'", false),
        ("email LIKE '%@example.org'", true),
        ("client IN ('go', 'python')", true),
        ("agent ~ '^agent/[0-9]+$'", true),
        ("starts_with(entrypoint, 'nightly')", true),
        ("session = 's1' AND notebook = 'n1' AND cell = 'c1'", true),
        ("client_ip BETWEEN '10.0.0.0' AND '10.0.0.9'", true),
        ("sql ILIKE 'select 1%'", true),
        (&hash, true),
        ("service_account IS NULL", true),
        ("service_account = 'key'", false),
        ("service_account <> 'key'", false),
        ("NOT (service_account = 'key')", false),
        ("service_account = 'key' OR NULL", false),
        ("coalesce(service_account, 'none') = 'none'", true),
        ("CASE WHEN cell = 'c1' THEN length(sql) > 3 END", true),
        ("CASE WHEN cell = 'c2' THEN true END", false),
        (
            "CAST(CAST(length(sql) AS BOOLEAN) AS VARCHAR) = user_id",
            false,
        ),
        // Deep, and as long as may be.
        (&deep, false),
        (&concatenated, false),
    ] {
        let house = House::new().await?;
        deny(&house.engine, expression, "why").await?;
        let request = QueryRequest {
            origin: origin(),
            ..QueryRequest::new(SQL)
        };
        let outcome = house.engine.plan(request).await.map(drop);
        assert_eq!(outcome.is_err(), denied, "{expression}: {outcome:?}");
        if expression.starts_with("user_id") {
            // Of a caller of whom nothing is known.
            house.engine.plan(QueryRequest::new(SQL)).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_oldest_match_is_named() -> Result<()> {
    let house = House::new().await?;
    let engine = &house.engine;
    deny(engine, "user_id = 'bob'", "not this").await?;
    let first = deny(engine, "user_id LIKE 'a%'", "first").await?;
    let second = deny(engine, "user_id = 'ann'", "second").await?;
    let error = refusal(engine, reader("ann", "SELECT 1")).await;
    assert!(error.message.contains(&first), "{error}");
    let lift = format!("SELECT remove_query_denial('{first}')");
    house.run(administrator(lift)).await?;
    let error = refusal(engine, reader("ann", "SELECT 1")).await;
    assert!(error.message.contains(&second), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_rule_that_fails_denies_nothing() -> Result<()> {
    let house = House::new().await?;
    let engine = &house.engine;
    // Fails for texts that are longer than the probe.
    let fails = "CASE WHEN length(sql) > 8 THEN CAST(sql AS INT) = 1 END";
    deny(engine, fails, "why").await?;
    engine.plan(reader("ann", "SELECT 1 AS one")).await?;
    deny(engine, "user_id = 'ann'", "why").await?;
    refusal(engine, reader("ann", "SELECT 1 AS one")).await;
    Ok(())
}

#[tokio::test]
async fn without_a_catalog_the_known_rules_stay_and_others_deny_nothing() -> Result<()> {
    let house = House::new().await?;
    deny(&house.engine, "user_id = 'ann'", "why").await?;
    house.lose_catalog().await;
    refusal(&house.engine, reader("ann", "SELECT 1")).await;
    house.engine.plan(reader("bob", "SELECT 1")).await?;
    let ignorant = house.another_engine()?;
    ignorant.plan(reader("ann", "SELECT 1")).await?;
    // Functions over the list say so.
    for sql in [
        "SELECT * FROM list_query_denials()",
        "SELECT * FROM deny_queries('user_id = ''bob''', 'why')",
        "SELECT remove_query_denial('8452901b-3c9f-4f28-bd50-5e9a198d40c4')",
    ] {
        let stream = ignorant.plan(administrator(sql)).await?.execute().await?;
        let error = stream.try_collect::<Vec<_>>().await.expect_err(sql);
        let error = query::classify_stream_error(&error);
        assert_eq!(error.class, ErrorClass::Internal, "{sql}: {error}");
    }
    ignorant.plan(reader("bob", "SELECT 1")).await?;
    Ok(())
}

#[tokio::test]
async fn administrators_can_always_lift_a_rule() -> Result<()> {
    let house = House::new().await?;
    let engine = &house.engine;
    let id = deny(engine, "sql IS NOT NULL", "everybody").await?;
    for request in [
        administrator("SELECT 1"),
        reader("ann", "SELECT 1"),
        reader("ann", "SELECT 1 -- list_query_denials"),
        reader("ann", "SELECT * FROM list_query_denials()"),
    ] {
        assert_eq!(refusal(engine, request).await.class, ErrorClass::Denied);
    }
    assert_eq!(list(engine, "rule_id").await?, [id.as_str()]);
    deny(engine, "user_id = 'ann'", "more").await?;
    let lift = "SELECT REMOVE_QUERY_DENIAL(rule_id) FROM list_query_denials()";
    house.run(administrator(lift)).await?;
    engine.plan(reader("ann", "SELECT 1")).await?;
    Ok(())
}

#[tokio::test]
async fn there_may_be_a_hundred_rules() -> Result<()> {
    let house = House::new().await?;
    let engine = &house.engine;
    for number in 0..100 {
        deny(engine, &format!("user_id = 'user {number}'"), "why").await?;
    }
    let sql = "SELECT * FROM deny_queries('user_id = ''one more''', 'why')";
    let stream = engine.plan(administrator(sql)).await?.execute().await?;
    let error = stream.try_collect::<Vec<_>>().await.unwrap_err();
    let error = query::classify_stream_error(&error);
    assert_eq!(error.class, ErrorClass::Invalid);
    assert!(error.message.contains("100"), "{error}");
    engine.plan(reader("one more", "SELECT 1")).await?;
    assert_eq!(list(engine, "rule_id").await?.len(), 100);
    refusal(engine, reader("user 99", "SELECT 1")).await;
    Ok(())
}
