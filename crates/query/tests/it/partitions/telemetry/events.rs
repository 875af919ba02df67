//! Events in the form that producers send them in.

use bytes::Bytes;
use decode::hostile::Parts;

use super::layout::DESCRIPTOR_TYPE;
use super::{Kind, LEVELS, MESSAGES, Random, TEXTS};

const VALUES: [f64; 10] = [
    0.0,
    -0.0,
    1.5,
    -3.25,
    100.0,
    1e300,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    -1e-300,
];

/// Ids of dependencies.
const TEXT: u64 = 0x1000;
const DESCRIPTOR: u64 = 0x2000;
const PROPERTY_SET: u64 = 0x3000;
const UNKNOWN: u64 = 0x9999;

pub fn objects(random: &mut Random, kind: Kind, ticks: impl Iterator<Item = i64>) -> Vec<u8> {
    let mut objects = Vec::new();
    for ticks in ticks {
        match kind {
            Kind::Log => log_event(&mut objects, random, ticks),
            Kind::Metric => metric_event(&mut objects, random, ticks),
            Kind::Span => span_event(&mut objects, random, ticks),
        }
    }
    objects
}

fn dynamic(buffer: &mut Vec<u8>, kind: u8, body: &[u8]) {
    buffer.push(kind);
    buffer.extend_from_slice(&(body.len() as u32).to_le_bytes());
    buffer.extend_from_slice(body);
}

/// Codec, length and bytes.
fn text(buffer: &mut Vec<u8>, text: &str) {
    buffer.push(2);
    buffer.extend_from_slice(&(text.len() as u32).to_le_bytes());
    buffer.extend_from_slice(text.as_bytes());
}

/// Everything that an event may refer to.
fn dependencies(kind: Kind) -> Vec<u8> {
    let mut buffer = Vec::new();
    for (n, content) in (0..).zip(TEXTS) {
        let mut body = (TEXT + n).to_le_bytes().to_vec();
        text(&mut body, content);
        dynamic(&mut buffer, 0, &body);
    }
    for n in 0..3_u64 {
        let mut body = (PROPERTY_SET + n).to_le_bytes().to_vec();
        body.extend_from_slice(&(n as u32).to_le_bytes());
        for property in 0..n {
            for id in [TEXT + property, TEXT + n] {
                body.extend_from_slice(&id.to_le_bytes());
                body.extend_from_slice(&[0; 8]);
            }
        }
        dynamic(&mut buffer, 1, &body);
    }
    for n in 0..u64::from(LEVELS) {
        buffer.push(DESCRIPTOR_TYPE);
        let place = TEXT + n;
        let words = match kind {
            Kind::Log => vec![DESCRIPTOR + n, TEXT, place, (n + 1) << 32],
            Kind::Metric => vec![DESCRIPTOR + n, place, TEXT + 1, TEXT + 2],
            Kind::Span => vec![DESCRIPTOR + n, place, TEXT, TEXT + 1, n],
        };
        buffer.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    }
    buffer
}

fn log_event(buffer: &mut Vec<u8>, random: &mut Random, ticks: i64) {
    let descriptor = DESCRIPTOR + random.below(u64::from(LEVELS));
    let is_tagged = random.one_in(3);
    let mut body = descriptor.to_le_bytes().to_vec();
    if is_tagged {
        body.extend_from_slice(&(PROPERTY_SET + random.below(3)).to_le_bytes());
    }
    body.extend_from_slice(&ticks.to_le_bytes());
    let mut message = (*random.choose(&MESSAGES)).to_owned();
    if random.one_in(2) {
        message = format!("{message} {}", random.below(1000));
    }
    text(&mut body, &message);
    dynamic(buffer, u8::from(is_tagged), &body);
}

/// A log entry without properties.
pub fn text_event(buffer: &mut Vec<u8>, ticks: i64, message: &str) {
    let mut body = DESCRIPTOR.to_le_bytes().to_vec();
    body.extend_from_slice(&ticks.to_le_bytes());
    text(&mut body, message);
    dynamic(buffer, 0, &body);
}

fn metric_event(buffer: &mut Vec<u8>, random: &mut Random, ticks: i64) {
    let descriptor = DESCRIPTOR + random.below(u64::from(LEVELS));
    let is_float = random.one_in(2);
    buffer.push(u8::from(is_float));
    buffer.extend_from_slice(&descriptor.to_le_bytes());
    if is_float {
        buffer.extend_from_slice(&(PROPERTY_SET + random.below(3)).to_le_bytes());
        buffer.extend_from_slice(&random.choose(&VALUES).to_le_bytes());
    } else {
        buffer.extend_from_slice(&random.below(200).to_le_bytes());
    }
    buffer.extend_from_slice(&ticks.to_le_bytes());
}

/// Most are of one scope, so that many ends fit the begins before them.
fn span_event(buffer: &mut Vec<u8>, random: &mut Random, ticks: i64) {
    let scope = match random.one_in(12) {
        true => random.below(u64::from(LEVELS)),
        false => 0,
    };
    buffer.push(u8::from(random.one_in(2)));
    buffer.extend_from_slice(&(DESCRIPTOR + scope).to_le_bytes());
    buffer.extend_from_slice(&ticks.to_le_bytes());
}

/// Some blocks are corrupt, each in a way of its own; whether the payload ends early.
pub fn damage(random: &mut Random, kind: Kind, objects: &mut Vec<u8>) -> bool {
    match random.below(24) {
        0 => objects.truncate(objects.len() - 1),
        1 => {
            // An event that refers to nothing, behind good ones.
            objects.push(0);
            if kind == Kind::Log {
                objects.extend_from_slice(&24_u32.to_le_bytes());
            }
            objects.extend_from_slice(&UNKNOWN.to_le_bytes());
            objects.extend_from_slice(&[0; 16]);
        }
        _ => {}
    }
    random.one_in(40)
}

pub fn payload(kind: Kind, objects: &[u8]) -> Bytes {
    let parts = Parts {
        dependencies_metadata: &[],
        objects_metadata: &[],
        dependencies: &dependencies(kind),
        objects,
        compressed: false,
    };
    parts.payload()
}
