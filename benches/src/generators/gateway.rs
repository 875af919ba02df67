//! Queries through the HTTP gateway.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;

use crate::http::{Connection, WireRequest};
use crate::stats::Latencies;

fn request(address: SocketAddr, sql: &str) -> Vec<u8> {
    let body = serde_json::json!({ "sql": sql }).to_string();
    WireRequest::post(
        address,
        "/gateway/query",
        "application/json",
        body.as_bytes(),
    )
    .bytes
}

/// One statement from several connections at once.
#[derive(Debug, Clone)]
pub struct Report {
    pub seconds: f64,
    pub latencies: Latencies,
}

impl Report {
    pub fn requests_per_second(&self) -> f64 {
        self.latencies.count() as f64 / self.seconds
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.0} requests/s, latency {:.2} ms average, {:.2} ms median, {:.2} ms p99",
            self.requests_per_second(),
            self.latencies.average_ms(),
            self.latencies.median_ms(),
            self.latencies.p99_ms()
        )
    }
}

pub async fn repeat(
    address: SocketAddr,
    sql: &str,
    connections: usize,
    duration: Duration,
) -> Result<Report> {
    let start = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        let request = request(address, sql);
        clients.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut latencies = Vec::new();
            while start.elapsed() < duration {
                let sent = Instant::now();
                let answer = connection.send(&request).await?;
                ensure!(
                    answer.status == 200,
                    "the gateway answered {}",
                    answer.status
                );
                latencies.push(sent.elapsed());
            }
            Ok(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(outcome) = clients.join_next().await {
        latencies.extend(outcome.context("a client panicked")??);
    }
    Ok(Report {
        seconds: start.elapsed().as_secs_f64(),
        latencies: Latencies::new(latencies),
    })
}

/// One read of a result to its end.
#[derive(Debug, Clone, Copy)]
pub struct Scan {
    pub bytes: usize,
    pub first_byte_ms: f64,
    pub seconds: f64,
}

impl fmt::Display for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.1} MB in {:.3} s, first byte after {:.1} ms",
            self.bytes as f64 / 1e6,
            self.seconds,
            self.first_byte_ms
        )
    }
}

pub async fn scan(address: SocketAddr, sql: &str) -> Result<Scan> {
    let request = request(address, sql);
    let mut connection = Connection::open(address).await?;
    let start = Instant::now();
    let answer = connection.send(&request).await?;
    ensure!(
        answer.status == 200,
        "the gateway answered {}",
        answer.status
    );
    Ok(Scan {
        bytes: answer.body_bytes,
        first_byte_ms: answer.first_byte.as_secs_f64() * 1000.0,
        seconds: start.elapsed().as_secs_f64(),
    })
}
