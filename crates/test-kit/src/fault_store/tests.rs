use std::time::Duration;

use object_store::memory::InMemory;

use super::*;

const KINDS: [Fault; 5] = [
    Fault::Delay,
    Fault::Failure,
    Fault::Truncation,
    Fault::LostAnswer,
    Fault::Skipped,
];

/// A store with faults over one without, which holds the object `kept`.
async fn stores() -> (FaultStore, Arc<InMemory>, Faults) {
    let inner = Arc::new(InMemory::new());
    inner
        .put(&"kept".into(), "0123456789".into())
        .await
        .unwrap();
    let faults = Faults::new(7);
    faults.set_longest_delay(Duration::from_micros(10));
    let store = FaultStore::new(Arc::clone(&inner) as _, faults.clone());
    (store, inner, faults)
}

async fn upload(store: &FaultStore, path: &str) -> Result<()> {
    let mut upload = store.put_multipart(&path.into()).await?;
    upload.put_part("parts".into()).await?;
    upload.complete().await.map(drop)
}

fn counts(faults: &Faults) -> [u64; 5] {
    KINDS.map(|kind| faults.count(kind))
}

/// Every kind of request once, and whether it was answered well.
async fn requests(store: &FaultStore) -> [bool; 10] {
    let kept: Path = "kept".into();
    [
        store.put(&"put".into(), "x".into()).await.is_ok(),
        upload(store, "uploaded").await.is_ok(),
        store.copy(&kept, &"copied".into()).await.is_ok(),
        store.delete(&"deleted".into()).await.is_ok(),
        store.get(&kept).await.is_ok(),
        store.get_range(&kept, 2..6).await.is_ok(),
        store.get_ranges(&kept, &[0..2, 4..8]).await.is_ok(),
        store.head(&kept).await.is_ok(),
        store.list(None).try_collect::<Vec<_>>().await.is_ok(),
        store.list_with_delimiter(None).await.is_ok(),
    ]
}

#[tokio::test]
async fn at_probability_0_nothing_happens() {
    let (store, inner, faults) = stores().await;
    for _ in 0..100 {
        assert_eq!(requests(&store).await, [true; 10]);
    }
    assert_eq!(counts(&faults), [0; 5]);
    let objects: Vec<_> = inner.list(None).try_collect().await.unwrap();
    assert_eq!(objects.len(), 4);
}

#[tokio::test]
async fn delays_change_no_answer() {
    let (store, _inner, faults) = stores().await;
    faults.set(Fault::Delay, 1.0);
    assert_eq!(requests(&store).await, [true; 10]);
    // An upload is three requests.
    assert_eq!(counts(&faults), [12, 0, 0, 0, 0]);
}

#[tokio::test]
async fn failed_requests_do_not_reach_the_store() {
    let (store, inner, faults) = stores().await;
    faults.set(Fault::Failure, 1.0);
    assert_eq!(requests(&store).await, [false; 10]);
    assert_eq!(counts(&faults), [0, 10, 0, 0, 0]);
    let objects: Vec<_> = inner.list(None).try_collect().await.unwrap();
    assert_eq!(objects.len(), 1);
}

#[tokio::test]
async fn truncated_answers_are_the_first_bytes() {
    let (store, _inner, faults) = stores().await;
    faults.set(Fault::Truncation, 1.0);
    let kept: Path = "kept".into();
    for number in 0..100 {
        let whole = store.get(&kept).await.unwrap();
        assert_eq!(whole.range, 0..10);
        let whole = whole.bytes().await.unwrap();
        assert!(
            whole.len() < 10 && b"0123456789".starts_with(&whole),
            "{whole:?}"
        );
        let part = store.get_range(&kept, 2..6).await.unwrap();
        assert!(part.len() < 4 && b"2345".starts_with(&part), "{part:?}");
        let parts = store.get_ranges(&kept, &[0..2, 4..8]).await.unwrap();
        let lengths = [2, 4]
            .iter()
            .zip(&parts)
            .filter(|(length, part)| **length > part.len());
        assert_eq!(lengths.count(), 1, "{parts:?}");
        assert_eq!(faults.count(Fault::Truncation), 3 * (number + 1));
    }
    assert_eq!(store.head(&kept).await.unwrap().size, 10);
    // Nothing is shorter than nothing.
    store.put(&"empty".into(), PutPayload::new()).await.unwrap();
    let before = faults.count(Fault::Truncation);
    assert!(
        store
            .get(&"empty".into())
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(faults.count(Fault::Truncation), before);
}

#[tokio::test]
async fn an_answer_is_lost_after_the_change() {
    let (store, inner, faults) = stores().await;
    faults.set(Fault::LostAnswer, 1.0);
    store.put(&"put".into(), "x".into()).await.unwrap_err();
    store
        .copy(&"kept".into(), &"copied".into())
        .await
        .unwrap_err();
    let mut upload = store.put_multipart(&"uploaded".into()).await.unwrap();
    upload.put_part("parts".into()).await.unwrap_err();
    upload.complete().await.unwrap_err();
    store.delete(&"kept".into()).await.unwrap_err();
    assert_eq!(counts(&faults), [0, 0, 0, 5, 0]);
    let objects: Vec<_> = inner.list(None).try_collect().await.unwrap();
    let names: Vec<_> = objects
        .iter()
        .map(|object| object.location.as_ref())
        .collect();
    assert_eq!(names, ["copied", "put", "uploaded"]);
    // Reads change nothing.
    store.get(&"put".into()).await.unwrap();
}

#[tokio::test]
async fn a_skipped_change_is_answered_as_if_it_were_made() {
    let (store, inner, faults) = stores().await;
    faults.set(Fault::Skipped, 1.0);
    assert_eq!(requests(&store).await, [true; 10]);
    store.delete(&"kept".into()).await.unwrap();
    assert_eq!(counts(&faults), [0, 0, 0, 0, 5]);
    let objects: Vec<_> = inner.list(None).try_collect().await.unwrap();
    let names: Vec<_> = objects
        .iter()
        .map(|object| object.location.as_ref())
        .collect();
    assert_eq!(names, ["kept"]);
}

#[tokio::test]
async fn the_seed_decides_and_calm_ends_it() {
    let outcomes = async || {
        let (store, _inner, faults) = stores().await;
        for kind in KINDS {
            faults.set(kind, 0.3);
        }
        let mut outcomes = Vec::new();
        for _ in 0..50 {
            outcomes.push(requests(&store).await);
        }
        let counted = counts(&faults);
        assert!(counted.iter().all(|count| *count > 0), "{counted:?}");
        faults.calm();
        requests(&store).await;
        assert_eq!(counts(&faults), counted);
        (outcomes, counted)
    };
    assert_eq!(outcomes().await, outcomes().await);
}
