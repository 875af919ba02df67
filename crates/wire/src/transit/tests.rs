use super::{
    Cursor, Dependencies, Dependency, DynamicText, Entries, FieldKind, LayoutError,
    MemberDefinition, Problem, TypeDefinition, TypeTable, encode_types, parse_types,
};

/// `members` = name, type name, offset, size, is reference.
fn definition(
    name: &str,
    size: u32,
    is_reference: bool,
    members: &[(&str, &str, u32, u32, bool)],
) -> TypeDefinition {
    let members = members
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
        .collect();
    TypeDefinition {
        name: name.to_owned(),
        size,
        members,
        is_reference,
    }
}

fn rust_types() -> TypeTable {
    let record = [
        ("id", "u64", 0, 8, false),
        ("fmt_str", "StaticString*", 8, 8, true),
        ("level", "u32", 44, 4, false),
    ];
    let property = [
        ("name", "StaticStringRef", 0, 16, false),
        ("value", "StaticStringRef", 16, 16, false),
    ];
    TypeTable::compile(&[
        definition("StaticString", 0, false, &[]),
        definition("StaticStringDependency", 0, false, &[]),
        definition("LogMetadataRecord", 48, false, &record),
        definition("PropertySetDependency", 0, false, &[]),
        definition("Property", 32, false, &property),
        definition("StaticStringRef", 16, true, &[("id", "usize", 0, 8, true)]),
    ])
}

/// An entry of a dynamic type.
fn dynamic(type_index: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = (body.len() as u32).to_le_bytes();
    [&[type_index], length.as_slice(), &body].concat()
}

fn static_string(id: u64, text: &[u8]) -> Vec<u8> {
    dynamic(0, &[&id.to_le_bytes(), text])
}

fn dynamic_string(id: u64, codec: u8, text: &[u8]) -> Vec<u8> {
    let length = (text.len() as u32).to_le_bytes();
    dynamic(1, &[&id.to_le_bytes(), &[codec], &length, text])
}

fn property_set(id: u64, count: u32, pairs: &[(u64, u64)]) -> Vec<u8> {
    let mut body = [id.to_le_bytes().as_slice(), &count.to_le_bytes()].concat();
    for (name, value) in pairs {
        for id in [name, value] {
            body.extend_from_slice(&id.to_le_bytes());
            body.extend_from_slice(&[0xee; 8]);
        }
    }
    dynamic(3, &[&body])
}

fn record(id: u64, text: u64) -> Vec<u8> {
    let mut entry = vec![2];
    entry.extend_from_slice(&id.to_le_bytes());
    entry.extend_from_slice(&text.to_le_bytes());
    entry.extend_from_slice(&[0xee; 28]);
    entry.extend_from_slice(&4u32.to_le_bytes());
    entry
}

fn parse(buffer: &[Vec<u8>]) -> Result<Dependencies, Problem> {
    Dependencies::parse(&rust_types(), buffer.concat()).map_err(|error| error.problem)
}

#[test]
fn dependencies_are_found_by_id() {
    let all = parse(&[
        static_string(0x10, b"static"),
        dynamic_string(0x11, 2, "é".as_bytes()),
        dynamic_string(0x12, 1, &[0x3d, 0xd8, 0x80, 0xde, 0x00, 0xd8]),
        dynamic_string(0x13, 0, b"a\xffb"),
        static_string(1, b""),
        record(0x20, 0x10),
        property_set(0x30, 2, &[(0x10, 0x11), (0x12, 0x13)]),
        property_set(0x31, 0, &[]),
    ])
    .expect("valid");
    assert_eq!(all.len(), 8);
    let text = |id| all.text(all.find(id).expect("known"));
    assert_eq!(text(0x10), Some("static"));
    assert_eq!(text(0x11), Some("é"));
    assert_eq!(text(0x12), Some("🚀\u{fffd}"));
    assert_eq!(text(0x13), Some("a\u{fffd}b"));
    assert_eq!(text(1), Some(""));
    assert_eq!(text(0x20), None);
    let properties = |id| {
        let set = all.properties(all.find(id).expect("known"))?;
        Some(set.collect::<Vec<_>>())
    };
    let expected = vec![("static", "é"), ("🚀\u{fffd}", "a\u{fffd}b")];
    assert_eq!(properties(0x30), Some(expected));
    assert_eq!(properties(0x31), Some(vec![]));
    assert_eq!(properties(0x10), None);
    let (type_index, instance) = all.object(5).expect("a record");
    assert_eq!((type_index, &instance[..2]), (2, &[0x20, 0][..]));
    assert_eq!(all.find(0x99), Err(Problem::UnknownId { id: 0x99 }));
    assert_eq!(all.find_text(0x20), Err(Problem::NotText { id: 0x20 }));
    let not_properties = Problem::NotProperties { id: 0x10 };
    assert_eq!(all.find_properties(0x10), Err(not_properties));
    assert!(matches!(all.get(5), Some(Dependency::Object { .. })));
}

#[test]
fn corrupt_dependencies_are_refused() {
    let text = static_string(0x10, b"x");
    let property_pair = property_set(0x30, 1, &[(0x10, 0x10)]);
    let cases: Vec<(Vec<Vec<u8>>, Problem)> = vec![
        (
            vec![text.clone(), text.clone()],
            Problem::DuplicateId { id: 0x10 },
        ),
        (
            vec![text.clone(), record(0x10, 0x10)],
            Problem::DuplicateId { id: 0x10 },
        ),
        (
            vec![record(0x20, 0x10), text.clone()],
            Problem::UnknownId { id: 0x10 },
        ),
        (vec![record(0x20, 0x20)], Problem::UnknownId { id: 0x20 }),
        (vec![property_pair], Problem::UnknownId { id: 0x10 }),
        (
            vec![
                text.clone(),
                record(0x20, 0x10),
                property_set(0x30, 1, &[(0x10, 0x20)]),
            ],
            Problem::NotText { id: 0x20 },
        ),
        (
            vec![text.clone(), property_set(0x30, u32::MAX, &[(0x10, 0x10)])],
            Problem::TooShort,
        ),
        (vec![static_string(0x10, b"\xff")], Problem::NotUtf8),
        (vec![dynamic(0, &[&[0; 7]])], Problem::TooShort),
        (
            vec![dynamic_string(0x10, 1, b"odd")],
            Problem::OddWideText { length: 3 },
        ),
        (
            vec![dynamic_string(0x10, 3, b"")],
            Problem::UnknownCodec { codec: 3 },
        ),
        (
            vec![dynamic(1, &[&[0; 8], &[2], &u32::MAX.to_le_bytes()])],
            Problem::TooShort,
        ),
        (vec![vec![6]], Problem::UnknownType { types: 6 }),
        (vec![vec![0, 0xff, 0xff, 0xff, 0xff]], Problem::PastEnd),
        (vec![vec![0, 1]], Problem::PastEnd),
        (vec![vec![2]], Problem::PastEnd),
    ];
    for (buffer, problem) in cases {
        assert_eq!(parse(&buffer).map(|all| all.len()), Err(problem));
    }
}

#[test]
fn errors_say_where() {
    let buffer = [static_string(1, b"ab"), static_string(1, b"ab")].concat();
    let error = Dependencies::parse(&rust_types(), buffer).expect_err("repeated");
    assert_eq!(error.to_string(), "entry of type 0 at byte 15 is corrupt");
    assert_eq!(error.problem.to_string(), "its id 0x1 was given before");
}

#[test]
fn types_that_can_not_be_dependencies_are_refused() {
    let id = ("id", "u64", 0, 8, false);
    let narrow_id = ("id", "u32", 0, 4, false);
    let check = |definition: TypeDefinition, instance: &[u8], expected: Problem| {
        let types = TypeTable::compile(&[definition]);
        let buffer = [&[0], instance].concat();
        let error = Dependencies::parse(&types, buffer).expect_err("no dependency");
        assert_eq!(error.problem, expected);
    };
    check(definition("Other", 0, false, &[]), &[0; 4], Problem::Opaque);
    check(definition("Other", 8, false, &[]), &[0; 8], Problem::NoId);
    check(
        definition("Other", 4, false, &[narrow_id]),
        &[0; 4],
        Problem::NoId,
    );
    check(definition("Other", 8, true, &[id]), &[0; 8], Problem::NoId);
    let set = definition("PropertySetDependency", 0, false, &[]);
    let type_name = "Property".to_owned();
    let missing = LayoutError::NoSuchType { type_name };
    check(
        set,
        &[12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0],
        missing.into(),
    );
}

#[test]
fn members_become_offsets() {
    let inner = [("n", "uint32", 4, 4, false), ("r", "void*", 8, 16, true)];
    let outer = [
        ("a", "u8", 0, 1, false),
        ("b", "uint64", 8, 8, false),
        ("c", "int64", 16, 8, false),
        ("d", "f64", 24, 8, false),
        ("inner", "Inner", 32, 24, false),
        ("name", "StringId", 56, 16, false),
        ("name", "u8", 1, 1, false),
        ("direct", "Whatever", 72, 16, true),
    ];
    let table = TypeTable::compile(&[
        definition("Outer", 88, false, &outer),
        definition("Inner", 24, false, &inner),
        definition("StringId", 16, true, &[("id", "usize", 0, 8, true)]),
    ]);
    let layout = &table.types()[0];
    let place = |member, kind| layout.require(member, &[kind]).map(|(offset, _)| offset);
    assert_eq!(place("a", FieldKind::U8), Ok(0));
    assert_eq!(place("b", FieldKind::U64), Ok(8));
    assert_eq!(place("c", FieldKind::I64), Ok(16));
    assert_eq!(place("d", FieldKind::F64), Ok(24));
    assert_eq!(place("inner", FieldKind::Nested), Ok(32));
    assert_eq!(place("name", FieldKind::Reference), Ok(56));
    assert_eq!(place("direct", FieldKind::Reference), Ok(72));
    let no_member = |member| LayoutError::NoSuchMember {
        type_name: "Outer".to_owned(),
        member,
    };
    assert_eq!(place("a", FieldKind::U32), Err(no_member("a")));
    assert_eq!(place("zzz", FieldKind::U8), Err(no_member("zzz")));
    let fields = layout.fields().expect("valid");
    let names: Vec<&str> = fields
        .all()
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(names, ["a", "b", "c", "d", "inner", "name", "direct"]);
    assert_eq!(fields.references, [40, 56, 72]);
    assert!(!layout.is_wrapper());
    assert_eq!(table.types()[2].reference(), Some(0));
}

#[test]
fn impossible_types_are_kept_with_their_error() {
    let name = |text: &str| text.to_owned();
    let (type_name, member) = (name("T"), name("m"));
    let bounds = LayoutError::OutOfBounds {
        type_name: type_name.clone(),
        member: member.clone(),
    };
    let size = LayoutError::WrongSize {
        type_name: type_name.clone(),
        member: member.clone(),
    };
    let unknown = LayoutError::UnknownMemberType { type_name, member };
    let cases = [
        (("m", "u64", 4, 8, false), bounds.clone()),
        (("m", "u64", u32::MAX, 8, false), bounds.clone()),
        (("m", "u64", 0, u32::MAX, false), bounds.clone()),
        (("m", "Wide", 0, 4, false), bounds),
        (("m", "u64", 0, 4, false), size.clone()),
        (("m", "u8", 0, 4, false), size.clone()),
        (("m", "x", 0, 4, true), size),
        (("m", "u16", 0, 2, false), unknown.clone()),
        (("m", "double", 0, 8, false), unknown),
        (
            ("m", "T", 0, 8, false),
            LayoutError::NestedTooDeep { max: 8 },
        ),
        (
            ("m", "U", 0, 8, false),
            LayoutError::NestedTooDeep { max: 8 },
        ),
    ];
    for (member, expected) in cases {
        let table = TypeTable::compile(&[
            definition("T", 8, false, &[member]),
            definition("U", 8, false, &[("m", "T", 0, 8, false)]),
            definition("Wide", 16, false, &[("m", "u64", 0, 8, false)]),
        ]);
        assert_eq!(table.types()[0].fields(), Err(expected), "{member:?}");
    }
    let wrapper = TypeTable::compile(&[definition("W", 8, true, &[])]);
    let type_name = name("W");
    assert_eq!(
        wrapper.types()[0].fields(),
        Err(LayoutError::NoId { type_name })
    );
}

#[test]
fn nested_types_that_multiply_are_refused() {
    let many = |type_name| vec![("m", type_name, 0, 8, false); 4_096];
    let table = TypeTable::compile(&[
        definition("A", 8, false, &many("B")),
        definition("B", 8, false, &many("C")),
        definition("C", 8, false, &many("u64")),
    ]);
    let max = 65_536;
    let error = LayoutError::TooManyMembers { max };
    assert_eq!(table.types()[0].fields(), Err(error));
}

#[test]
fn entries_can_be_resumed() {
    let types = TypeTable::compile(&[
        definition("Dynamic", 0, false, &[]),
        definition("Static", 3, false, &[]),
    ]);
    let buffer = [0, 2, 0, 0, 0, 7, 8, 1, 4, 5, 6, 0, 0, 0, 0, 0];
    let mut walk = Entries::new(&types, &buffer);
    let first = walk.next().expect("one").expect("valid");
    assert_eq!((first.type_index, first.body), (0, &[7, 8][..]));
    let mut rest = Entries::resume(&types, &buffer, walk.position());
    let second = rest.next().expect("two").expect("valid");
    assert_eq!((second.offset, second.body), (7, &[4, 5, 6][..]));
    let third = rest.next().expect("three").expect("valid");
    assert_eq!(
        (third.layout.name.as_str(), third.body),
        ("Dynamic", &[][..])
    );
    assert!(rest.next().is_none());
    assert_eq!(rest.position(), buffer.len());
}

#[test]
fn texts_are_bounded_by_their_announced_length() {
    let bytes = [2, 3, 0, 0, 0, b'a', b'b', b'c', b'd'];
    let mut cursor = Cursor::new(&bytes);
    let text = DynamicText::read(&mut cursor).expect("valid");
    assert_eq!(text.to_string(), "abc");
    assert_eq!(text.encoded_len(), 3);
    assert_eq!(cursor.rest(), b"d");
}

#[test]
fn type_tables_survive_encoding() {
    let types = [
        definition("A", 0, false, &[]),
        definition("B", 70_000, true, &[("id", "usize", 300, 8, true)]),
    ];
    let encoded = encode_types(&types);
    assert_eq!(parse_types(&encoded), Ok(types.to_vec()));
    for end in 0..encoded.len() {
        assert!(parse_types(&encoded[..end]).is_err());
    }
}
