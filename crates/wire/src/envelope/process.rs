//! Body of `insert_process`.

use bytes::Bytes;
use uuid::Uuid;

use super::{Error, MAX_PROPERTIES};
use crate::cbor::{Reader, Slot};

/// What a producer says of its process, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessEnvelope {
    pub process_id: Uuid,
    pub exe: String,
    pub username: String,
    pub realname: String,
    pub computer: String,
    pub distro: String,
    pub cpu_brand: String,
    /// Ticks per second; 0 = unknown.
    pub tsc_frequency: i64,
    /// Nanoseconds since the Unix epoch.
    pub start_time: i64,
    pub start_ticks: i64,
    pub parent_process_id: Option<Uuid>,
    /// In the order received; a name may repeat.
    pub properties: Vec<(String, String)>,
}

impl ProcessEnvelope {
    pub fn parse(body: &Bytes) -> Result<Self, Error> {
        let mut process_id = Slot::new("process_id");
        let mut exe = Slot::new("exe");
        let mut username = Slot::new("username");
        let mut realname = Slot::new("realname");
        let mut computer = Slot::new("computer");
        let mut distro = Slot::new("distro");
        let mut cpu_brand = Slot::new("cpu_brand");
        let mut tsc_frequency = Slot::new("tsc_frequency");
        let mut start_time = Slot::new("start_time");
        let mut start_ticks = Slot::new("start_ticks");
        let mut parent_process_id = Slot::new("parent_process_id");
        let mut properties = Slot::new("properties");
        Reader::new(body).map("process", |reader, key| match key {
            "process_id" => process_id.read(reader, Reader::uuid),
            "exe" => exe.read(reader, Reader::string),
            "username" => username.read(reader, Reader::string),
            "realname" => realname.read(reader, Reader::string),
            "computer" => computer.read(reader, Reader::string),
            "distro" => distro.read(reader, Reader::string),
            "cpu_brand" => cpu_brand.read(reader, Reader::string),
            "tsc_frequency" => tsc_frequency.read(reader, Reader::i64),
            "start_time" => start_time.read(reader, Reader::time_ns),
            "start_ticks" => start_ticks.read(reader, Reader::i64),
            "parent_process_id" => parent_process_id.read(reader, Reader::optional_uuid),
            "properties" => properties.read(reader, |r, key| r.text_map(key, MAX_PROPERTIES)),
            _ => reader.skip(),
        })?;
        Ok(Self {
            process_id: process_id.take()?,
            exe: exe.take()?,
            username: username.take()?,
            realname: realname.take()?,
            computer: computer.take()?,
            distro: distro.take()?,
            cpu_brand: cpu_brand.take()?,
            tsc_frequency: tsc_frequency.take()?,
            start_time: start_time.take()?,
            start_ticks: start_ticks.take()?,
            parent_process_id: parent_process_id.take()?,
            properties: properties.take()?,
        })
    }
}
