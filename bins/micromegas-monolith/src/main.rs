//! All roles of the lake in one process, on an embedded catalog unless told otherwise.

mod check;
mod roles;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use flightsql_client::Client;
use gateway::Gateway;
use ingestion::{BulkIngest, Ingestion};
use maintenance::Maintenance;
use query::QueryEngine;
use server_kit::{Service, Shutdown};
use settings::{
    AuthArgs, Door, Environment, FlightArgs, FlightSettings, GatewayArgs, GraceArgs, IngestionArgs,
    LakeArgs, MaintenanceArgs, MemoryRoles, MemoryShares, Problems, WebListenArgs, auth_explain,
    gather, init_logging,
};
use views::{Lakehouse, Resources};

use crate::roles::{Role, RolesArgs};

/// Many short-lived buffers of all sizes: the C library's allocator spends more time on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const INGESTION: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9000);
const FLIGHT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 50051);
const WEB: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3000);

/// Accept telemetry, store it, and answer SQL about it: everything in one process.
///
/// Data goes to --data-dir: a SQLite catalog and files. MICROMEGAS_SQL_CONNECTION_STRING and
/// MICROMEGAS_OBJECT_STORE_URI replace them with a shared database and object store.
#[derive(Debug, Parser)]
#[command(name = "micromegas-monolith", version)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    roles: RolesArgs,
    #[command(flatten)]
    lake: LakeArgs,
    #[command(flatten)]
    ingestion: IngestionArgs,
    #[command(flatten)]
    flight: FlightArgs,
    #[command(flatten)]
    web: WebListenArgs,
    #[command(flatten)]
    gateway: GatewayArgs,
    #[command(flatten)]
    maintenance: MaintenanceArgs,
    #[command(flatten)]
    auth: AuthArgs,
    #[command(flatten)]
    grace: GraceArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compare the catalog with the object store: report segments that nothing refers to and
    /// references to bytes that are not there. Exits with 1 when there is such a reference.
    Check(check::CheckArgs),
    /// Read a token or API key from standard input and tell which checks it passes at the doors of
    /// the roles, and what to change where it fails. Exits with 1 when a door refuses it.
    AuthExplain,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let environment = Environment::of_process();
    match &args.command {
        Some(Command::Check(check)) => check::run(check, &args.lake, &environment).await?,
        Some(Command::AuthExplain) => {
            let doors = args.roles.config(&environment)?.doors();
            anyhow::ensure!(
                !doors.is_empty(),
                "the web role has no door of its own: it passes credentials on, so ask the Flight \
                 SQL server behind it; maintenance has none at all"
            );
            return Ok(auth_explain(&environment, &doors).await?);
        }
        None => serve(&args, &environment).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve(args: &Args, environment: &Environment) -> anyhow::Result<()> {
    let roles = args.roles.config(environment);
    let played = roles.clone().unwrap_or_default();
    let door = |role, door| {
        let needed = played
            .has(role)
            .then(|| args.auth.config(environment, door));
        needed.transpose()
    };
    let memory_roles = MemoryRoles {
        ingestion: played.has(Role::Ingestion),
        engine: played.has(Role::FlightSql) || played.has(Role::Maintenance),
    };
    let ((), roles, (lake, spill_folder), memory, (flight, upkeep), backend, doors, grace) =
        gather((
            init_logging(environment),
            roles,
            gather((
                args.lake.config(environment),
                args.lake.spill_folder(environment),
            )),
            MemoryShares::config(environment, memory_roles),
            gather((
                args.flight.config(environment, FLIGHT),
                args.maintenance.config(environment),
            )),
            args.gateway.configured(environment),
            gather((
                door(Role::Ingestion, Door::Ingestion),
                door(Role::FlightSql, Door::Analytics),
            )),
            args.grace.config(environment),
        ))?;
    let ingestion = args.ingestion.config(INGESTION, &memory);
    let web = args.web.listen_endpoint_web.unwrap_or(WEB);
    let backend = roles
        .has(Role::Web)
        .then(|| flight_url(backend, roles.has(Role::FlightSql), &flight));
    let backend = backend.transpose()?;
    let listens = [
        (Role::Ingestion, ingestion.listen),
        (Role::FlightSql, flight.listen),
        (Role::Web, web),
    ];
    let listens = listens.into_iter().filter(|(role, _)| roles.has(*role));
    args.auth
        .check_listen(listens.map(|(_, address)| address))?;
    let (ingestion_door, query_door) = doors;
    let shutdown = Shutdown::on_signals()?;

    let mut services = Vec::new();
    if let Some(url) = backend {
        let client = Client::connect_lazy(&url)?;
        let router = gateway::router(Gateway::new(client, gateway::Config::default()));
        services.push(Service::http("web", web, router));
    }
    let is_maintained = roles.has(Role::Maintenance);
    if ingestion_door.is_some() || query_door.is_some() || is_maintained {
        memory.announce();
        let (catalog, lake) = lake.open(memory.catalog_cache_bytes).await?;
        let lake = lake.with_cache(memory.range_cache_bytes);
        if query_door.is_some() || is_maintained {
            let resources = Resources::new(&flight.resources(&memory, Some(spill_folder)))?;
            let house = Lakehouse::new(catalog.clone(), lake.clone(), resources);
            if is_maintained {
                let maintenance = Maintenance::new(house.clone(), upkeep);
                services.push(Service::background("maintenance", |shutdown| async move {
                    maintenance.run(shutdown).await;
                    Ok(())
                }));
            }
            if let Some(door) = query_door {
                let engine = QueryEngine::new(house, &flight.engine())?;
                let bulk = BulkIngest::new(catalog.clone(), lake.clone());
                let config = flightsql::Config::default();
                let router = flightsql::router(engine, bulk, config, door.authenticator());
                services.push(Service::http("flight-sql", flight.listen, router));
            }
        }
        if let Some(door) = ingestion_door {
            let state = Ingestion::start(catalog, lake, ingestion.limits)?;
            let router = ingestion::router(state.clone(), door.authenticator());
            let service = Service::http("ingestion", ingestion.listen, router);
            services.push(service.then(async move { state.close().await }));
        }
    }
    server_kit::run(services, shutdown, grace).await?;
    Ok(())
}

/// Where the web role sends queries: the configured server, or the one in this process.
fn flight_url(
    configured: Option<String>,
    is_local: bool,
    flight: &FlightSettings,
) -> Result<String, Problems> {
    match configured {
        Some(url) => Ok(url),
        None if is_local => {
            let mut address = flight.listen;
            if address.ip().is_unspecified() {
                address.set_ip(Ipv4Addr::LOCALHOST.into());
            }
            Ok(format!("grpc://{address}"))
        }
        None => Err(Problems::one(
            "the web role without the flightsql role needs --flightsql-url or \
             MICROMEGAS_FLIGHTSQL_URL",
        )),
    }
}
