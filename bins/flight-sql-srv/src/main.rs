//! The stand-alone query server: answers SQL over Flight from a lake that other servers fill.
//! Stateless; run as many copies as needed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use catalog::Catalog;
use clap::Parser;
use ingestion::BulkIngest;
use lake::Lake;
use query::QueryEngine;
use server_kit::{Readiness, Service, Shutdown, health_router};
use settings::{
    AuthArgs, AuthCommand, Door, Environment, FlightArgs, GraceArgs, LakeSettings, MemoryRoles,
    MemoryShares, gather, init_logging,
};
use views::{Lakehouse, Resources};

/// Many short-lived buffers of all sizes: the C library's allocator spends more time on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 50051);

/// Answer SQL over Arrow Flight from a lake.
///
/// The lake is named by MICROMEGAS_SQL_CONNECTION_STRING (sqlite:// or postgres://) and
/// MICROMEGAS_OBJECT_STORE_URI (file://, s3://, gs:// or az://).
#[derive(Debug, Parser)]
#[command(name = "flight-sql-srv", version)]
struct Args {
    #[command(subcommand)]
    command: Option<AuthCommand>,
    #[command(flatten)]
    flight: FlightArgs,
    /// Address that serves /health and /ready over HTTP; none by default
    #[arg(long, value_name = "ADDRESS")]
    health_listen_addr: Option<SocketAddr>,
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
    let ((), lake, memory, flight, auth, grace) = gather((
        init_logging(environment),
        LakeSettings::required(environment),
        MemoryShares::config(environment, MemoryRoles::ENGINE),
        args.flight
            .config(environment, args.auth.default_listen(LISTEN)),
        args.auth.config(environment, Door::Any),
        args.grace.config(environment),
    ))?;
    args.auth.check_listen([flight.listen])?;
    memory.announce();
    let shutdown = Shutdown::on_signals()?;

    let (catalog, lake) = lake.open(memory.catalog_cache_bytes).await?;
    let lake = lake.with_cache(memory.range_cache_bytes);
    let resources = Resources::new(&flight.resources(&memory, None))?;
    let house = Lakehouse::new(catalog.clone(), lake.clone(), resources);
    let engine = QueryEngine::new(house, &flight.engine())?;
    let bulk = BulkIngest::new(catalog.clone(), lake.clone());
    let config = flightsql::Config::default();
    let router = flightsql::router(engine, bulk, config, auth.authenticator());
    let closing = catalog.clone();
    let mut services = vec![
        Service::http("flightsql", flight.listen, router)
            .then(async move { closing.close().await }),
    ];
    if let Some(address) = args.health_listen_addr {
        let router = health_router(readiness(catalog, lake));
        services.push(Service::http("health", address, router));
    }
    server_kit::run(services, shutdown, grace).await?;
    Ok(())
}

/// Both halves of the lake answer.
fn readiness(catalog: Catalog, lake: Lake) -> Readiness {
    Readiness::new(move || {
        let (catalog, lake) = (catalog.clone(), lake.clone());
        async move {
            let (catalog, lake) = tokio::join!(catalog.ping(), lake.probe());
            catalog?;
            lake?;
            Ok(())
        }
    })
}
