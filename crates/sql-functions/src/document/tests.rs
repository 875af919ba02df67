use proptest::prelude::*;

use super::*;

fn jsonb(text: &str) -> Vec<u8> {
    parse_text(text).expect("valid JSON")
}

fn scalar(entry: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = SCALAR.to_be_bytes().to_vec();
    bytes.extend(entry.to_be_bytes());
    bytes.extend(body);
    bytes
}

fn number(body: &[u8]) -> Vec<u8> {
    scalar(NUMBER | body.len() as u32, body)
}

#[test]
fn binary_form_is_the_published_one() {
    let mut expected = vec![0x40, 0, 0, 1, 0x10, 0, 0, 4, 0x10, 0, 0, 5];
    expected.extend(b"namevalue");
    assert_eq!(jsonb(r#"{"name":"value"}"#), expected);
}

#[test]
fn text_parses_strictly() {
    let valid = [
        "null",
        " true ",
        "-0",
        "1e5",
        "\"\\u00e9\"",
        "[]",
        "{}",
        "[1,[2,{\"a\":null}]]",
    ];
    for text in valid {
        assert!(parse_text(text).is_some(), "{text}");
    }
    let invalid = [
        "",
        " ",
        "nul",
        "'a'",
        "{a:1}",
        "[1,]",
        "[,1]",
        "01",
        "+1",
        ".5",
        "1.",
        "NaN",
        "\"",
        "\"\\u12",
        "[1",
        "{\"a\"",
        "{\"a\":1,\"a\":2}",
        "1 2",
        "\u{1F600}",
    ];
    for text in invalid {
        assert_eq!(parse_text(text), None, "{text}");
    }
}

#[test]
fn nesting_is_bounded_in_both_directions() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let deepest = jsonb(&nested(DEPTH_MAX));
    assert!(Document::new(&deepest).is_ok());
    assert_eq!(parse_text(&nested(DEPTH_MAX + 1)), None);
    assert_eq!(parse_text(&"[".repeat(1_000_000)), None);
    // Brackets inside strings do not nest.
    let text = format!("[\"{}\\\"[\"]", "[".repeat(1000));
    assert!(parse_text(&text).is_some());

    let mut bytes = deepest;
    for _ in 0..2 {
        let mut outer = (ARRAY | 1).to_be_bytes().to_vec();
        outer.extend((CONTAINER | bytes.len() as u32).to_be_bytes());
        outer.extend(&bytes);
        bytes = outer;
    }
    assert_eq!(Document::new(&bytes).err(), Some(InvalidJsonb::Depth));
}

#[test]
fn malformed_bytes_are_named() {
    let check = |bytes: &[u8], expected: InvalidJsonb| {
        assert_eq!(Document::new(bytes).err(), Some(expected), "{bytes:x?}");
    };
    check(&[], InvalidJsonb::Truncated);
    check(&[0x80, 0, 0], InvalidJsonb::Truncated);
    check(b"{\"a\":1}", InvalidJsonb::Header(0x7b22_6122));
    check(&[0xBF, 0xFF, 0xFF, 0xFF], InvalidJsonb::Header(0xBFFF_FFFF));
    // Counts far beyond the bytes.
    check(&[0x9F, 0xFF, 0xFF, 0xFF], InvalidJsonb::Truncated);
    check(&[0x5F, 0xFF, 0xFF, 0xFF, 0, 0], InvalidJsonb::Truncated);
    check(&[0x80, 0, 0, 0, 0], InvalidJsonb::TrailingBytes);
    check(&scalar(STRING | 5, b"abc"), InvalidJsonb::Truncated);
    check(&scalar(STRING | 2, b"abc"), InvalidJsonb::TrailingBytes);
    check(&scalar(STRING | 1, &[0xFF]), InvalidJsonb::Utf8);
    check(&scalar(TRUE | 1, b"x"), InvalidJsonb::Entry(TRUE | 1));
    check(&scalar(0x6000_0001, b"x"), InvalidJsonb::Entry(0x6000_0001));
    check(
        &scalar(CONTAINER | 4, &[0x80, 0, 0, 0]),
        InvalidJsonb::Entry(CONTAINER | 4),
    );
    let mut object = (OBJECT | 1).to_be_bytes().to_vec();
    object.extend(NULL.to_be_bytes());
    object.extend(NULL.to_be_bytes());
    check(&object, InvalidJsonb::Key);
    for body in [
        &[][..],
        &[0x00, 0],
        &[0x40, 1, 2, 3],
        &[0x60, 1],
        &[0x41, 1],
        &[0x70, 0, 0, 0, 0, 0, 0, 0, 1, 39],
        &[0x70; 18],
        &[0x80, 0],
    ] {
        check(&number(body), InvalidJsonb::Number);
    }
}

#[test]
fn numbers_convert() {
    let check = |bytes: &[u8], float: Option<f64>, integer: Option<i64>, text: &str| {
        let document = Document::new(bytes).expect("valid");
        assert_eq!(document.as_f64(), float, "{text}");
        assert_eq!(document.as_i64(), integer, "{text}");
        assert_eq!(document.to_text(), text);
    };
    check(&jsonb("2.0"), Some(2.0), Some(2), "2.0");
    check(&jsonb("2.5"), Some(2.5), None, "2.5");
    check(&jsonb("-7"), Some(-7.0), Some(-7), "-7");
    check(
        &jsonb("9223372036854775807"),
        Some(9.223372036854776e18),
        Some(i64::MAX),
        "9223372036854775807",
    );
    check(
        &jsonb("9223372036854775808"),
        Some(9.223372036854776e18),
        None,
        "9223372036854775808",
    );
    check(&jsonb("1e300"), Some(1e300), None, "1e+300");
    check(&number(&[0x20]), Some(f64::INFINITY), None, "null");
    // Decimals, which other writers use: 1234567890.12345678 with scale 8.
    let mut decimal = vec![0x70];
    decimal.extend(123_456_789_012_345_678_i64.to_be_bytes());
    decimal.push(8);
    check(
        &number(&decimal),
        Some(1_234_567_890.123_456_7),
        None,
        "1234567890.12345678",
    );
    let mut decimal = vec![0x70];
    decimal.extend((-(10_i128.pow(38) - 1)).to_be_bytes());
    decimal.push(38);
    check(
        &number(&decimal),
        Some(-1.0),
        None,
        &format!("-0.{}", "9".repeat(38)),
    );
}

/// Everything that reaches the crate after validation.
fn exercise(document: Document<'_>) {
    let _ = (document.as_str(), document.as_f64(), document.as_i64());
    let _ = (document.array_length(), document.object_keys());
    let _ = (document.member("a"), document.member("NAME"));
    let value = document.to_value().expect("valid documents decode");
    let again = value.to_vec();
    assert!(Document::new(&again).is_ok());
    assert!(!document.to_text().is_empty());
}

/// Documents, then a few bytes changed: most hostile bytes look nearly right.
fn nearly_valid() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<f64>()
            .prop_filter("JSON numbers are finite", |value| value.is_finite())
            .prop_map(|value| format!("{value:e}")),
        "[a-z]{0,4}".prop_map(|text| format!("\"{text}\"")),
    ];
    let text = leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|values| format!("[{}]", values.join(","))),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..4).prop_map(|members| {
                let members: Vec<String> = members
                    .iter()
                    .map(|(key, value)| format!("\"{key}\":{value}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    });
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    (text, changes).prop_map(|(text, changes)| {
        let mut bytes = jsonb(&text);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(document) = Document::new(&bytes) {
            exercise(document);
        }
    }

    #[test]
    fn no_changed_document_panics(bytes in nearly_valid()) {
        if let Ok(document) = Document::new(&bytes) {
            exercise(document);
        }
    }

    #[test]
    fn no_number_panics(
        kind in prop::sample::select(vec![0x40_u8, 0x50, 0x60, 0x70]),
        digits in prop::collection::vec(prop_oneof![Just(0_u8), Just(0x7F), Just(0x80), Just(0xFF), any::<u8>()], 0..36),
        scale in 0_u8..80,
    ) {
        let mut body = vec![kind];
        body.extend(digits);
        body.push(scale);
        if let Ok(document) = Document::new(&number(&body)) {
            exercise(document);
        }
    }

    #[test]
    fn no_text_panics(text in "[\\[\\]{}\":,\\\\u0-9a-f' \n.eE+-]{0,40}") {
        if let Some(bytes) = parse_text(&text) {
            exercise(Document::new(&bytes).expect("what we write, we read"));
        }
    }
}
