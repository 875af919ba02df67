//! Spans of the network and images, which no recording has: made up here, and asked for
//! from their blocks and from partitions.

use anyhow::Result;
use bytes::Bytes;
use catalog::{NewBlock, NewSegment};
use datafusion::arrow::util::pretty::pretty_format_batches;
use decode::hostile::Parts;
use model::{BlockId, BlockInfo, ProcessInfo, StreamId, StreamInfo, TRANSIT_FORMAT};
use wire::transit::{MemberDefinition, TypeDefinition, encode_types};

use crate::house::House;
use crate::maintenance::{DAY, HOUR};
use crate::spans::{ALWAYS, request};

const PROCESS: &str = "5e1f0d6a-26bb-4a5b-8f0e-4a1f6f9c2b11";
const NET: &str = "5e1f0d6a-26bb-4a5b-8f0e-4a1f6f9c2b12";
const IMAGE: &str = "5e1f0d6a-26bb-4a5b-8f0e-4a1f6f9c2b13";
const START: i64 = DAY + HOUR;

/// Name, size, members with name, type, offset, size and whether they refer.
type Type = (
    &'static str,
    u32,
    &'static [(&'static str, &'static str, u32, u32, bool)],
);

const TIME: (&str, &str, u32, u32, bool) = ("time", "uint64", 0, 8, false);
const SIZE: (&str, &str, u32, u32, bool) = ("bit_size", "uint32", 8, 4, false);
const TEXTS: &[Type] = &[("StaticStringDependency", 0, &[])];
const NET_EVENTS: &[Type] = &[
    (
        "NetConnectionBeginEvent",
        32,
        &[
            TIME,
            ("connection_name", "StaticStringRef", 8, 16, true),
            ("is_outgoing", "uint8", 24, 1, false),
        ],
    ),
    ("NetConnectionEndEvent", 16, &[TIME, SIZE]),
    (
        "NetObjectBeginEvent",
        24,
        &[TIME, ("object_name", "StaticStringRef", 8, 16, true)],
    ),
    ("NetObjectEndEvent", 16, &[TIME, SIZE]),
    (
        "NetPropertyEvent",
        32,
        &[
            TIME,
            ("property_name", "StaticStringRef", 8, 16, true),
            ("bit_size", "uint32", 24, 4, false),
        ],
    ),
];
const IMAGE_EVENTS: &[Type] = &[("ImageEvent", 0, &[])];

fn metadata(types: &[Type]) -> Bytes {
    let types = types.iter().map(|&(name, size, members)| TypeDefinition {
        name: name.to_owned(),
        size,
        is_reference: false,
        members: members
            .iter()
            .map(
                |&(name, type_name, offset, size, is_reference)| MemberDefinition {
                    name: name.to_owned(),
                    type_name: type_name.to_owned(),
                    offset,
                    size,
                    is_reference,
                },
            )
            .collect(),
    });
    encode_types(&types.collect::<Vec<_>>()).into()
}

/// An event of a static type: its words, then what fills up the instance.
fn event(buffer: &mut Vec<u8>, kind: u8, size: usize, words: &[u64]) {
    buffer.push(kind);
    let begin = buffer.len();
    buffer.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    buffer.resize(begin + size, 0xee);
}

fn text(id: u64, text: &str) -> Vec<u8> {
    let mut entry = vec![0];
    entry.extend((13 + text.len() as u32).to_le_bytes());
    entry.extend(id.to_le_bytes());
    entry.extend(dynamic(text));
    entry
}

fn dynamic(text: &str) -> Vec<u8> {
    let head = [&[0][..], &(text.len() as u32).to_le_bytes()];
    [head.concat().as_slice(), text.as_bytes()].concat()
}

/// A connection with an object that has two properties.
fn net() -> (Vec<u8>, Vec<u8>) {
    let names = [(1, "server"), (2, "Pawn"), (3, "Health"), (4, "Ammo")];
    let dependencies = names.map(|(id, name)| text(id, name)).concat();
    let mut objects = Vec::new();
    event(&mut objects, 0, 32, &[1_000, 1, 0, 1]);
    event(&mut objects, 2, 24, &[1_010, 2, 0]);
    event(&mut objects, 4, 32, &[1_020, 3, 0, 8]);
    event(&mut objects, 4, 32, &[1_030, 4, 0, 24]);
    event(&mut objects, 3, 16, &[1_040, 40]);
    event(&mut objects, 1, 16, &[1_050, 64]);
    (dependencies, objects)
}

fn image() -> Vec<u8> {
    let mut body = 1_500_u64.to_le_bytes().to_vec();
    body.extend(dynamic("screenshot"));
    body.extend(dynamic("image/png"));
    body.extend(4_u32.to_le_bytes());
    body.extend([0x89, b'P', b'N', b'G']);
    let length = (body.len() as u32).to_le_bytes();
    [&[0][..], &length, &body].concat()
}

async fn store(
    house: &House,
    (id, tag): (&str, &str),
    (dependency_types, event_types): (&[Type], &[Type]),
    (dependencies, objects): (&[u8], &[u8]),
) -> Result<()> {
    let (stream_id, process_id): (StreamId, _) = (id.parse()?, PROCESS.parse()?);
    house
        .catalog
        .register_stream(&StreamInfo {
            stream_id,
            process_id,
            dependencies_metadata: metadata(dependency_types),
            objects_metadata: metadata(event_types),
            tags: vec![tag.to_owned()],
            properties: Default::default(),
            format: TRANSIT_FORMAT.to_owned(),
        })
        .await?;
    let payload = Parts {
        dependencies_metadata: &[],
        objects_metadata: &[],
        dependencies,
        objects,
        compressed: false,
    }
    .payload();
    let info = BlockInfo {
        block_id: BlockId::from_bytes([id.as_bytes()[35]; 16]),
        stream_id,
        process_id,
        begin_time: START,
        begin_ticks: 0,
        end_time: START + 1_000_000,
        end_ticks: 1_000,
        object_offset: 0,
        nb_objects: 6,
    };
    let (key, bytes) = house
        .engine
        .lakehouse()
        .lake()
        .write_segment(vec![payload])
        .await?;
    let segment = NewSegment {
        key: key.as_str().to_owned(),
        bytes,
    };
    let range = 0..bytes;
    house
        .catalog
        .commit_blocks(&segment, &[NewBlock { info, range }])
        .await?;
    Ok(())
}

async fn house() -> Result<House> {
    let house = House::new().await?;
    house.set_time(START + 1);
    house
        .catalog
        .register_process(&ProcessInfo {
            process_id: PROCESS.parse()?,
            exe: "game".to_owned(),
            username: "player".to_owned(),
            realname: "player".to_owned(),
            computer: "console".to_owned(),
            distro: "none".to_owned(),
            cpu_brand: "none".to_owned(),
            tsc_frequency: 1_000_000,
            start_time: START,
            start_ticks: 1_000,
            parent_process_id: None,
            properties: Default::default(),
        })
        .await?;
    let (dependencies, objects) = net();
    let net = (&dependencies[..], &objects[..]);
    store(&house, (NET, "net"), (TEXTS, NET_EVENTS), net).await?;
    let image = image();
    store(&house, (IMAGE, "image"), (&[], IMAGE_EVENTS), (&[], &image)).await?;
    Ok(house)
}

async fn answer(house: &House, sql: &str) -> Result<(Vec<String>, u64)> {
    let (batches, counters) = house.run(request(sql, ALWAYS)).await?;
    let table = pretty_format_batches(&batches)?.to_string();
    Ok((
        table.lines().map(str::to_owned).collect(),
        counters.partitions(),
    ))
}

/// The same from blocks, and from partitions once the hour is over.
async fn check(sql: &str, expected: &[&str]) -> Result<()> {
    let house = house().await?;
    assert_eq!(answer(&house, sql).await?, (lines(expected), 0));
    house.set_time(DAY + 2 * HOUR);
    assert_eq!(answer(&house, sql).await?, (lines(expected), 0));
    house.engine.lakehouse().just_in_time_idle().await;
    assert_eq!(answer(&house, sql).await?, (lines(expected), 1));
    Ok(())
}

fn lines(expected: &[&str]) -> Vec<String> {
    expected.iter().map(|line| (*line).to_owned()).collect()
}

#[tokio::test]
async fn bits_of_the_network_are_spans() -> Result<()> {
    let sql = format!(
        "SELECT span_id, parent_span_id AS parent, depth, kind, name, connection_name AS connection, \
         is_outgoing AS out, begin_bits, end_bits, bit_size, \
         arrow_cast(begin_time, 'Int64') - {START} AS begin, \
         arrow_cast(end_time, 'Int64') - {START} AS \"end\" \
         FROM view_instance('net_spans', '{PROCESS}') ORDER BY span_id"
    );
    check(
        &sql,
        &[
            "+---------+--------+-------+------------+--------+------------+------+------------+----------+----------+-------+-------+",
            "| span_id | parent | depth | kind       | name   | connection | out  | begin_bits | end_bits | bit_size | begin | end   |",
            "+---------+--------+-------+------------+--------+------------+------+------------+----------+----------+-------+-------+",
            "| 0       | -1     | 0     | connection | server | server     | true | 0          | 64       | 64       | 0     | 50000 |",
            "| 1       | 0      | 1     | object     | Pawn   | server     | true | 0          | 40       | 40       | 10000 | 40000 |",
            "| 2       | 1      | 2     | property   | Health | server     | true | 0          | 8        | 8        | 20000 | 20000 |",
            "| 3       | 1      | 2     | property   | Ammo   | server     | true | 8          | 32       | 24       | 30000 | 30000 |",
            "+---------+--------+-------+------------+--------+------------+------+------------+----------+----------+-------+-------+",
        ],
    )
    .await
}

#[tokio::test]
async fn images_are_rows() -> Result<()> {
    let sql = format!(
        "SELECT exe, name, format, payload_size, encode(data, 'hex') AS data, \
         arrow_cast(time, 'Int64') - {START} AS time \
         FROM view_instance('images', '{PROCESS}')"
    );
    check(
        &sql,
        &[
            "+------+------------+-----------+--------------+----------+--------+",
            "| exe  | name       | format    | payload_size | data     | time   |",
            "+------+------------+-----------+--------------+----------+--------+",
            "| game | screenshot | image/png | 4            | 89504e47 | 500000 |",
            "+------+------------+-----------+--------------+----------+--------+",
        ],
    )
    .await
}
