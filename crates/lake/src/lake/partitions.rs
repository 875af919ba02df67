//! Partitions of a lake.

use std::sync::Arc;

use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path as ObjectPath;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use super::{Kind, Lake};
use crate::writer::{ObjectWriter, Upload};
use crate::{Error, PartitionKey, Result};

/// An object found under the prefix of the partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionObject {
    pub key: PartitionKey,
    /// Length of the object.
    pub bytes: u64,
    /// Nanoseconds since the Unix epoch.
    pub last_modified_ns: i64,
}

impl Lake {
    /// Begin a new partition, which is there when its writer has finished. Use each key
    /// once: only folders are sure to refuse the second object of a key.
    pub async fn write_partition(&self, key: &PartitionKey) -> Result<ObjectWriter> {
        Ok(match &self.kind {
            Kind::Folder(folder) => {
                ObjectWriter::of_file(key.clone(), folder.create_file(key).await?)
            }
            Kind::Memory | Kind::Remote => {
                let upload = Upload::new(Arc::clone(&self.store), partition_path(key));
                ObjectWriter::of_upload(key.clone(), upload)
            }
        })
    }

    /// Delete a partition; one that does not exist is fine.
    pub async fn delete_partition(&self, key: &PartitionKey) -> Result<()> {
        match self.store.delete(&partition_path(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(Error::Store {
                doing: "deleting a partition",
                source,
            }),
        }
    }

    /// Every partition in the store, whether anything refers to it or not, in no
    /// promised order. Objects that are not partitions are left out.
    pub fn list_partitions(&self) -> BoxStream<'static, Result<PartitionObject>> {
        let folder = ObjectPath::from(PartitionKey::FOLDER);
        let objects = self.store.list(Some(&folder));
        let objects = objects.map_err(|source| Error::Store {
            doing: "listing partitions",
            source,
        });
        objects
            .try_filter_map(async |object| Ok(partition_object(&object)))
            .boxed()
    }
}

fn partition_path(key: &PartitionKey) -> ObjectPath {
    ObjectPath::from(key.as_str())
}

fn partition_object(object: &ObjectMeta) -> Option<PartitionObject> {
    Some(PartitionObject {
        key: PartitionKey::parse(object.location.as_ref()).ok()?,
        bytes: object.size,
        last_modified_ns: object.last_modified.timestamp_nanos_opt()?,
    })
}
