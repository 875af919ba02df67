use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;

use super::*;

const LONG: Duration = Duration::from_secs(30);

/// Counts its probes; answers what `healthy` says.
struct Dependency {
    healthy: AtomicBool,
    probes: AtomicUsize,
}

fn dependency(healthy: bool, success_ttl: Duration) -> (Arc<Dependency>, Readiness) {
    let dependency = Arc::new(Dependency {
        healthy: AtomicBool::new(healthy),
        probes: AtomicUsize::new(0),
    });
    let probed = Arc::clone(&dependency);
    let readiness = Readiness::with_limits(
        move || {
            let probed = Arc::clone(&probed);
            async move {
                probed.probes.fetch_add(1, Ordering::Relaxed);
                if probed.healthy.load(Ordering::Relaxed) {
                    Ok(())
                } else {
                    Err("away".into())
                }
            }
        },
        LONG,
        success_ttl,
    );
    (dependency, readiness)
}

#[tokio::test]
async fn success_is_remembered() {
    let (dependency, readiness) = dependency(true, LONG);
    assert!(readiness.check().await);
    dependency.healthy.store(false, Ordering::Relaxed);
    assert!(readiness.check().await);
    assert_eq!(dependency.probes.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn success_expires() {
    let (dependency, readiness) = dependency(true, Duration::ZERO);
    assert!(readiness.check().await);
    dependency.healthy.store(false, Ordering::Relaxed);
    assert!(!readiness.check().await);
}

#[tokio::test]
async fn failure_is_not_remembered() {
    let (dependency, readiness) = dependency(false, LONG);
    assert!(!readiness.check().await);
    dependency.healthy.store(true, Ordering::Relaxed);
    assert!(readiness.check().await);
    assert_eq!(dependency.probes.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn concurrent_callers_share_one_probe_that_outlives_them() {
    let (release, probes) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let (released, counted) = (Arc::clone(&release), Arc::clone(&probes));
    let readiness = Readiness::new(move || {
        let (released, counted) = (Arc::clone(&released), Arc::clone(&counted));
        async move {
            counted.fetch_add(1, Ordering::Relaxed);
            released.notified().await;
            Ok(())
        }
    });
    let mut abandoned = Box::pin(readiness.check());
    assert!(futures::poll!(&mut abandoned).is_pending());
    drop(abandoned);
    let callers = futures::future::join_all((0..8).map(|_| readiness.check()));
    let (answers, ()) = tokio::join!(callers, async { release.notify_one() });
    assert_eq!(answers, [true; 8]);
    assert_eq!(probes.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_probe_that_hangs_or_panics_is_a_failure() {
    let hangs = Readiness::with_limits(std::future::pending, Duration::from_millis(10), LONG);
    assert!(!hangs.check().await);
    let panics = Readiness::new(|| async { panic!("on purpose") });
    assert!(!panics.check().await);
    assert!(!panics.check().await);
}

#[tokio::test]
async fn routes_answer_with_empty_bodies() {
    use tower::ServiceExt;
    async fn check(readiness: Readiness, path: &str, expected: u16) {
        let request = http::Request::get(path)
            .body(axum::body::Body::empty())
            .unwrap();
        let response = health_router(readiness).oneshot(request).await.unwrap();
        assert_eq!(response.status(), expected, "{path}");
        let body = axum::body::to_bytes(response.into_body(), 1).await.unwrap();
        assert!(body.is_empty(), "{path}");
    }
    let away = || Readiness::new(|| async { Err("away".into()) });
    check(away(), "/health", 200).await;
    check(away(), "/ready", 503).await;
    check(Readiness::always(), "/ready", 200).await;
}
