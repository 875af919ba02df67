//! New objects in stores whose answers can get lost.

use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutPayload, Result};

/// Write a whole object without replacing another one; returns its length.
pub(crate) async fn put_new(
    store: &dyn ObjectStore,
    path: &Path,
    payload: PutPayload,
) -> Result<u64> {
    let bytes = payload.content_length() as u64;
    match store.put_opts(path, payload, PutMode::Create.into()).await {
        Ok(_) => Ok(bytes),
        // Keys are not used twice: the store accepted an attempt of this write whose
        // answer was lost.
        Err(Error::AlreadyExists { .. }) if stored_bytes(store, path).await == Some(bytes) => {
            Ok(bytes)
        }
        Err(error) => Err(error),
    }
}

/// The length of an object that is there.
pub(crate) async fn stored_bytes(store: &dyn ObjectStore, path: &Path) -> Option<u64> {
    let head = store.head(path).await;
    head.ok().map(|object| object.size)
}
