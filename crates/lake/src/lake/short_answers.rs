//! Answers with fewer bytes than were asked for.

use object_store::memory::InMemory;
use test_kit::{Fault, FaultStore, Faults};

use super::*;

#[tokio::test]
async fn a_short_answer_is_not_a_short_segment() {
    let faults = Faults::new(1);
    let store = FaultStore::new(Arc::new(InMemory::new()), faults.clone());
    let lake = Lake::of_store(Arc::new(store));
    let payload = Bytes::from_static(b"0123456789");
    let (key, _) = lake.write_segment(vec![payload.clone()]).await.unwrap();
    let read = async |range: Range<u64>| lake.read_segment(&key, &[range]).await;
    faults.set(Fault::Truncation, 1.0);
    let error = read(0..10).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    let error = read(5..11).await.unwrap_err();
    assert!(matches!(error, Error::Truncated { .. }), "{error:?}");
    // Neither is known when nobody answers.
    faults.set(Fault::Failure, 1.0);
    assert!(read(5..11).await.unwrap_err().is_retryable());
    faults.calm();
    assert_eq!(read(0..10).await.unwrap(), [payload]);
}
