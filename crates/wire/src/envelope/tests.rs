use bytes::Bytes;
use minicbor::Encoder;
use uuid::{Uuid, uuid};

use super::{BlockEnvelope, Error, Payload, ProcessEnvelope, StreamEnvelope};

type Cbor = Encoder<Vec<u8>>;

const ID: &str = "8452901b-3c9f-4f28-bd50-5e9a198d40c4";

/// One entry of a map: its key, and what writes its value.
type Entry<'a> = (&'a str, &'a dyn Fn(&mut Cbor));

fn map(entries: &[Entry<'_>]) -> Bytes {
    let mut cbor = Encoder::new(Vec::new());
    cbor.map(entries.len() as u64).expect("infallible");
    for (key, value) in entries {
        cbor.str(key).expect("infallible");
        value(&mut cbor);
    }
    cbor.into_writer().into()
}

fn text(value: &'static str) -> impl Fn(&mut Cbor) {
    move |cbor| {
        cbor.str(value).expect("infallible");
    }
}

fn int(value: i64) -> impl Fn(&mut Cbor) {
    move |cbor| {
        cbor.i64(value).expect("infallible");
    }
}

fn raw(bytes: &'static [u8]) -> impl Fn(&mut Cbor) {
    move |cbor| cbor.writer_mut().extend_from_slice(bytes)
}

/// A process body in which `key` has the value `value`; None leaves the key out.
fn process_with(key: &str, value: Option<&dyn Fn(&mut Cbor)>) -> Bytes {
    let defaults: [Entry<'_>; 12] = [
        ("process_id", &text(ID)),
        ("exe", &text("/bin/app")),
        ("username", &text("user")),
        ("realname", &text("User")),
        ("computer", &text("host")),
        ("distro", &text("linux")),
        ("cpu_brand", &text("cpu")),
        ("tsc_frequency", &int(1_000_000_000)),
        ("start_time", &text("2026-01-02T03:04:05.123456789Z")),
        ("start_ticks", &int(-5)),
        ("parent_process_id", &raw(&[0xf6])),
        ("properties", &raw(&[0xa1, 0x61, b'k', 0x61, b'v'])),
    ];
    let entries: Vec<Entry<'_>> = defaults
        .into_iter()
        .filter_map(|entry| match (entry.0 == key, value) {
            (true, value) => value.map(|value| (entry.0, value)),
            (false, _) => Some(entry),
        })
        .collect();
    map(&entries)
}

fn parse_process(key: &str, value: &dyn Fn(&mut Cbor)) -> Result<ProcessEnvelope, Error> {
    ProcessEnvelope::parse(&process_with(key, Some(value)))
}

#[test]
fn a_process_is_read_whole() {
    let process = ProcessEnvelope::parse(&process_with("", None)).expect("valid");
    assert_eq!(
        process,
        ProcessEnvelope {
            process_id: uuid!("8452901b-3c9f-4f28-bd50-5e9a198d40c4"),
            exe: "/bin/app".to_owned(),
            username: "user".to_owned(),
            realname: "User".to_owned(),
            computer: "host".to_owned(),
            distro: "linux".to_owned(),
            cpu_brand: "cpu".to_owned(),
            tsc_frequency: 1_000_000_000,
            start_time: 1_767_323_045_123_456_789,
            start_ticks: -5,
            parent_process_id: None,
            properties: vec![("k".to_owned(), "v".to_owned())],
        }
    );
}

#[test]
fn each_missing_key_is_named() {
    for key in [
        "process_id",
        "exe",
        "username",
        "realname",
        "computer",
        "distro",
        "cpu_brand",
        "tsc_frequency",
        "start_time",
        "start_ticks",
        "parent_process_id",
        "properties",
    ] {
        let error = ProcessEnvelope::parse(&process_with(key, None)).expect_err("incomplete");
        assert_eq!(error, Error::MissingKey { key });
        assert_eq!(error.to_string(), format!("`{key}` is missing"));
    }
}

#[test]
fn identifiers_come_in_every_spelling() {
    for spelling in [
        "8452901b-3c9f-4f28-bd50-5e9a198d40c4",
        "8452901B-3C9F-4F28-BD50-5E9A198D40C4",
        "8452901b3c9f4f28bd505e9a198d40c4",
        "{8452901b-3c9f-4f28-bd50-5e9a198d40c4}",
        "urn:uuid:8452901b-3c9f-4f28-bd50-5e9a198d40c4",
    ] {
        let process = parse_process("process_id", &text(spelling)).expect(spelling);
        assert_eq!(process.process_id, Uuid::try_parse(ID).expect("a UUID"));
        let process = parse_process("parent_process_id", &text(spelling)).expect(spelling);
        assert_eq!(process.parent_process_id, Uuid::try_parse(ID).ok());
    }
    let error = parse_process("process_id", &text("8452901b")).expect_err("too short");
    assert_eq!(error, Error::InvalidUuid { key: "process_id" });
    let error = parse_process("process_id", &text("")).expect_err("empty");
    assert_eq!(error, Error::InvalidUuid { key: "process_id" });
}

#[test]
fn a_missing_parent_is_null_or_empty() {
    for none in [&[0xf6][..], &[0xf7], &[0x60], &[0x7f, 0xff], &[0xc0, 0xf6]] {
        let process = parse_process("parent_process_id", &raw(none)).expect("valid");
        assert_eq!(process.parent_process_id, None);
    }
    let error = parse_process("parent_process_id", &text("none")).expect_err("not a UUID");
    let key = "parent_process_id";
    assert_eq!(error, Error::InvalidUuid { key });
}

#[test]
fn times_are_rfc_3339() {
    const SECOND: i64 = 1_767_323_045_000_000_000;
    for (spelling, expected) in [
        ("2026-01-02T03:04:05Z", Some(SECOND)),
        ("2026-01-02T03:04:05.1Z", Some(SECOND + 100_000_000)),
        ("2026-01-02T03:04:05.123Z", Some(SECOND + 123_000_000)),
        ("2026-01-02T03:04:05.123456Z", Some(SECOND + 123_456_000)),
        ("2026-01-02T03:04:05.000000000+00:00", Some(SECOND)),
        (
            "2026-01-02T03:04:05.123456789999Z",
            Some(SECOND + 123_456_789),
        ),
        ("2026-01-02T05:34:05+02:30", Some(SECOND)),
        ("2026-01-01T22:04:05-05:00", Some(SECOND)),
        ("2026-01-02", None),
        ("2026-13-02T03:04:05Z", None),
        ("2026-01-02T03:04:05", None),
        ("1500-01-02T03:04:05Z", None),
        ("", None),
    ] {
        let time = parse_process("start_time", &text(spelling)).map(|p| p.start_time);
        let key = "start_time";
        assert_eq!(
            time,
            expected.ok_or(Error::InvalidTime { key }),
            "{spelling}"
        );
    }
}

#[test]
fn wrong_types_are_named_with_their_place() {
    let error = parse_process("exe", &int(1)).expect_err("not text");
    assert!(
        matches!(
            &error,
            Error::WrongType {
                key: "exe",
                expected: "text",
                ..
            }
        ),
        "{error}"
    );
    let error = parse_process("start_ticks", &text("1")).expect_err("not an integer");
    assert!(matches!(
        error,
        Error::WrongType {
            key: "start_ticks",
            ..
        }
    ));
    let error = parse_process("properties", &int(1)).expect_err("not a map");
    assert!(matches!(
        error,
        Error::WrongType {
            key: "properties",
            ..
        }
    ));
    let not_a_map = ProcessEnvelope::parse(&Bytes::from_static(&[0x80]));
    assert!(matches!(
        not_a_map,
        Err(Error::WrongType { key: "process", .. })
    ));
    assert_eq!(ProcessEnvelope::parse(&Bytes::new()), Err(Error::Truncated));
}

#[test]
fn unknown_keys_tags_and_trailing_bytes_are_skipped() {
    let plain = process_with("", None);
    let mut decorated = vec![0xd9, 0xd9, 0xf7]; // the tag that announces CBOR
    decorated.push(plain[0] + 2); // two more entries
    decorated.extend_from_slice(&[0x63, b'n', b'e', b'w', 0x9f, 0xa1, 0x60, 0xc1, 0x00, 0xff]);
    decorated.extend_from_slice(&[0x07, 0x61, b'x']); // a key that is not text
    decorated.extend_from_slice(&plain[1..]);
    decorated.extend_from_slice(&[0xde, 0xad]);
    assert_eq!(
        ProcessEnvelope::parse(&decorated.into()),
        ProcessEnvelope::parse(&plain)
    );
}

#[test]
fn repeated_keys_are_refused_but_the_last_property_wins() {
    let entry: Entry<'_> = ("exe", &text("a"));
    let twice = ProcessEnvelope::parse(&map(&[entry, entry]));
    assert_eq!(twice, Err(Error::DuplicateKey { key: "exe" }));
    let repeated = raw(&[0xa2, 0x61, b'k', 0x61, b'1', 0x61, b'k', 0x61, b'2']);
    let process = parse_process("properties", &repeated).expect("valid");
    let values: Vec<&str> = process.properties.iter().map(|p| p.1.as_str()).collect();
    assert_eq!(values, ["1", "2"], "kept in order, so that the last wins");
}

#[test]
fn indefinite_and_chunked_containers_are_read() {
    let chunked = raw(&[0x7f, 0x62, b'a', b'b', 0x61, b'c', 0xff]);
    let process = parse_process("exe", &chunked).expect("valid");
    assert_eq!(process.exe, "abc");
    let indefinite = raw(&[0xbf, 0x61, b'k', 0x61, b'v', 0xff]);
    let process = parse_process("properties", &indefinite).expect("valid");
    assert_eq!(process.properties, [("k".to_owned(), "v".to_owned())]);
}

const INTEGER_METRIC: &[u8] = &[
    0xa4, 0x64, 0x6e, 0x61, 0x6d, 0x65, 0x72, 0x49, 0x6e, 0x74, 0x65, 0x67, 0x65, 0x72, 0x4d, 0x65,
    0x74, 0x72, 0x69, 0x63, 0x45, 0x76, 0x65, 0x6e, 0x74, 0x64, 0x73, 0x69, 0x7a, 0x65, 0x18, 0x18,
    0x67, 0x6d, 0x65, 0x6d, 0x62, 0x65, 0x72, 0x73, 0x81, 0xa5, 0x64, 0x6e, 0x61, 0x6d, 0x65, 0x65,
    0x76, 0x61, 0x6c, 0x75, 0x65, 0x69, 0x74, 0x79, 0x70, 0x65, 0x5f, 0x6e, 0x61, 0x6d, 0x65, 0x63,
    0x75, 0x36, 0x34, 0x66, 0x6f, 0x66, 0x66, 0x73, 0x65, 0x74, 0x08, 0x64, 0x73, 0x69, 0x7a, 0x65,
    0x08, 0x6c, 0x69, 0x73, 0x5f, 0x72, 0x65, 0x66, 0x65, 0x72, 0x65, 0x6e, 0x63, 0x65, 0xf4, 0x6c,
    0x69, 0x73, 0x5f, 0x72, 0x65, 0x66, 0x65, 0x72, 0x65, 0x6e, 0x63, 0x65, 0xf4,
];

fn stream_with(objects_metadata: &dyn Fn(&mut Cbor)) -> Bytes {
    map(&[
        ("tags", &raw(&[0x9f, 0x63, b'l', b'o', b'g', 0xff])),
        ("stream_id", &text(ID)),
        ("properties", &raw(&[0xa0])),
        ("process_id", &text(ID)),
        ("objects_metadata", objects_metadata),
        ("dependencies_metadata", &raw(&[0x80])),
    ])
}

#[test]
fn stream_metadata_is_kept_as_received() {
    let mut array = vec![0x81];
    array.extend_from_slice(INTEGER_METRIC);
    let tagged = [&[0xc7], array.as_slice()].concat();
    let body = stream_with(&|cbor| cbor.writer_mut().extend_from_slice(&tagged));
    let stream = StreamEnvelope::parse(&body).expect("valid");
    assert_eq!(stream.objects_metadata, array);
    assert_eq!(stream.dependencies_metadata, [0x80].as_slice());
    assert_eq!(stream.tags, ["log"]);
    let within = body
        .as_ptr_range()
        .contains(&stream.objects_metadata.as_ptr());
    assert!(within, "a slice of the body, not a copy");
}

#[test]
fn stream_metadata_must_be_a_type_table() {
    let error = StreamEnvelope::parse(&stream_with(&raw(&[0x81, 0xa0]))).expect_err("no name");
    assert_eq!(error, Error::MissingKey { key: "name" });
    let error = StreamEnvelope::parse(&stream_with(&text("types"))).expect_err("no array");
    let key = "objects_metadata";
    assert!(matches!(error, Error::WrongType { key: found, .. } if found == key));
    let crowd = |cbor: &mut Cbor| {
        cbor.array(257).expect("infallible");
        for _ in 0..257 {
            cbor.writer_mut().extend_from_slice(INTEGER_METRIC);
        }
    };
    let error = StreamEnvelope::parse(&stream_with(&crowd)).expect_err("too many");
    assert_eq!(error, Error::TooMany { key, max: 256 });
}

fn payload(dependencies: &'static [u8], objects: &'static [u8]) -> Payload {
    Payload {
        dependencies: Bytes::from_static(dependencies),
        objects: Bytes::from_static(objects),
    }
}

#[test]
fn a_payload_comes_in_three_forms_and_is_stored_in_one() {
    let keyed = |open: u8, first: &[u8], second: &[u8], close: &[u8]| {
        let parts: [&[u8]; 7] = [
            &[open, 0x6c],
            b"dependencies",
            first,
            &[0x67],
            b"objects",
            second,
            close,
        ];
        Bytes::from(parts.concat())
    };
    let expected = payload(&[1, 2], &[0xc8]);
    let stored = keyed(0xa2, &[0x42, 1, 2], &[0x41, 0xc8], &[]);
    let older = keyed(0xa2, &[0x82, 1, 2], &[0x81, 0x18, 0xc8], &[]);
    let unreal = keyed(0xbf, &[0x42, 1, 2], &[0x41, 0xc8], &[0xff]);
    for body in [&stored, &older, &unreal] {
        assert_eq!(Payload::parse(body), Ok(expected.clone()));
    }
    let mut encoded = Vec::new();
    expected.encode_into(&mut encoded);
    assert_eq!(encoded, stored);
}

#[test]
fn the_encoded_length_is_exact_at_every_width() {
    for length in [0, 1, 23, 24, 255, 256, 65_535, 65_536, 70_000] {
        let payload = Payload {
            dependencies: vec![7; length].into(),
            objects: vec![9; length / 2].into(),
        };
        let mut encoded = vec![0xaa];
        payload.encode_into(&mut encoded);
        assert_eq!(encoded.len() - 1, payload.encoded_len());
        let stored = Bytes::from(encoded).slice(1..);
        let parsed = Payload::parse(&stored).expect("just encoded");
        assert_eq!(parsed, payload);
        let range = stored.as_ptr_range();
        assert!(range.contains(&parsed.objects.as_ptr()) || length < 2);
    }
}

const BLOCK_HEX: &str = "aa68626c6f636b5f6964782431313131313131312d313131312d343131312d383131312d\
    31313131313131313131313169737472656
    16d5f6964782432323232323232322d323232322d343232322d383232322d3232323232323232323232326a70726f63657373\
    5f6964782433333333333333332d333333332d343333332d383333332d3333333333333333333333336a626567696e5f7469\
    6d657823323032362d30312d30325430333a30343a30352e3030303030303030302b30303a30306b626567696e5f7469636b\
    730068656e645f74696d657823323032362d30312d30325430333a30343a30362e3030303030303030302b30303a303069656e\
    645f7469636b7319271067706179\
    6c6f6164a26c646570656e64656e63696573420102676f626a6563747341036d6f626a6563745f6f6666736574006a6e625f6f\
    626a6563747304";

fn unhex(text: &str) -> Bytes {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).expect("ascii");
            u8::from_str_radix(pair, 16).expect("hex digits")
        })
        .collect()
}

#[test]
fn a_block_is_read_whole() {
    let body = unhex(BLOCK_HEX);
    assert_eq!(body.len(), 327);
    let block = BlockEnvelope::parse(&body).expect("valid");
    assert_eq!(
        block,
        BlockEnvelope {
            block_id: uuid!("11111111-1111-4111-8111-111111111111"),
            stream_id: uuid!("22222222-2222-4222-8222-222222222222"),
            process_id: uuid!("33333333-3333-4333-8333-333333333333"),
            begin_time: 1_767_323_045_000_000_000,
            begin_ticks: 0,
            end_time: 1_767_323_046_000_000_000,
            end_ticks: 10_000,
            payload: payload(&[1, 2], &[3]),
            object_offset: 0,
            nb_objects: 4,
        }
    );
}

#[test]
fn a_block_cut_anywhere_is_refused() {
    let body = unhex(BLOCK_HEX);
    for end in 0..body.len() {
        let error = BlockEnvelope::parse(&body.slice(..end)).expect_err("cut");
        assert_eq!(error, Error::Truncated, "at byte {end}");
    }
}

#[test]
fn the_object_count_fits_32_bits() {
    let body = unhex(BLOCK_HEX);
    for (count, valid) in [
        (0i64, true),
        (i64::from(i32::MAX), true),
        (i64::from(i32::MAX) + 1, false),
        (-1, false),
    ] {
        let mut cbor = Encoder::new(body[..body.len() - 1].to_vec());
        cbor.i64(count).expect("infallible");
        let block = BlockEnvelope::parse(&cbor.into_writer().into());
        let key = "nb_objects";
        let expected = i32::try_from(count).ok().filter(|_| valid);
        assert_eq!(
            block.map(|b| b.nb_objects),
            expected.ok_or(Error::OutOfRange { key })
        );
    }
}
