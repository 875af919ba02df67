//! The stand-alone maintenance server: keeps a lake fast and small that other servers fill and
//! query. Stateless; one of several copies works, the others wait to take over.

use std::net::SocketAddr;

use catalog::Catalog;
use clap::Parser;
use lake::Lake;
use maintenance::Maintenance;
use server_kit::{Readiness, Service, Shutdown, health_router};
use settings::{
    EngineSettings, Environment, GraceArgs, LakeSettings, MaintenanceArgs, MemoryRoles,
    MemoryShares, gather, init_logging,
};
use views::{Lakehouse, Resources};

/// Many short-lived buffers of all sizes: the C library's allocator spends more time on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Materialise and merge the views of a lake, and delete what is older than its retention.
///
/// The lake is named by MICROMEGAS_SQL_CONNECTION_STRING (sqlite:// or postgres://) and
/// MICROMEGAS_OBJECT_STORE_URI (file://, s3://, gs:// or az://).
#[derive(Debug, Parser)]
#[command(name = "telemetry-maintenance-srv", version)]
struct Args {
    #[command(flatten)]
    maintenance: MaintenanceArgs,
    /// Address that serves /health and /ready over HTTP; none by default
    #[arg(long, value_name = "ADDRESS")]
    health_listen_addr: Option<SocketAddr>,
    #[command(flatten)]
    grace: GraceArgs,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let environment = Environment::of_process();
    let ((), lake, memory, engine, maintenance, grace) = gather((
        init_logging(&environment),
        LakeSettings::required(&environment),
        MemoryShares::config(&environment, MemoryRoles::ENGINE),
        EngineSettings::config(&environment),
        args.maintenance.config(&environment),
        args.grace.config(&environment),
    ))?;
    memory.announce();
    let shutdown = Shutdown::on_signals()?;

    let (catalog, lake) = lake.open(memory.catalog_cache_bytes).await?;
    let lake = lake.with_cache(memory.range_cache_bytes);
    let resources = Resources::new(&engine.resources(&memory, None))?;
    let house = Lakehouse::new(catalog.clone(), lake.clone(), resources);
    let maintenance = Maintenance::new(house, maintenance);
    let closing = catalog.clone();
    let work = Service::background("maintenance", |shutdown| async move {
        maintenance.run(shutdown).await;
        Ok(())
    });
    let mut services = vec![work.then(async move { closing.close().await })];
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
