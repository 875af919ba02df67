//! From a stored payload to its two buffers.

use bytes::Bytes;
use wire::envelope::Payload;
use wire::lz4::{self, Pieces};
use wire::transit::Dependencies;

use crate::error::{Error, Result};
use crate::plan::StreamPlan;

/// What a block holds, decompressed.
#[derive(Debug)]
pub(crate) struct Buffers {
    pub dependencies: Dependencies,
    pub objects: Vec<u8>,
    /// Memory that both take, roughly.
    pub memory_bytes: usize,
}

impl Buffers {
    /// `payload` is the stored CBOR document.
    pub(crate) fn read(plan: &StreamPlan, payload: &Bytes) -> Result<Self> {
        let payload = Payload::parse(payload).map_err(Error::Payload)?;
        let dependencies = read_dependencies(plan, &payload)?;
        let objects = lz4::decompress(&payload.objects, &lz4::Limits::default());
        let objects = objects.map_err(objects_error)?;
        Ok(Self {
            memory_bytes: objects.len() + dependencies.buffer_bytes(),
            dependencies,
            objects,
        })
    }
}

pub(crate) fn read_dependencies(plan: &StreamPlan, payload: &Payload) -> Result<Dependencies> {
    let buffer = lz4::decompress(&payload.dependencies, &lz4::Limits::default());
    let buffer = buffer.map_err(|source| Error::Compression {
        buffer: "dependencies",
        source,
    })?;
    Dependencies::parse(&plan.layout.dependencies, buffer).map_err(Error::Dependencies)
}

/// The objects, to be looked at while they are decompressed.
pub(crate) fn open_objects(payload: &Payload) -> Result<Pieces<'_>> {
    Pieces::new(&payload.objects, &lz4::Limits::default()).map_err(objects_error)
}

pub(crate) fn objects_error(source: lz4::Error) -> Error {
    Error::Compression {
        buffer: "objects",
        source,
    }
}
