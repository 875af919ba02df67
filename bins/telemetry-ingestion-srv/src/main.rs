//! The stand-alone ingestion server: accepts telemetry over HTTP and stores it in a lake that
//! other servers query. Stateless; run as many copies as needed.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use clap::Parser;
use ingestion::Ingestion;
use server_kit::{Service, Shutdown};
use settings::{
    AuthArgs, AuthCommand, Door, Environment, GraceArgs, IngestionArgs, LakeSettings, MemoryRoles,
    MemoryShares, gather, init_logging,
};

/// Many short-lived buffers of all sizes: the C library's allocator spends more time on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8081);

/// Accept telemetry and store it in a lake.
///
/// The lake is named by MICROMEGAS_SQL_CONNECTION_STRING (sqlite:// or postgres://) and
/// MICROMEGAS_OBJECT_STORE_URI (file://, s3://, gs:// or az://).
#[derive(Debug, Parser)]
#[command(name = "telemetry-ingestion-srv", version)]
struct Args {
    #[command(subcommand)]
    command: Option<AuthCommand>,
    #[command(flatten)]
    ingestion: IngestionArgs,
    #[command(flatten)]
    auth: AuthArgs,
    #[command(flatten)]
    grace: GraceArgs,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let environment = Environment::of_process();
    match args.command {
        Some(command) => Ok(command.run(&environment).await?),
        None => serve(&args, &environment).await.map(|()| ExitCode::SUCCESS),
    }
}

async fn serve(args: &Args, environment: &Environment) -> anyhow::Result<()> {
    let ((), lake, memory, auth, grace) = gather((
        init_logging(environment),
        LakeSettings::required(environment),
        MemoryShares::config(environment, MemoryRoles::INGESTION),
        args.auth.config(environment, Door::Any),
        args.grace.config(environment),
    ))?;
    let listen = args.auth.default_listen(LISTEN);
    let ingestion = args.ingestion.config(listen, &memory);
    args.auth.check_listen([ingestion.listen])?;
    memory.announce();
    let shutdown = Shutdown::on_signals()?;

    let (catalog, lake) = lake.open(memory.catalog_cache_bytes).await?;
    let state = Ingestion::start(catalog.clone(), lake, ingestion.limits)?;
    let router = ingestion::router(state.clone(), auth.authenticator());
    let service = Service::http("ingestion", ingestion.listen, router).then(async move {
        state.close().await;
        catalog.close().await;
    });
    server_kit::run([service], shutdown, grace).await?;
    Ok(())
}
