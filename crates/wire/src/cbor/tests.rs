use super::skip::MAX_NESTING;
use super::{Error, Reader};

/// Skip the first item of `bytes`, and answer how long it was.
fn skipped(bytes: &[u8]) -> Result<usize, Error> {
    let mut reader = Reader::new(bytes);
    reader.skip().map(|()| reader.position())
}

#[test]
fn skip_passes_over_one_item_of_any_kind() {
    let cases: &[&[u8]] = &[
        &[0x00],
        &[0x1b, 1, 2, 3, 4, 5, 6, 7, 8],
        &[0x3b, 255, 255, 255, 255, 255, 255, 255, 255],
        &[0x43, 1, 2, 3],
        &[0x5f, 0x41, 1, 0x42, 2, 3, 0xff],
        &[0x7f, 0x61, b'a', 0x60, 0xff],
        &[0x80],
        &[0x9f, 0xff],
        &[0x82, 0x9f, 0x01, 0xff, 0x02],
        &[0x9f, 0x82, 0x01, 0x02, 0xbf, 0x61, b'k', 0x80, 0xff, 0xff],
        &[0xa2, 0x01, 0xa0, 0x02, 0xbf, 0xff],
        &[0xc1, 0xd8, 0x20, 0x81, 0xc0, 0x05],
        &[0xf4],
        &[0xf6],
        &[0xf7],
        &[0xf8, 0x20],
        &[0xf9, 0x3c, 0x00],
        &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0],
    ];
    for case in cases {
        let mut with_more = case.to_vec();
        with_more.push(0x01);
        assert_eq!(skipped(&with_more), Ok(case.len()), "{case:02x?}");
        for end in 0..case.len() {
            assert_eq!(skipped(&case[..end]), Err(Error::Truncated), "{case:02x?}");
        }
    }
}

#[test]
fn skip_refuses_what_is_not_an_item() {
    for case in [&[0xff][..], &[0x1c], &[0x82, 0x01, 0xff], &[0x61, 0x80]] {
        assert!(
            matches!(skipped(case), Err(Error::Malformed { .. })),
            "{case:02x?}"
        );
    }
}

#[test]
fn skip_bounds_nesting() {
    for open in [0x81, 0x9f, 0xc0] {
        let depth = |n: usize| {
            let mut bytes = vec![open; n];
            bytes.push(0x00);
            bytes.extend(vec![0xff; n]);
            bytes
        };
        assert!(skipped(&depth(MAX_NESTING)).is_ok());
        let error = Err(Error::NestedTooDeep { max: MAX_NESTING });
        assert_eq!(skipped(&depth(MAX_NESTING + 1)), error);
        assert_eq!(skipped(&vec![open; 1_000_000]), error);
    }
}

#[test]
fn announced_lengths_are_not_believed() {
    let huge = 1u64 << 62;
    for major in [0x5b, 0x7b, 0x9b, 0xbb] {
        let mut bytes = vec![major];
        bytes.extend(huge.to_be_bytes());
        bytes.push(0x00);
        assert_eq!(skipped(&bytes), Err(Error::Truncated));
        assert!(Reader::new(&bytes).binary("b").is_err());
        assert!(Reader::new(&bytes).text("t").is_err());
        assert!(Reader::new(&bytes).text_map("m", 10).is_err());
        assert!(Reader::new(&bytes).list("l", 10, |r| r.i64("i")).is_err());
    }
}

#[test]
fn integers_of_any_width_are_range_checked() {
    let cases: &[(&[u8], Option<i64>)] = &[
        (&[0x17], Some(23)),
        (&[0x18, 0x05], Some(5)),
        (&[0x19, 0x00, 0x05], Some(5)),
        (&[0x1a, 0x00, 0x00, 0x00, 0x05], Some(5)),
        (&[0x1b, 0, 0, 0, 0, 0, 0, 0, 5], Some(5)),
        (&[0xc1, 0x05], Some(5)),
        (&[0x20], Some(-1)),
        (&[0x38, 0xff], Some(-256)),
        (
            &[0x1b, 0x7f, 255, 255, 255, 255, 255, 255, 255],
            Some(i64::MAX),
        ),
        (
            &[0x3b, 0x7f, 255, 255, 255, 255, 255, 255, 255],
            Some(i64::MIN),
        ),
        (&[0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0], None),
        (&[0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0], None),
    ];
    for (bytes, expected) in cases {
        let result = Reader::new(bytes).i64("n");
        assert_eq!(result, expected.ok_or(Error::OutOfRange { key: "n" }));
    }
    let wide = [0x1a, 0x80, 0, 0, 0];
    assert_eq!(
        Reader::new(&wide).count("n"),
        Err(Error::OutOfRange { key: "n" })
    );
    assert_eq!(Reader::new(&wide).u32("n"), Ok(1 << 31));
    assert_eq!(
        Reader::new(&[0x20]).count("n"),
        Err(Error::OutOfRange { key: "n" })
    );
    assert!(matches!(
        Reader::new(&[0xf9, 0x3c, 0x00]).i64("n"),
        Err(Error::WrongType { key: "n", .. })
    ));
}

#[test]
fn bytes_come_as_strings_or_integer_arrays() {
    let cases: &[&[u8]] = &[
        &[0x43, 1, 2, 200],
        &[0x5f, 0x41, 1, 0x40, 0x42, 2, 200, 0xff],
        &[0x83, 1, 2, 0x18, 200],
        &[0x9f, 1, 0x19, 0, 2, 0xc1, 0x18, 200, 0xff],
        &[0xd8, 0x40, 0x43, 1, 2, 200],
    ];
    for case in cases {
        let bytes = Reader::new(case).binary("b").expect("valid bytes");
        assert_eq!(bytes.as_ref(), [1, 2, 200], "{case:02x?}");
    }
    let too_large = [0x81, 0x19, 1, 0];
    assert_eq!(
        Reader::new(&too_large).binary("b"),
        Err(Error::OutOfRange { key: "b" })
    );
}
