//! The stand-alone gateway: SQL over HTTP, answered as JSON by a Flight SQL server elsewhere.
//! Stateless; run as many copies as needed.

mod auth_explain;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use flightsql_client::Client;
use gateway::Gateway;
use server_kit::{Service, Shutdown};
use settings::{Environment, GatewayArgs, GatewayListenArgs, GraceArgs, gather, init_logging};

/// Many short-lived buffers of all sizes: the C library's allocator spends more time on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 3000);

/// Answer SQL over HTTP with JSON, by asking a Flight SQL server.
///
/// Credentials are passed on as they came: the Flight SQL server decides who may ask.
#[derive(Debug, Parser)]
#[command(name = "http-gateway-srv", version)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    listen: GatewayListenArgs,
    #[command(flatten)]
    gateway: GatewayArgs,
    #[command(flatten)]
    grace: GraceArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read a token or API key from standard input and tell whether the Flight SQL server accepts
    /// it. Exits with 1 when it does not.
    AuthExplain,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let environment = Environment::of_process();
    match args.command {
        Some(Command::AuthExplain) => {
            let client = Client::connect_lazy(&args.gateway.config(&environment)?)?;
            let is_accepted = auth_explain::auth_explain(&client).await?;
            Ok(ExitCode::from(u8::from(!is_accepted)))
        }
        None => serve(&args, &environment).await.map(|()| ExitCode::SUCCESS),
    }
}

async fn serve(args: &Args, environment: &Environment) -> anyhow::Result<()> {
    let ((), url, grace) = gather((
        init_logging(environment),
        args.gateway.config(environment),
        args.grace.config(environment),
    ))?;
    let client = Client::connect_lazy(&url)?;
    let listen = args.listen.listen_endpoint_http.unwrap_or(LISTEN);
    let shutdown = Shutdown::on_signals()?;

    let router = gateway::router(Gateway::new(client, gateway::Config::default()));
    let service = Service::http("gateway", listen, router);
    server_kit::run([service], shutdown, grace).await?;
    Ok(())
}
