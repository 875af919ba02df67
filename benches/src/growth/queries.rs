//! The queries: what people ask of one minute, and of one program in it.

use std::time::Instant;

use anyhow::Result;
use flightsql_client::RequestMetadata;

use super::minutes::Minutes;
use super::recording::Recording;
use crate::generators::flight;
use crate::lake::Lake;
use crate::stats::median;

const BY_LEVEL: &str = "SELECT level, count(*) FROM log_entries";
const ERRORS: &str = "SELECT time, process_id, target, msg FROM log_entries WHERE level <= 2";
const NEWEST: &str = "ORDER BY time DESC LIMIT 100";
/// Later than anything that is sent.
const LATEST: &str = "2100-01-01T00:00:00Z";
const STATS: &str = "SELECT level, sum(count) FROM log_stats";

/// Median of one query, in milliseconds.
#[derive(Debug, Clone)]
pub(super) struct Timing {
    pub name: &'static str,
    pub ms: f64,
}

struct Query {
    name: &'static str,
    sql: String,
    metadata: RequestMetadata,
}

/// First and last moment.
type Range = (String, String);

/// How many log entries the range holds, and how many its bins count.
pub(super) async fn count_minute(lake: &Lake, (begin, end): Range) -> Result<[i64; 2]> {
    let within = format!("BETWEEN '{begin}' AND '{end}'");
    let entries = format!("SELECT count(*) FROM log_entries WHERE time {within}");
    let counted = format!(
        "SELECT CAST(coalesce(sum(count), 0) AS BIGINT) FROM log_stats WHERE time_bin {within}"
    );
    Ok([lake.count(&entries).await?, lake.count(&counted).await?])
}

/// What the queries ask about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub minutes: Minutes,
    /// The minute that entries are asked for.
    pub middle: u32,
    /// Programs are asked for by the time when their blocks came: those since then.
    pub arrival: &'a str,
}

pub(super) async fn measure(
    lake: &Lake,
    recording: &Recording,
    asked: Asked<'_>,
    repetitions: u32,
) -> Result<Vec<Timing>> {
    let Asked {
        minutes, middle, ..
    } = asked;
    let range = minutes.range(middle);
    let mut timings = Vec::new();
    for query in warm_queries(&range, asked.arrival)? {
        time(lake, &query).await?;
        let mut samples = Vec::new();
        for _ in 0..repetitions {
            samples.push(time(lake, &query).await?);
        }
        timings.push(timing(query.name, &samples));
    }
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for number in 0..repetitions.min(minutes.programs) {
        let process = recording.process_id(middle * minutes.programs + number);
        let sql = format!(
            "SELECT time, level, target, msg FROM view_instance('log_entries', '{process}')"
        );
        let query = Query {
            name: "",
            sql,
            metadata: metadata(&range)?,
        };
        first.push(time(lake, &query).await?);
        again.push(time(lake, &query).await?);
    }
    timings.push(timing("all entries of one process, first query", &first));
    timings.push(timing("the same again", &again));
    Ok(timings)
}

fn warm_queries(range: &Range, arrival: &str) -> Result<Vec<Query>> {
    let (begin, end) = range;
    let within = |column: &str| format!("{column} BETWEEN '{begin}' AND '{end}'");
    let by_header = |name, sql: String| -> Result<Query> {
        Ok(Query {
            name,
            sql,
            metadata: metadata(range)?,
        })
    };
    let by_sql = |name, sql| Query {
        name,
        sql,
        metadata: RequestMetadata::new(),
    };
    Ok(vec![
        by_header(
            "entries by level, range beside the SQL",
            format!("{BY_LEVEL} GROUP BY level"),
        )?,
        by_sql(
            "entries by level, range in the SQL",
            format!("{BY_LEVEL} WHERE {} GROUP BY level", within("time")),
        ),
        by_header(
            "newest 100 errors, range beside the SQL",
            format!("{ERRORS} {NEWEST}"),
        )?,
        by_sql(
            "newest 100 errors, range in the SQL",
            format!("{ERRORS} AND {} {NEWEST}", within("time")),
        ),
        by_header(
            "`log_stats`, range beside the SQL",
            format!("{STATS} GROUP BY level"),
        )?,
        by_sql(
            "`log_stats`, range in the SQL",
            format!("{STATS} WHERE {} GROUP BY level", within("time_bin")),
        ),
        Query {
            name: "number of processes that came last, range beside the SQL",
            sql: "SELECT count(*) FROM processes".to_owned(),
            metadata: metadata(&(arrival.to_owned(), LATEST.to_owned()))?,
        },
    ])
}

fn metadata((begin, end): &Range) -> Result<RequestMetadata> {
    let mut metadata = RequestMetadata::new();
    metadata.insert("query_range_begin", begin)?;
    metadata.insert("query_range_end", end)?;
    Ok(metadata)
}

async fn time(lake: &Lake, query: &Query) -> Result<f64> {
    let start = Instant::now();
    flight::drain(&lake.flight, &query.sql, query.metadata.clone()).await?;
    Ok(start.elapsed().as_secs_f64() * 1000.0)
}

fn timing(name: &'static str, samples: &[f64]) -> Timing {
    let ms = median(samples);
    eprintln!("      {name}: {ms:.2} ms");
    Timing { name, ms }
}
