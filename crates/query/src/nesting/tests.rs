use super::*;

/// Whether statements like this are refused when something in them is repeated so often.
fn check_limit(statement: impl Fn(usize) -> String, most: usize) {
    for (times, passes) in [(1, true), (most, true), (most + 1, false), (20_000, false)] {
        let checked = check(&statement(times));
        assert_eq!(checked.is_ok(), passes, "{times} times: {checked:?}");
    }
}

#[test]
fn what_nests_is_bounded() {
    check_limit(|times| format!("SELECT 1{}", "+1".repeat(times)), DEPTH_MAX);
    check_limit(|times| format!("SELECT 1{}", "::INT".repeat(times)), 800);
    check_limit(|times| format!("SELECT 1{}", " IS NULL".repeat(times)), 800);
    check_limit(
        |times| format!("SELECT 1 FROM t WHERE a=1{}", " OR a=1".repeat(times)),
        399,
    );
    check_limit(|times| format!("{}SELECT 1", "EXPLAIN ".repeat(times)), 50);
    check_limit(
        |times| format!("SELECT {}'1 day'", "INTERVAL ".repeat(times)),
        100,
    );
    check_limit(
        |times| format!("SELECT CAST(1 AS {}INT", "ARRAY<".repeat(times)),
        399,
    );
    check_limit(|times| format!("SELECT a{}", "[1]".repeat(times)), 400);
    check_limit(
        |times| format!("SELECT {}1{}", "(1+".repeat(times), ")".repeat(times)),
        BRACKETS_MAX,
    );
    check_limit(
        |times| format!("SELECT {}", format!("({}", "1+".repeat(20)).repeat(times)),
        DEPTH_MAX / 20,
    );
    check_limit(
        |times| format!("SELECT arrow_cast(1, '{}Int8'", "List(".repeat(times)),
        TYPE_DEPTH_MAX,
    );
}

#[test]
fn queries_and_tables_of_a_statement_are_bounded() {
    check_limit(
        |times| format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(times)),
        PARTS_MAX / 2 - 1,
    );
    check_limit(
        |times| format!("SELECT 1 FROM a{}", " JOIN a USING (b)".repeat(times)),
        PARTS_MAX - 1,
    );
    check_limit(
        |times| format!("SELECT 1 FROM a{}", ", a".repeat(times)),
        PARTS_MAX - 1,
    );
    check_limit(
        |times| format!("FROM a{}", " |> WHERE b > 1".repeat(times)),
        PARTS_MAX,
    );
    check_limit(
        |times| {
            let more = ", b AS (SELECT 1)".repeat(times);
            format!("WITH a AS (SELECT 1){more} SELECT 1")
        },
        PARTS_MAX - 2,
    );
}

#[test]
fn what_is_flat_may_be_long() {
    let many = |text: &str| text.repeat(50_000);
    for statement in [
        format!("SELECT a FROM t WHERE b IN (1{})", many(", 2")),
        format!("SELECT 1{}", many(", a + 1")),
        format!(
            "SELECT * FROM (VALUES (1, 'a'){}) AS t",
            many(", (2, upper('b'))")
        ),
        format!("SELECT CASE{} END", many(" WHEN a = 1 THEN 'x'")),
        format!("SELECT '{}'", many("((((+-")),
        format!("SELECT 1 --{}", many("((((+-")),
        format!("SELECT [1{}]", many(", 2")),
        format!("'not closed {}", many("1+")),
        many(")"),
    ] {
        assert!(check(&statement).is_ok(), "{}", &statement[..60]);
    }
}
