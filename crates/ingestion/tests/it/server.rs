//! A server in this process, and what its lake holds.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use auth::Authenticator;
use bytes::Bytes;
use catalog::{BlockFilter, Catalog, CatalogConfig, StoredBlock};
use futures::TryStreamExt;
use ingestion::{Config, Ingestion, check};
use lake::{Lake, SegmentKey};
use reqwest::{Client, Response};
use server_kit::{Service, Shutdown};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const GRACE: Duration = Duration::from_secs(30);

pub struct TestServer {
    pub address: SocketAddr,
    pub catalog: Catalog,
    pub lake: Lake,
    pub client: Client,
    pub objects: PathBuf,
    /// All routes of the server.
    pub paths: Vec<String>,
    pub shutdown: Shutdown,
    pub outcome: JoinHandle<Result<(), server_kit::Error>>,
    _folder: TempDir,
}

impl TestServer {
    pub async fn start() -> Self {
        Self::start_with(Config::default()).await
    }

    pub async fn start_with(config: Config) -> Self {
        Self::start_behind(Authenticator::disabled(), config).await
    }

    pub async fn start_behind(authenticator: Authenticator, config: Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let objects = folder.path().join("objects");
        std::fs::create_dir(&objects).unwrap();
        let lake = Lake::open(&format!("file://{}", objects.display()), []).unwrap();
        let catalog_config = CatalogConfig {
            url: format!("sqlite://{}", folder.path().join("catalog.db").display()),
            max_connections: 4,
            cache_bytes: 8 << 20,
        };
        let catalog = Catalog::connect(&catalog_config).await.unwrap();
        let ingestion = Ingestion::start(catalog.clone(), lake.clone(), config).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = ingestion::router(ingestion.clone(), authenticator);
        let paths = test_kit::route_paths(&router);
        let service = Service::http("ingestion", listener, router)
            .then(async move { ingestion.close().await });
        let shutdown = Shutdown::new();
        let outcome = tokio::spawn(server_kit::run([service], shutdown.clone(), GRACE));
        Self {
            address,
            catalog,
            lake,
            client: Client::new(),
            objects,
            paths,
            shutdown,
            outcome,
            _folder: folder,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Response {
        let request = self.client.post(self.url(path)).body(body);
        request.send().await.unwrap()
    }

    /// Posts and expects 200 with an empty body.
    pub async fn accept(&self, path: &str, body: impl Into<reqwest::Body>) {
        let response = self.post(path, body).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.text().await.unwrap(), "", "{path}");
    }

    /// Every block that a query would see now.
    pub async fn visible_blocks(&self) -> Vec<StoredBlock> {
        let snapshot = self.catalog.snapshot().await.unwrap();
        let mut pages = self.catalog.blocks(BlockFilter::at(snapshot));
        let mut blocks = Vec::new();
        loop {
            let page = pages.next_page().await.unwrap();
            if page.is_empty() {
                return blocks;
            }
            blocks.extend(page);
        }
    }

    pub async fn payload(&self, block: &StoredBlock) -> Bytes {
        let key = SegmentKey::parse(&block.segment).unwrap();
        let ranges = [block.range.clone()];
        self.lake
            .read_segment(&key, &ranges)
            .await
            .unwrap()
            .remove(0)
    }

    pub async fn segment_objects(&self) -> usize {
        let objects: Vec<_> = self.lake.list_segments().try_collect().await.unwrap();
        objects.len()
    }

    /// No reference without its bytes, no bytes without a reference.
    pub async fn assert_nothing_lost_or_left(&self) {
        let report = check(&self.catalog, &self.lake).await.unwrap();
        assert!(report.is_sound(), "{report:?}");
        assert_eq!(report.orphans_total, 0, "{report:?}");
    }

    pub async fn stop(self) {
        drop(self.client);
        self.shutdown.trigger();
        self.outcome.await.unwrap().unwrap();
        self.catalog.close().await;
    }
}
