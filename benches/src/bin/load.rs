//! One kind of load against a running server.

use std::time::Duration;

use anyhow::Result;
use benches::{flight, gateway, ingest, measure_yardsticks, parse_address};
use clap::{Parser, Subcommand};
use flightsql_client::{Client, RequestMetadata};

const LOG_SCAN: &str = "SELECT time, level, target, msg FROM log_entries";

/// Put one kind of load on a running server and report.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    load: Load,
}

#[derive(Debug, Subcommand)]
enum Load {
    /// Post blocks from many connections
    Ingest {
        #[arg(long, default_value = "http://127.0.0.1:9000")]
        url: String,
        #[arg(long, default_value_t = 64)]
        connections: usize,
        /// Size of a block's request, in bytes
        #[arg(long, default_value_t = 2_900)]
        payload: usize,
        #[arg(long, default_value_t = 5.0)]
        seconds: f64,
    },
    /// Repeat a statement over Flight SQL, one client
    Flight {
        #[arg(long, default_value = "grpc://127.0.0.1:50051")]
        url: String,
        #[arg(long, default_value = "SELECT 1")]
        sql: String,
        #[arg(long, default_value_t = 5.0)]
        seconds: f64,
    },
    /// Read a whole result over Flight SQL
    FlightScan {
        #[arg(long, default_value = "grpc://127.0.0.1:50051")]
        url: String,
        #[arg(long, default_value = LOG_SCAN)]
        sql: String,
        #[arg(long, default_value_t = 3)]
        times: usize,
    },
    /// Repeat a statement through the gateway
    Gateway {
        #[arg(long, default_value = "http://127.0.0.1:3000")]
        url: String,
        #[arg(long, default_value_t = 16)]
        connections: usize,
        #[arg(long, default_value = "SELECT 1")]
        sql: String,
        #[arg(long, default_value_t = 5.0)]
        seconds: f64,
    },
    /// Read a whole result through the gateway
    GatewayScan {
        #[arg(long, default_value = "http://127.0.0.1:3000")]
        url: String,
        #[arg(long, default_value = LOG_SCAN)]
        sql: String,
        #[arg(long, default_value_t = 3)]
        times: usize,
    },
    /// Measure this machine: disk, memory, empty requests
    Yardsticks {
        #[arg(long, default_value_t = 2.0)]
        seconds: f64,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().load {
        Load::Ingest {
            url,
            connections,
            payload,
            seconds,
        } => {
            let report = ingest::run(ingest::Config {
                address: parse_address(&url)?,
                connections,
                body_bytes: payload,
                duration: Duration::try_from_secs_f64(seconds)?,
            });
            println!("{}", report.await?);
        }
        Load::Flight { url, sql, seconds } => {
            let client = Client::connect_lazy(&url)?;
            let duration = Duration::try_from_secs_f64(seconds)?;
            let latencies = flight::repeat(&client, &sql, duration).await?;
            println!(
                "{} queries, latency {:.2} ms average, {:.2} ms median, {:.2} ms p99",
                latencies.count(),
                latencies.average_ms(),
                latencies.median_ms(),
                latencies.p99_ms()
            );
        }
        Load::FlightScan { url, sql, times } => {
            let client = Client::connect_lazy(&url)?;
            for _ in 0..times {
                println!(
                    "{}",
                    flight::scan(&client, &sql, RequestMetadata::new()).await?
                );
            }
        }
        Load::Gateway {
            url,
            connections,
            sql,
            seconds,
        } => {
            let duration = Duration::try_from_secs_f64(seconds)?;
            let address = parse_address(&url)?;
            println!(
                "{}",
                gateway::repeat(address, &sql, connections, duration).await?
            );
        }
        Load::GatewayScan { url, sql, times } => {
            for _ in 0..times {
                println!("{}", gateway::scan(parse_address(&url)?, &sql).await?);
            }
        }
        Load::Yardsticks { seconds } => {
            let folder = tempfile::tempdir()?;
            let duration = Duration::try_from_secs_f64(seconds)?;
            println!("{}", measure_yardsticks(folder.path(), duration).await?);
        }
    }
    Ok(())
}
