//! The stand-alone gateway: SQL over HTTP, answered as JSON by a Flight SQL server elsewhere.
//! Stateless; run as many copies as needed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use clap::Parser;
use flightsql_client::Client;
use gateway::Gateway;
use server_kit::{Service, Shutdown};
use settings::{
    AuthArgs, Environment, GatewayArgs, GatewayListenArgs, GraceArgs, gather, init_logging,
};

/// Many short-lived buffers of all sizes: the C library's allocator spends more time on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 3000);

/// Answer SQL over HTTP with JSON, by asking a Flight SQL server.
#[derive(Debug, Parser)]
#[command(name = "http-gateway-srv", version)]
struct Args {
    #[command(flatten)]
    listen: GatewayListenArgs,
    #[command(flatten)]
    gateway: GatewayArgs,
    #[command(flatten)]
    auth: AuthArgs,
    #[command(flatten)]
    grace: GraceArgs,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let environment = Environment::of_process();
    let ((), url, auth, grace) = gather((
        init_logging(&environment),
        args.gateway.config(&environment),
        args.auth.config(),
        args.grace.config(&environment),
    ))?;
    let client = Client::connect_lazy(&url)?;
    let listen = args.listen.listen_endpoint_http.unwrap_or(LISTEN);
    auth.warn_if_exposed([listen]);
    let shutdown = Shutdown::on_signals()?;

    let router = gateway::router(Gateway::new(client, gateway::Config::default()));
    let service = Service::http("gateway", listen, router);
    server_kit::run([service], shutdown, grace).await?;
    Ok(())
}
