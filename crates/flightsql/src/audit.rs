//! One JSON line per query, whatever its end.

use auth::Attribution;

use crate::query_metrics::{self, End};
use crate::request_headers::{ClientInfo, QueryOptions};
use chrono::{DateTime, SecondsFormat};
use query::{ErrorClass, QueryError, QueryUsage, ScanCounters, Spill, sql_hash};
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The log target of the lines.
pub const AUDIT_TARGET: &str = "flightsql_query_audit";

/// A longer text is cut in the line; its hash is that of all of it.
const SQL_BYTES_MAX: usize = 64 * 1024;

/// The status of a query that ended well.
const OK: &str = "ok";

/// In the line of a begin, a shorter text does.
const LOGGED_SQL_CHARS: usize = 2000;

/// The record of a running query. It is written once: when the query ends, or when it is dropped
/// because the client went away.
#[derive(Debug)]
pub(crate) struct Audit {
    query_id: Uuid,
    client: ClientInfo,
    user: Attribution,
    options: QueryOptions,
    sql: String,
    started: Instant,
    planning: Option<Duration>,
    setup: Option<Duration>,
    counters: Option<Arc<ScanCounters>>,
    usage: Option<Arc<QueryUsage>>,
    output_rows: u64,
    written: bool,
}

impl Audit {
    pub fn begin(
        query_id: Uuid,
        client: ClientInfo,
        user: Attribution,
        options: QueryOptions,
        sql: String,
    ) -> Self {
        Self {
            query_id,
            client,
            user,
            options,
            sql,
            started: Instant::now(),
            planning: None,
            setup: None,
            counters: None,
            usage: None,
            output_rows: 0,
            written: false,
        }
    }

    pub fn query_id(&self) -> Uuid {
        self.query_id
    }

    /// The line that operators look for when a query is still running.
    pub fn log_begin(&self) {
        let range = self.options.range;
        tracing::info!(
            query_id = %self.query_id,
            request_id = self.client.request_id,
            range_begin = range.map(|range| time_text(range.begin)),
            range_end = range.map(|range| time_text(range.end)),
            limit = self.options.limit,
            user = self.user.user,
            email = self.user.email,
            name = self.user.name,
            service_account = self.user.service_account,
            client = self.client.client,
            client_ip = self.client.client_ip,
            sql = model::truncate_chars(&self.sql, LOGGED_SQL_CHARS),
            "execute_query"
        );
    }

    pub fn planned(&mut self, counters: Arc<ScanCounters>, usage: Arc<QueryUsage>) {
        self.planning = Some(self.started.elapsed().saturating_sub(usage.context_init()));
        self.counters = Some(counters);
        self.usage = Some(usage);
    }

    pub fn started(&mut self) {
        self.setup = Some(self.started.elapsed());
    }

    pub fn sent_rows(&mut self, rows: usize) {
        self.output_rows += rows as u64;
    }

    pub fn succeeded(&mut self) {
        self.write(OK, None);
    }

    pub fn failed(&mut self, error: &QueryError) {
        self.write("error", Some(error));
    }

    fn write(&mut self, status: &'static str, error: Option<&QueryError>) {
        if std::mem::replace(&mut self.written, true) {
            return;
        }
        let end = match error {
            Some(error) => End::Failed(error.class),
            None if status == OK => End::Completed,
            None => End::Incomplete,
        };
        let (counters, usage) = (self.counters.as_deref(), self.usage.as_deref());
        query_metrics::count(end, self.output_rows, counters, usage);
        if tracing::enabled!(target: AUDIT_TARGET, tracing::Level::INFO) {
            let line = self.line(status, error);
            // Without the spans of the call: whoever reads records finds them in one form.
            tracing::info!(target: AUDIT_TARGET, parent: None, "{line}");
        }
    }

    fn line(&self, status: &'static str, error: Option<&QueryError>) -> String {
        let setup = self.setup;
        let usage = self.usage.as_deref();
        let spill = usage.map(QueryUsage::spill);
        let context_init = usage.map(QueryUsage::context_init);
        let planned = self.planning.zip(context_init);
        let execution = setup
            .zip(planned)
            .map(|(setup, (planning, init))| setup.saturating_sub(planning + init));
        let client = &self.client;
        let counters = self.counters.as_deref();
        let record = Record {
            query_id: self.query_id,
            request_id: client.request_id.as_deref(),
            client_ip: &client.client_ip,
            client: &client.client,
            agent: &client.agent,
            entrypoint: &client.entrypoint,
            session: client.session.as_deref(),
            notebook: client.notebook.as_deref(),
            cell: client.cell.as_deref(),
            user: &self.user.user,
            email: &self.user.email,
            name: self.user.name.as_deref(),
            service_account: self.user.service_account.is_some(),
            service_account_name: self.user.service_account.as_deref(),
            sql: &self.sql[..self.sql.floor_char_boundary(SQL_BYTES_MAX)],
            sql_hash: sql_hash(&self.sql),
            range_begin: self.options.range.map(|range| time_text(range.begin)),
            range_end: self.options.range.map(|range| time_text(range.end)),
            limit: self.options.limit,
            context_init_ms: context_init.map(milliseconds),
            planning_ms: self.planning.map(milliseconds),
            execution_ms: execution.map(milliseconds),
            setup_ms: setup.map(milliseconds),
            total_ms: milliseconds(self.started.elapsed()),
            status,
            error: error.map(|error| error.message.as_str()),
            error_class: error.map(|error| class_name(error.class)),
            output_rows: setup.map(|_| self.output_rows),
            bytes_scanned: counters.map(ScanCounters::bytes),
            partitions_scanned: counters.map(ScanCounters::partitions),
            partitions_pruned: counters.map(ScanCounters::pruned_partitions),
            tail_blocks: counters.map(ScanCounters::blocks),
            cache_hits: counters.map(ScanCounters::cache_hits),
            peak_memory_bytes: usage.map(QueryUsage::peak_memory_bytes),
            spilled_bytes: spill.map(|Spill { bytes, .. }| bytes),
            spill_count: spill.map(|Spill { count, .. }| count),
            skipped_blocks: counters
                .map(ScanCounters::skipped_blocks)
                .filter(|blocks| *blocks > 0),
        };
        serde_json::to_string(&record).expect("strings and numbers make JSON")
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        self.write("incomplete", None);
    }
}

#[derive(Serialize)]
struct Record<'a> {
    query_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    client_ip: &'a str,
    client: &'a str,
    agent: &'a str,
    entrypoint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notebook: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cell: Option<&'a str>,
    user: &'a str,
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    service_account: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_account_name: Option<&'a str>,
    sql: &'a str,
    sql_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    range_begin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    range_end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_init_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    planning_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    setup_ms: Option<f64>,
    total_ms: f64,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_scanned: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partitions_scanned: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partitions_pruned: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tail_blocks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_hits: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_memory_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spilled_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spill_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped_blocks: Option<u64>,
}

fn class_name(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Invalid | ErrorClass::Unsupported => "user",
        ErrorClass::Forbidden | ErrorClass::Denied => "denied",
        ErrorClass::Resources => "resource",
        ErrorClass::Internal => "internal",
    }
}

/// To the microsecond.
fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

fn time_text(ns: i64) -> String {
    DateTime::from_timestamp_nanos(ns).to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::TimeRange;
    use serde_json::{Value, json};
    use tonic::metadata::MetadataMap;

    fn audit(options: QueryOptions) -> Audit {
        let client = ClientInfo::parse(&MetadataMap::new(), None);
        let user = Attribution {
            user: "unknown".into(),
            email: "unknown".into(),
            name: None,
            service_account: None,
        };
        Audit::begin(Uuid::nil(), client, user, options, "SELECT \"x\"\n;".into())
    }

    fn parsed(audit: &mut Audit, status: &'static str, error: Option<&QueryError>) -> Value {
        audit.written = true;
        serde_json::from_str(&audit.line(status, error)).unwrap()
    }

    #[test]
    fn what_is_unknown_is_left_out() {
        let mut audit = audit(QueryOptions {
            range: None,
            limit: None,
        });
        let error = QueryError {
            class: ErrorClass::Resources,
            message: "error executing plan: full".into(),
        };
        let mut line = parsed(&mut audit, "error", Some(&error));
        assert!(line["total_ms"].take().is_f64());
        assert_eq!(
            line,
            json!({
                "query_id": "00000000-0000-0000-0000-000000000000",
                "client_ip": "unknown", "client": "unknown", "agent": "unknown",
                "entrypoint": "unknown", "user": "unknown", "email": "unknown",
                "service_account": false,
                "sql": "SELECT \"x\"\n;", "sql_hash": sql_hash("select \"x\" ;"),
                "total_ms": null,
                "status": "error", "error": "error executing plan: full",
                "error_class": "resource",
            })
        );
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let mut audit = audit(QueryOptions {
            range: None,
            limit: None,
        });
        audit.sql = format!("x{}", "é".repeat(SQL_BYTES_MAX));
        let line = parsed(&mut audit, "ok", None);
        assert_eq!(line["sql"].as_str().unwrap().len(), SQL_BYTES_MAX - 1);
        assert_eq!(line["sql_hash"], sql_hash(&audit.sql));
    }

    #[test]
    fn what_is_known_is_there() {
        let mut audit = audit(QueryOptions {
            range: Some(TimeRange {
                begin: 0,
                end: 1_500_000_000,
            }),
            limit: Some(3),
        });
        audit.user.service_account = Some("ci".into());
        audit.planned(Arc::default(), Arc::default());
        audit.started();
        audit.sent_rows(2);
        audit.sent_rows(1);
        let line = parsed(&mut audit, "ok", None);
        assert_eq!(line["range_begin"], "1970-01-01T00:00:00Z");
        assert_eq!(line["range_end"], "1970-01-01T00:00:01.500Z");
        assert_eq!(line["limit"], 3);
        assert_eq!(line["output_rows"], 3);
        assert_eq!(line["service_account"], true);
        assert_eq!(line["service_account_name"], "ci");
        for usage in [
            "bytes_scanned",
            "partitions_scanned",
            "partitions_pruned",
            "tail_blocks",
            "cache_hits",
            "peak_memory_bytes",
            "spilled_bytes",
            "spill_count",
        ] {
            assert_eq!(line[usage], 0, "{usage}");
        }
        assert_eq!(line.get("skipped_blocks"), None);
        assert_eq!(line["status"], "ok");
        for duration in [
            "context_init_ms",
            "planning_ms",
            "execution_ms",
            "setup_ms",
            "total_ms",
        ] {
            assert!(line[duration].is_f64(), "{duration}");
        }
        assert_eq!(line.get("error_class"), None);
    }
}
