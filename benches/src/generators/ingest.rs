//! Many producers posting blocks.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;

use crate::envelopes::{BlockTemplate, Producer};
use crate::http::{Connection, WireRequest};
use crate::stats::Latencies;

const CBOR: &str = "application/cbor";

#[derive(Debug, Clone, Copy)]
pub struct Config {
    pub address: SocketAddr,
    pub connections: usize,
    /// Size of a request body, in bytes.
    pub body_bytes: usize,
    pub duration: Duration,
}

#[derive(Debug, Clone)]
pub struct Report {
    pub body_bytes: usize,
    pub seconds: f64,
    /// Of the accepted blocks.
    pub latencies: Latencies,
    /// Answers other than 200, by status.
    pub refused: BTreeMap<u16, usize>,
}

impl Report {
    pub fn blocks_per_second(&self) -> f64 {
        self.latencies.count() as f64 / self.seconds
    }

    pub fn megabytes_per_second(&self) -> f64 {
        self.blocks_per_second() * self.body_bytes as f64 / 1e6
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.0} blocks/s, {:.1} MB/s, latency {:.2} ms average, {:.2} ms median, {:.2} ms p99",
            self.blocks_per_second(),
            self.megabytes_per_second(),
            self.latencies.average_ms(),
            self.latencies.median_ms(),
            self.latencies.p99_ms()
        )?;
        for (status, count) in &self.refused {
            write!(f, ", {count} answered {status}")?;
        }
        Ok(())
    }
}

/// Registers a program with one stream, then posts distinct blocks of it from
/// every connection until the time is over.
pub async fn run(config: Config) -> Result<Report> {
    let producer = Producer::new();
    register(config.address, &producer).await?;
    let templates: Vec<BlockTemplate> = (0..config.connections)
        .map(|seed| BlockTemplate::new(&producer, config.body_bytes, seed as u64))
        .collect();
    let start = Instant::now();
    let mut connections = JoinSet::new();
    for template in templates {
        connections.spawn(post_blocks(config, template, start));
    }
    let mut latencies = Vec::new();
    let mut refused = BTreeMap::new();
    while let Some(outcome) = connections.join_next().await {
        let outcome = outcome.context("a connection panicked")??;
        latencies.extend(outcome.latencies);
        for (status, count) in outcome.refused {
            *refused.entry(status).or_default() += count;
        }
    }
    Ok(Report {
        body_bytes: config.body_bytes,
        seconds: start.elapsed().as_secs_f64(),
        latencies: Latencies::new(latencies),
        refused,
    })
}

async fn register(address: SocketAddr, producer: &Producer) -> Result<()> {
    let mut connection = Connection::open(address)
        .await
        .with_context(|| format!("cannot connect to {address}"))?;
    let requests = [
        ("/ingestion/insert_process", producer.process()),
        ("/ingestion/insert_stream", producer.stream()),
    ];
    for (path, body) in requests {
        let request = WireRequest::post(address, path, CBOR, &body);
        let answer = connection.send(&request.bytes).await?;
        ensure!(answer.status == 200, "{path} answered {}", answer.status);
    }
    Ok(())
}

struct Outcome {
    latencies: Vec<Duration>,
    refused: BTreeMap<u16, usize>,
}

async fn post_blocks(
    config: Config,
    mut template: BlockTemplate,
    start: Instant,
) -> Result<Outcome> {
    let path = "/ingestion/insert_block";
    let mut request = WireRequest::post(config.address, path, CBOR, template.body());
    let id = template.id_range();
    let id = request.body_at + id.start..request.body_at + id.end;
    let mut connection = Connection::open(config.address).await?;
    let mut outcome = Outcome {
        latencies: Vec::new(),
        refused: BTreeMap::new(),
    };
    loop {
        request.bytes[id.clone()].copy_from_slice(&template.next_id());
        let sent = Instant::now();
        let answer = connection.send(&request.bytes).await?;
        if answer.status == 200 {
            outcome.latencies.push(sent.elapsed());
        } else {
            *outcome.refused.entry(answer.status).or_default() += 1;
            // A refusal says that the server is full; hammering it measures nothing.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if start.elapsed() >= config.duration {
            return Ok(outcome);
        }
    }
}
