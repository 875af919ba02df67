//! `src/protos.rs` is what `proto/trace.proto` says.

use std::error::Error;
use std::fs;
use std::path::Path;

use prost_build::{Config, Module};

fn generate(folder: &Path) -> Result<String, Box<dyn Error>> {
    let files = protox::compile(["trace.proto"], [folder.join("proto")])?;
    let requests = files.file.into_iter().map(|file| {
        let module = Module::from_protobuf_package_name(file.package());
        (module, file)
    });
    let modules = Config::new().generate(requests.collect())?;
    Ok(modules.into_values().collect())
}

/// Brings it up to date, so that running the test again passes.
#[test]
fn the_generated_types_are_up_to_date() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = folder.join("src/protos.rs");
    let (stored, generated) = (fs::read_to_string(&path)?, generate(folder)?);
    if stored != generated {
        fs::write(&path, generated)?;
        panic!("src/protos.rs was not what proto/trace.proto says; now it is");
    }
    Ok(())
}
