//! Partitions are made while data comes and queries run, by one process or many, and no answer
//! changes by it.
//!
//! `MICROMEGAS_MAINTENANCE_ROUNDS` sets how many rounds of traffic several processes maintain
//! (3 unless told; 40 take some minutes).

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use test_kit::{
    Capture, Postgres, Request, S3Server, Server, ServerCommand, free_port, wait_until,
};

use crate::deployment::{Backend, Deployment};
use crate::replay::post_all;

const LONG: Duration = Duration::from_secs(60);
const DEFAULT_ROUNDS: u32 = 3;
/// Copies of a program in a round. All of them together have more than the mebibyte of log
/// payload that is worth a partition at once.
const COPIES: u32 = 25;
const LOG_ENTRIES: i64 = 4010;
const MEASURES: i64 = 4001;
const STREAMS: i64 = 5;
const BLOCKS: i64 = 5;

/// The traffic of so many programs, from the copy `first` on.
fn copies(first: u32, count: u32) -> Result<Vec<Request>> {
    let ledger = Capture::load("ledger")?;
    let copies = (first..first + count).map(|copy| ledger.renamed(copy).requests);
    Ok(copies.flatten().collect())
}

const TOTALS: &str = "SELECT \
     (SELECT count(*) FROM processes) AS processes, (SELECT count(*) FROM streams) AS streams, \
     (SELECT count(*) FROM blocks) AS blocks, (SELECT count(*) FROM log_entries) AS entries, \
     (SELECT sum(count) FROM log_stats) AS stats, (SELECT count(*) FROM measures) AS measures";

fn totals(programs: u32) -> Value {
    let programs = i64::from(programs);
    let entries = programs * LOG_ENTRIES;
    json!([{
        "processes": programs, "streams": programs * STREAMS, "blocks": programs * BLOCKS,
        "entries": entries, "stats": entries, "measures": programs * MEASURES,
    }])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_all_in_one_makes_partitions_by_itself() -> Result<()> {
    let mut deployment = Deployment::start(Backend::Embedded).await?;
    post_all(&deployment, copies(0, COPIES)?, 4).await?;
    let views = deployment.data_dir().join("lake/objects/views");
    let logs = views.join("log_entries/global");
    deployment
        .server
        .wait_until(LONG, async || has_partition(&logs))
        .await?;
    let answer = Value::Array(deployment.query(TOTALS).await?);
    assert_eq!(answer, totals(COPIES));
    deployment.server.sigterm()?;
    let status = deployment.server.wait_exit(LONG).await?;
    let output = deployment.server.output();
    ensure!(
        status.success() && output.contains("drain completed"),
        "{output}"
    );
    deployment.restart().await?;
    let answer = Value::Array(deployment.query(TOTALS).await?);
    assert_eq!(answer, totals(COPIES));
    Ok(())
}

fn has_partition(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return false;
    };
    entries.flatten().map(|entry| entry.path()).any(|path| {
        let is_partition = path.extension().is_some_and(|name| name == "parquet");
        is_partition || (path.is_dir() && has_partition(&path))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn several_daemons_and_servers_agree_on_one_lake() -> Result<()> {
    let rounds = match std::env::var("MICROMEGAS_MAINTENANCE_ROUNDS") {
        Ok(text) => text
            .parse()
            .context("MICROMEGAS_MAINTENANCE_ROUNDS must be a number")?,
        Err(_) => DEFAULT_ROUNDS,
    };
    let mut lake = SharedLake::start().await?;
    for round in 0..rounds {
        let requests = copies(round * COPIES, COPIES)?;
        lake.post_and_check(requests).await?;
        for gateway in 0..lake.gateways.len() {
            let answer = lake.query(gateway, TOTALS).await?;
            assert_eq!(answer, totals((round + 1) * COPIES), "in round {round}");
        }
        if round == rounds / 2 {
            lake.replace_leader().await?;
        }
    }
    lake.wait_for_partitions().await?;
    for gateway in 0..lake.gateways.len() {
        assert_eq!(lake.query(gateway, TOTALS).await?, totals(rounds * COPIES));
    }
    for daemon in &mut lake.daemons {
        end(daemon).await?;
    }
    Ok(())
}

/// One server of each role, and two of those that this is about. Dropped in order.
struct SharedLake {
    http: reqwest::Client,
    daemons: Vec<Server>,
    gateways: Vec<(String, Server)>,
    _flight: Vec<Server>,
    ingestion: (String, Server),
    lake: Vec<(String, String)>,
    _postgres: Postgres,
    _s3: S3Server,
}

impl SharedLake {
    async fn start() -> Result<Self> {
        let (postgres, s3) = tokio::try_join!(Postgres::start(), S3Server::start())?;
        let mut lake = s3.environment();
        let database = postgres.create_database().await?;
        let objects = format!("s3://{}/lake", s3.bucket());
        lake.push(("MICROMEGAS_SQL_CONNECTION_STRING".to_owned(), database));
        lake.push(("MICROMEGAS_OBJECT_STORE_URI".to_owned(), objects));
        // Two machines would have the memory for them.
        lake.push(("MICROMEGAS_MEMORY_BUDGET_MB".to_owned(), "1024".to_owned()));
        let mut this = Self {
            http: reqwest::Client::new(),
            daemons: Vec::new(),
            gateways: Vec::new(),
            _flight: Vec::new(),
            ingestion: start_ingestion(&lake).await?,
            lake,
            _postgres: postgres,
            _s3: s3,
        };
        for _ in 0..2 {
            let (flight, server) = start_flight(&this.lake).await?;
            this._flight.push(server);
            this.gateways.push(start_gateway(&flight).await?);
            this.daemons.push(start_daemon(&this.lake).await?);
        }
        Ok(this)
    }

    async fn post(&self, requests: Vec<Request>) -> Result<()> {
        let (base, _) = &self.ingestion;
        for request in requests {
            let url = format!("{base}{}", request.path);
            let answer = self.http.post(url).body(request.body).send().await?;
            ensure!(
                answer.status() == 200,
                "{}: {}",
                request.path,
                answer.status()
            );
        }
        Ok(())
    }

    /// Asks again and again while the requests come.
    async fn post_and_check(&self, requests: Vec<Request>) -> Result<()> {
        let posted = self.post(requests);
        tokio::pin!(posted);
        loop {
            tokio::select! {
                posted = &mut posted => return posted,
                checked = self.check_agreement() => checked?,
            }
        }
    }

    async fn query(&self, gateway: usize, sql: &str) -> Result<Value> {
        let (base, _) = &self.gateways[gateway];
        let body = json!({ "sql": sql }).to_string();
        let request = self.http.post(format!("{base}/gateway/query")).body(body);
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status == 200, "{status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// What two views say of the same snapshot, whatever of it lies in partitions.
    async fn check_agreement(&self) -> Result<()> {
        let sql = "SELECT (SELECT count(*) FROM log_entries) AS entries, \
                   (SELECT coalesce(sum(count), 0) FROM log_stats) AS stats, \
                   (SELECT count(*) FROM (SELECT block_id FROM blocks GROUP BY block_id \
                    HAVING count(*) > 1)) AS doubled";
        for gateway in 0..self.gateways.len() {
            let answer = self.query(gateway, sql).await?;
            let row = &answer[0];
            assert_eq!(row["entries"], row["stats"]);
            assert_eq!(row["doubled"], 0);
        }
        Ok(())
    }

    /// The daemon that maintains the lake ends in order, the other one takes over, and a new
    /// one waits.
    async fn replace_leader(&mut self) -> Result<()> {
        let daemons = &self.daemons;
        wait_until(LONG, async || daemons.iter().any(leads)).await?;
        let leader = self.daemons.iter().position(leads).context("no leader")?;
        end(&mut self.daemons.remove(leader)).await?;
        let other = &mut self.daemons[0];
        let output = other.output_path();
        let takes_over = async || {
            let output = std::fs::read_to_string(&output);
            output.is_ok_and(|output| output.contains(LEADS))
        };
        other.wait_until(LONG, takes_over).await?;
        self.daemons.push(start_daemon(&self.lake).await?);
        Ok(())
    }

    async fn wait_for_partitions(&self) -> Result<()> {
        let has_built = |daemon: &Server| {
            let output = daemon.output();
            let mut lines = output.lines();
            lines.any(|line| line.contains("built=") && !line.contains("built=0"))
        };
        wait_until(2 * LONG, async || self.daemons.iter().any(has_built)).await
    }
}

const LEADS: &str = "maintaining this lake";

fn leads(daemon: &Server) -> bool {
    daemon.output().contains(LEADS)
}

/// Ends a server, which must drain.
async fn end(server: &mut Server) -> Result<()> {
    server.sigterm()?;
    let status = server.wait_exit(LONG).await?;
    let output = server.output();
    ensure!(status.success(), "{status}: {output}");
    ensure!(output.contains("drain completed"), "{output}");
    ensure!(!output.contains("failed"), "{output}");
    Ok(())
}

async fn ready(command: ServerCommand, health: String) -> Result<Server> {
    let mut server = command.spawn()?;
    let http = reqwest::Client::new();
    let answers = async || {
        let answer = http.get(&health).send().await;
        answer.is_ok_and(|answer| answer.status() == 200)
    };
    server.wait_until(LONG, answers).await?;
    Ok(server)
}

fn address() -> Result<String> {
    Ok(format!("127.0.0.1:{}", free_port()?))
}

async fn start_ingestion(lake: &[(String, String)]) -> Result<(String, Server)> {
    let listen = address()?;
    let command = ServerCommand::new("telemetry-ingestion-srv")
        .envs(lake.to_vec())
        .args(["--disable-auth", "--listen-endpoint-http", &listen]);
    let base = format!("http://{listen}");
    let server = ready(command, format!("{base}/ready")).await?;
    Ok((base, server))
}

/// Its address, and the server.
async fn start_flight(lake: &[(String, String)]) -> Result<(String, Server)> {
    let (listen, health) = (address()?, address()?);
    let command = ServerCommand::new("flight-sql-srv")
        .envs(lake.to_vec())
        .args(["--disable-auth", "--listen-endpoint-flight", &listen])
        .args(["--health-listen-addr", &health]);
    let server = ready(command, format!("http://{health}/ready")).await?;
    Ok((listen, server))
}

async fn start_gateway(flight: &str) -> Result<(String, Server)> {
    let listen = address()?;
    let command = ServerCommand::new("http-gateway-srv")
        .args(["--listen-endpoint-http", &listen])
        .args(["--flightsql-url", &format!("grpc://{flight}")]);
    let base = format!("http://{listen}");
    let server = ready(command, format!("{base}/health")).await?;
    Ok((base, server))
}

async fn start_daemon(lake: &[(String, String)]) -> Result<Server> {
    let health = address()?;
    let command = ServerCommand::new("telemetry-maintenance-srv")
        .envs(lake.to_vec())
        .args(["--health-listen-addr", &health]);
    ready(command, format!("http://{health}/ready")).await
}
