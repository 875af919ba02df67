//! Spans of threads: of recorded programs, from blocks and from partitions.

use anyhow::Result;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::pretty::pretty_format_batches;
use model::TimeRange;
use query::{QueryEngine, QueryRequest};
use test_kit::Capture;

use crate::house::{House, texts};
use crate::maintenance::{DAY, HOUR};

/// All times that a recording can have.
pub const ALWAYS: TimeRange = TimeRange {
    begin: 0,
    end: i64::MAX,
};

const LEDGER: &str = "8452901b-3c9f-4f28-bd50-5e9a198d40c4";

pub fn request(sql: impl Into<String>, range: TimeRange) -> QueryRequest {
    QueryRequest {
        range: Some(range),
        ..QueryRequest::new(sql)
    }
}

async fn table(house: &House, sql: String) -> Result<Vec<String>> {
    let (batches, _) = house.run(request(sql, ALWAYS)).await?;
    let table = pretty_format_batches(&batches)?.to_string();
    Ok(table.lines().map(str::to_owned).collect())
}

/// The streams of threads whose names begin like this.
async fn threads(engine: &QueryEngine, prefix: &str) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT stream_id FROM streams WHERE array_has(tags, 'cpu') \
         AND property_get(properties, 'thread-name') LIKE '{prefix}%' ORDER BY stream_id"
    );
    texts(engine, QueryRequest::new(sql)).await
}

async fn ledger() -> Result<House> {
    let house = House::new().await?;
    house.set_time(DAY + HOUR + 1);
    house.store(&Capture::load("ledger")?, |_| ()).await?;
    Ok(house)
}

#[tokio::test]
async fn the_ledger_has_the_spans_that_its_program_recorded() -> Result<()> {
    let house = ledger().await?;
    let streams = threads(&house.engine, "ledger-").await?;
    assert_eq!(streams.len(), 3);
    for stream in &streams {
        let spans = format!("view_instance('thread_spans', '{stream}')");
        let depths = format!(
            "SELECT depth - 1 AS depth, name, count(*) AS spans FROM {spans} WHERE id <> -1 \
             GROUP BY depth, name ORDER BY depth, name"
        );
        assert_eq!(
            table(&house, depths).await?,
            [
                "+-------+-------------------------+-------+",
                "| depth | name                    | spans |",
                "+-------+-------------------------+-------+",
                "| 0     | ledger_producer::root   | 1500  |",
                "| 1     | ledger_producer::middle | 3000  |",
                "| 2     | ledger_producer::leaf   | 9000  |",
                "+-------+-------------------------+-------+",
            ]
        );
        let outside = format!(
            "SELECT count(*) FROM {spans} child LEFT JOIN {spans} parent \
             ON child.parent = parent.id WHERE child.depth > 0 AND (parent.id IS NULL \
             OR child.begin < parent.begin OR child.\"end\" > parent.\"end\" \
             OR child.depth <> parent.depth + 1 \
             OR child.duration <> arrow_cast(child.\"end\", 'Int64') \
             - arrow_cast(child.begin, 'Int64'))"
        );
        assert_eq!(house.count(request(outside, ALWAYS)).await?.0, 0);
    }
    Ok(())
}

#[tokio::test]
async fn blocks_in_any_order_make_the_same_trees() -> Result<()> {
    let mut backwards = Capture::load("ledger")?;
    backwards.requests.reverse();
    let (house, other) = (ledger().await?, House::new().await?);
    other.set_time(DAY + HOUR + 1);
    other.store(&backwards, |_| ()).await?;
    let streams = threads(&house.engine, "").await?;
    assert!(streams.len() >= 3);
    for stream in streams {
        let sql = format!(
            "SELECT * FROM view_instance('thread_spans', '{stream}') ORDER BY begin, depth, id"
        );
        let (rows, _) = house.run(request(sql.clone(), ALWAYS)).await?;
        assert!(rows.iter().any(|batch| batch.num_rows() > 0));
        assert!(same_rows(&rows, &other.run(request(sql, ALWAYS)).await?.0)?);
    }
    Ok(())
}

#[tokio::test]
async fn named_spans_carry_their_names() -> Result<()> {
    let house = House::new().await?;
    house.store(&Capture::load("generator")?, |_| ()).await?;
    let sql = "SELECT stream_id FROM streams WHERE array_has(tags, 'cpu')";
    let mut named = 0;
    for stream in texts(&house.engine, QueryRequest::new(sql)).await? {
        let sql = format!(
            "SELECT count(*) FROM view_instance('thread_spans', '{stream}') \
             WHERE id <> -1 AND name <> '' AND target <> '' AND filename LIKE '%.rs' AND line > 0"
        );
        named += house.count(request(sql, ALWAYS)).await?.0;
    }
    assert!(named > 0);
    Ok(())
}

#[tokio::test]
async fn a_range_is_mandatory() -> Result<()> {
    let house = ledger().await?;
    let sql = format!("SELECT * FROM view_instance('thread_spans', '{LEDGER}')");
    let Err(error) = house.run(QueryRequest::new(sql)).await else {
        panic!("there is no range");
    };
    let error = format!("{error:#}");
    assert!(
        error.contains("query range mandatory for thread spans view"),
        "{error}"
    );
    Ok(())
}

#[tokio::test]
async fn instances_are_of_the_right_kind() -> Result<()> {
    let house = House::new().await?;
    for (view_set, instance, expected) in [
        ("thread_spans", "global", "the UUID of a stream"),
        ("async_events", "global", "the UUID of a process"),
        ("images", "nonsense", "the UUID of a process"),
        ("net_spans", "", "the UUID of a process"),
    ] {
        let sql = format!("SELECT * FROM view_instance('{view_set}', '{instance}')");
        let Err(error) = house.engine.plan(request(sql, ALWAYS)).await else {
            panic!("{view_set} has no instance {instance}");
        };
        assert!(error.message.contains(expected), "{error}");
    }
    // Nothing is known of it, so it has no rows.
    for view_set in ["thread_spans", "async_events", "images", "net_spans"] {
        let sql = format!(
            "SELECT count(*) FROM view_instance('{view_set}', \
             '00000000-0000-0000-0000-000000000001')"
        );
        assert_eq!(house.count(request(sql, ALWAYS)).await?.0, 0, "{view_set}");
    }
    Ok(())
}

#[tokio::test]
async fn a_range_keeps_what_it_meets() -> Result<()> {
    let house = ledger().await?;
    let stream = &threads(&house.engine, "ledger-1").await?[0];
    let spans = format!("view_instance('thread_spans', '{stream}')");
    let middle = format!(
        "SELECT arrow_cast(begin, 'Int64') FROM {spans} WHERE name LIKE '%::root' \
         ORDER BY begin OFFSET 700 LIMIT 1"
    );
    let (begin, _) = house.count(request(middle, ALWAYS)).await?;
    let instant = TimeRange { begin, end: begin };
    let all = format!(
        "SELECT count(*) FROM {spans} WHERE arrow_cast(begin, 'Int64') <= {begin} \
         AND arrow_cast(\"end\", 'Int64') >= {begin}"
    );
    let met = house
        .count(request(format!("SELECT count(*) FROM {spans}"), instant))
        .await?;
    let expected = house.count(request(all, ALWAYS)).await?.0;
    // At least the synthetic root and the span itself.
    assert!(expected >= 2);
    assert_eq!(met.0, expected);
    Ok(())
}

#[tokio::test]
async fn blocks_the_cache_and_partitions_answer_alike() -> Result<()> {
    let house = ledger().await?;
    let stream = &threads(&house.engine, "ledger-0").await?[0];
    let sql =
        format!("SELECT * FROM view_instance('thread_spans', '{stream}') ORDER BY begin, depth");
    let all = request(sql, ALWAYS);
    let (first, counters) = house.run(all.clone()).await?;
    assert!(counters.blocks() > 0);
    let (again, counters) = house.run(all.clone()).await?;
    assert_eq!((counters.blocks(), counters.partitions()), (0, 0), "cached");
    assert!(same_rows(&first, &again)?);

    house.set_time(DAY + 2 * HOUR);
    house.run(all.clone()).await?;
    house.engine.lakehouse().just_in_time_idle().await;
    let (stored, counters) = house.run(all.clone()).await?;
    assert_eq!((counters.blocks(), counters.partitions()), (0, 1));
    assert!(same_rows(&first, &stored)?);

    let blocks = QueryRequest {
        blocks_only: true,
        ..all
    };
    assert!(same_rows(&first, &house.run(blocks).await?.0)?);
    Ok(())
}

fn same_rows(left: &[RecordBatch], right: &[RecordBatch]) -> Result<bool> {
    let left = pretty_format_batches(left)?.to_string();
    Ok(left == pretty_format_batches(right)?.to_string())
}

#[tokio::test]
async fn the_order_of_begins_is_declared() -> Result<()> {
    let house = ledger().await?;
    let stream = &threads(&house.engine, "ledger-2").await?[0];
    let plan = || async {
        let sql = format!(
            "EXPLAIN SELECT begin, name FROM view_instance('thread_spans', '{stream}') ORDER BY begin"
        );
        let (batches, _) = house.run(request(sql, ALWAYS)).await?;
        Ok::<_, anyhow::Error>(pretty_format_batches(&batches)?.to_string())
    };
    let blocks = plan().await?;
    assert!(blocks.contains("StreamingTableExec"), "{blocks}");
    assert!(!blocks.contains("SortExec"), "{blocks}");
    house.set_time(DAY + 2 * HOUR);
    let sql = format!("SELECT count(*) FROM view_instance('thread_spans', '{stream}')");
    house.run(request(sql, ALWAYS)).await?;
    house.engine.lakehouse().just_in_time_idle().await;
    let files = plan().await?;
    assert!(files.contains("DataSourceExec"), "{files}");
    assert!(!files.contains("SortExec"), "{files}");
    Ok(())
}
