//! Writes the seeds of the fuzz targets to `fuzz/corpus/`: recorded traffic, and an image,
//! since none was recorded.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use decode::hostile::Parts;
use wire::envelope::{BlockEnvelope, StreamEnvelope};
use wire::lz4;
use wire::transit::{Entries, TypeDefinition, TypeTable, encode_types};

/// Larger seeds slow the fuzzer down without showing it anything new.
const MAX_ENVELOPE: usize = 4_096;
const MAX_OBJECTS: usize = 2_048;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let corpus = root.join("fuzz/corpus");
    let mut seeds = 0;
    for recording in ["generator", "ledger"] {
        let requests = requests(&root.join("tests/captures").join(recording))?;
        let streams = streams(&requests);
        for (name, body) in requests {
            let name = format!("{recording}-{name}");
            if body.len() <= MAX_ENVELOPE {
                seeds += write(&corpus.join("envelope"), &name, &body)?;
            }
            if let Ok(block) = BlockEnvelope::parse(&body) {
                for (form, seed) in block_seeds(&block, &streams[&block.stream_id])? {
                    seeds += write(&corpus.join("block"), &format!("{name}-{form}"), &seed)?;
                }
            }
        }
    }
    seeds += write(&corpus.join("block"), "image", &image_seed())?;
    println!("{seeds} seeds in {}", corpus.display());
    Ok(())
}

/// Name and body of each recorded request.
fn requests(folder: &Path) -> Result<Vec<(String, Bytes)>> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "bin"));
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            Ok((name.into_owned(), Bytes::from(fs::read(&file)?)))
        })
        .collect()
}

fn streams(requests: &[(String, Bytes)]) -> HashMap<uuid::Uuid, StreamEnvelope> {
    let streams = requests
        .iter()
        .filter_map(|(_, body)| StreamEnvelope::parse(body).ok());
    streams.map(|stream| (stream.stream_id, stream)).collect()
}

/// The block as it is, if it is small, and its first events without compression.
fn block_seeds(
    block: &BlockEnvelope,
    stream: &StreamEnvelope,
) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let limits = lz4::Limits::default();
    let dependencies = lz4::decompress(&block.payload.dependencies, &limits)?;
    let objects = lz4::decompress(&block.payload.objects, &limits)?;
    let types = TypeTable::parse(&stream.objects_metadata)?;
    let plain = Parts {
        dependencies_metadata: &stream.dependencies_metadata,
        objects_metadata: &stream.objects_metadata,
        dependencies: &dependencies,
        objects: first_events(&types, &objects),
        compressed: false,
    };
    let mut seeds = vec![("plain", plain.pack())];
    if objects.len() <= MAX_OBJECTS {
        let compressed = Parts {
            dependencies: &block.payload.dependencies,
            objects: &block.payload.objects,
            compressed: true,
            ..plain
        };
        seeds.push(("compressed", compressed.pack()));
    }
    Ok(seeds)
}

/// An image `a` of format `png` with two bytes.
fn image_seed() -> Vec<u8> {
    let image = TypeDefinition {
        name: "ImageEvent".to_owned(),
        size: 0,
        members: Vec::new(),
        is_reference: false,
    };
    let time = [0; 8];
    let body = [
        &time[..],
        b"\x02\x01\0\0\0a\x02\x03\0\0\0png\x02\0\0\0\x89P",
    ]
    .concat();
    let length = body.len() as u32;
    let seed = Parts {
        dependencies_metadata: &encode_types(&[]),
        objects_metadata: &encode_types(&[image]),
        dependencies: &[],
        objects: &[&[0], &length.to_le_bytes()[..], &body].concat(),
        compressed: false,
    };
    seed.pack()
}

fn first_events<'a>(types: &TypeTable, objects: &'a [u8]) -> &'a [u8] {
    let mut entries = Entries::new(types, objects);
    let mut end = 0;
    while let Some(Ok(_)) = entries.next() {
        if entries.position() > MAX_OBJECTS {
            break;
        }
        end = entries.position();
    }
    &objects[..end]
}

fn write(folder: &Path, name: &str, seed: &[u8]) -> Result<usize> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(name), seed)?;
    Ok(1)
}
