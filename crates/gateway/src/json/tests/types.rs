//! Values of every type.

use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::*;

use super::{batch, oracle, write};

/// Arrays of six rows with nulls, one or more per type.
pub(super) fn samples() -> Vec<ArrayRef> {
    let mut samples = numbers();
    samples.extend(floats());
    samples.extend(texts());
    samples.extend(binaries());
    samples.extend(timestamps());
    samples.extend(other_times());
    samples.extend(decimals());
    samples.push(Arc::new(NullArray::new(6)));
    samples
}

macro_rules! numbers {
    ($($array:ident $native:ty),*) => {
        vec![$(Arc::new($array::from(vec![
            Some(<$native>::MIN), Some(<$native>::MAX), None, Some(0), Some(7), Some(100),
        ])) as ArrayRef),*]
    };
}

fn numbers() -> Vec<ArrayRef> {
    let mut arrays = numbers!(
        Int8Array i8, Int16Array i16, Int32Array i32, Int64Array i64,
        UInt8Array u8, UInt16Array u16, UInt32Array u32, UInt64Array u64
    );
    let flags = vec![Some(true), Some(false), None, Some(true), None, Some(false)];
    arrays.push(Arc::new(BooleanArray::from(flags)));
    arrays
}

fn floats() -> Vec<ArrayRef> {
    let values = [
        Some(0.5),
        Some(f64::NAN),
        None,
        Some(f64::INFINITY),
        Some(-1.25),
        Some(1000.0),
    ];
    let values = Float64Array::from(values.to_vec());
    let cast = |data_type| arrow::compute::cast(&values, &data_type).expect("between floats");
    vec![
        cast(DataType::Float16),
        cast(DataType::Float32),
        Arc::new(values.clone()),
    ]
}

pub(super) fn texts() -> Vec<ArrayRef> {
    let texts = [
        Some("plain"),
        Some("a \"quoted\" \\ path\nand a line that is longer than one block\u{1}"),
        None,
        Some(""),
        Some("日本\u{2028}"),
        Some("a string of more than twelve bytes, clean"),
    ];
    let clean: Vec<_> = texts.iter().map(|text| text.map(str::len)).collect();
    let clean: Vec<_> = clean
        .iter()
        .map(|len| len.map(|len| "x".repeat(len)))
        .collect();
    vec![
        Arc::new(StringArray::from(texts.to_vec())),
        Arc::new(StringArray::from(clean.clone())),
        Arc::new(LargeStringArray::from(texts.to_vec())),
        Arc::new(LargeStringArray::from(clean)),
        Arc::new(StringViewArray::from(texts.to_vec())),
    ]
}

fn binaries() -> Vec<ArrayRef> {
    let bytes: Vec<Option<&[u8]>> = vec![
        Some(b"\x00\xff"),
        Some(b""),
        None,
        Some(b"abc"),
        Some(&[7; 40]),
        None,
    ];
    let fixed = [
        Some([1, 2]),
        None,
        Some([0xab, 0xcd]),
        Some([0, 0]),
        None,
        Some([255, 254]),
    ];
    let fixed = FixedSizeBinaryArray::try_from_sparse_iter_with_size(fixed.into_iter(), 2);
    vec![
        Arc::new(BinaryArray::from(bytes.clone())),
        Arc::new(LargeBinaryArray::from(bytes.clone())),
        Arc::new(BinaryViewArray::from(bytes)),
        Arc::new(fixed.expect("two bytes each")),
    ]
}

/// Columns of each unit, without a zone and in several.
fn timestamps() -> Vec<ArrayRef> {
    let zones = [
        None,
        Some("UTC"),
        Some("+00:00"),
        Some("+05:30"),
        Some("-0330"),
        Some("Europe/Paris"),
    ];
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for zone in zones {
        let row = |seconds: i64, part: i64, per_second: i64| Some(seconds * per_second + part);
        let values = |per_second: i64| {
            vec![
                row(1_767_225_599, per_second - 1, per_second),
                row(1_767_225_600, 0, per_second),
                None,
                row(-1, per_second / 2, per_second),
                row(1_782_864_000, per_second / 1_000, per_second),
                row(1_782_864_000, per_second / 1_000_000, per_second),
            ]
        };
        arrays.push(Arc::new(
            TimestampSecondArray::from(values(1)).with_timezone_opt(zone),
        ));
        let millis = TimestampMillisecondArray::from(values(1_000));
        arrays.push(Arc::new(millis.with_timezone_opt(zone)));
        let micros = TimestampMicrosecondArray::from(values(1_000_000));
        arrays.push(Arc::new(micros.with_timezone_opt(zone)));
        let nanos = TimestampNanosecondArray::from(values(1_000_000_000));
        arrays.push(Arc::new(nanos.with_timezone_opt(zone)));
    }
    arrays
}

fn other_times() -> Vec<ArrayRef> {
    let small = Int32Array::from(vec![
        Some(0),
        Some(1),
        None,
        Some(86_399),
        Some(20_000),
        Some(45),
    ]);
    let large = Int64Array::from(vec![
        Some(0),
        Some(1_500),
        None,
        Some(86_399_000),
        Some(45),
        Some(1_000_000),
    ]);
    let cast =
        |array: &dyn Array, data_type| arrow::compute::cast(array, &data_type).expect("a time");
    let mut arrays = vec![
        cast(&small, DataType::Date32),
        cast(&large, DataType::Date64),
        cast(&small, DataType::Time32(TimeUnit::Second)),
        cast(&small, DataType::Time32(TimeUnit::Millisecond)),
        cast(&large, DataType::Time64(TimeUnit::Microsecond)),
        cast(&large, DataType::Time64(TimeUnit::Nanosecond)),
    ];
    for unit in [
        TimeUnit::Second,
        TimeUnit::Millisecond,
        TimeUnit::Microsecond,
        TimeUnit::Nanosecond,
    ] {
        arrays.push(cast(&large, DataType::Duration(unit)));
    }
    arrays.extend(intervals());
    arrays
}

fn intervals() -> Vec<ArrayRef> {
    let day_times = [(0, 0), (3, 14_400_000), (0, 0), (-1, -5), (9, 1), (0, 1)];
    let day_times = day_times.map(|(days, ms)| IntervalDayTime::new(days, ms));
    let full = [
        (2, 3, 14_400_000_000_000),
        (0, 0, 0),
        (-1, 2, 5),
        (0, 0, 1),
        (12, 0, 0),
        (0, 1, 0),
    ];
    let full = full.map(|(months, days, ns)| IntervalMonthDayNano::new(months, days, ns));
    vec![
        Arc::new(IntervalYearMonthArray::from(vec![
            Some(14),
            None,
            Some(-1),
            Some(0),
            None,
            Some(1),
        ])),
        Arc::new(IntervalDayTimeArray::from(day_times.to_vec())),
        Arc::new(IntervalMonthDayNanoArray::from(full.to_vec())),
    ]
}

fn decimals() -> Vec<ArrayRef> {
    let values = Int64Array::from(vec![
        Some(0),
        Some(-5),
        None,
        Some(12_345),
        Some(1),
        Some(99_999),
    ]);
    let cast = |data_type| arrow::compute::cast(&values, &data_type).expect("small enough");
    vec![
        cast(DataType::Decimal32(9, 2)),
        cast(DataType::Decimal64(18, 3)),
        cast(DataType::Decimal128(38, 20)),
        cast(DataType::Decimal256(76, 30)),
        cast(DataType::Decimal128(10, 0)),
    ]
}

/// Whether two texts mean the same where the digits of floats may be written differently.
pub(super) fn assert_same(ours: &str, oracle: &str, has_floats: bool, what: &str) {
    if has_floats {
        let parse = |text| serde_json::from_str::<serde_json::Value>(text).expect("valid JSON");
        assert_eq!(parse(ours), parse(oracle), "{what}");
    } else {
        assert_eq!(ours, oracle, "{what}");
    }
}

#[test]
fn every_type_reads_like_the_library_writes_it() {
    for array in samples() {
        let what = format!("{}", array.data_type());
        let has_floats = array.data_type().is_floating();
        for part in [
            array.clone(),
            array.slice(1, 4),
            array.slice(5, 1),
            array.slice(0, 0),
        ] {
            let batch = batch(&[("v", part.clone()), ("w", part)]);
            let ours = write(&batch).expect(&what);
            assert_same(&ours, &oracle(&batch), has_floats, &what);
        }
    }
}

fn check(array: impl Array + 'static, expected: &str) {
    let array: ArrayRef = Arc::new(array);
    let text = write(&batch(&[("v", array)])).expect("a type with a JSON form");
    assert_eq!(text, expected);
}

#[test]
fn values_as_documented() {
    check(
        UInt64Array::from(vec![u64::MAX]),
        r#"[{"v":18446744073709551615}]"#,
    );
    check(
        Float64Array::from(vec![0.1, f64::NAN]),
        r#"[{"v":0.1},{"v":null}]"#,
    );
    check(
        Float32Array::from(vec![0.1, f32::NEG_INFINITY]),
        r#"[{"v":0.1},{"v":null}]"#,
    );
    check(
        BinaryArray::from(vec![&b"\xca\xfe"[..]]),
        r#"[{"v":"cafe"}]"#,
    );
    let price = Decimal128Array::from(vec![150]).with_precision_and_scale(10, 2);
    check(price.expect("fits"), r#"[{"v":1.50}]"#);
    check(
        DurationMillisecondArray::from(vec![1_500]),
        r#"[{"v":"PT1.5S"}]"#,
    );
    check(Date32Array::from(vec![0]), r#"[{"v":"1970-01-01"}]"#);
    check(
        Date64Array::from(vec![0]),
        r#"[{"v":"1970-01-01T00:00:00"}]"#,
    );
    check(
        Time64MicrosecondArray::from(vec![1_500_000]),
        r#"[{"v":"00:00:01.500"}]"#,
    );
    let interval = IntervalMonthDayNano::new(2, 3, 14_400_000_000_000);
    let interval = IntervalMonthDayNanoArray::from(vec![interval]);
    check(interval, r#"[{"v":"2 mons 3 days 4 hours"}]"#);
}

#[test]
fn floats_survive_the_way_through_text() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..10_000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let value = f64::from_bits(state);
        if !value.is_finite() {
            continue;
        }
        let text =
            write(&batch(&[("v", Arc::new(Float64Array::from(vec![value])))])).expect("float");
        let digits = text.trim_start_matches(r#"[{"v":"#).trim_end_matches("}]");
        assert_eq!(
            digits.parse::<f64>().map(f64::to_bits),
            Ok(value.to_bits()),
            "{text}"
        );
    }
}

#[test]
fn timestamps_of_any_moment_read_like_the_library_writes_them() {
    const DAY: i64 = 86_400;
    let seconds = vec![
        0,
        -1,
        -DAY,
        951_782_400,     // 29 February 2000
        4_107_542_399,   // last second of February 2100
        -62_167_219_200, // first second of year 0
        -62_167_219_201, // last second of year -1
        253_402_300_799, // last second of year 9999
        253_402_300_800, // first second of year 10000
        i64::from(i32::MAX) * DAY,
        i64::MAX,
        i64::MIN,
        -2_500_000_000, // when zones had offsets of odd seconds
    ];
    for zone in [
        None,
        Some("UTC"),
        Some("+14:00"),
        Some("-00:30"),
        Some("America/New_York"),
    ] {
        // The library itself fails on local times beyond its range.
        let near = -1_000_000_000_000..1_000_000_000_000;
        let within = |second: &i64| zone.is_none() || near.contains(second);
        let values: Vec<i64> = seconds.iter().copied().filter(within).collect();
        let array = TimestampSecondArray::from(values).with_timezone_opt(zone);
        let batch = batch(&[("t", Arc::new(array))]);
        assert_eq!(write(&batch).expect("a time"), oracle(&batch), "{zone:?}");
    }
}

#[test]
fn timestamp_text() {
    let nanoseconds = vec![
        1_767_225_600_000_000_000,
        1_767_225_600_120_000_000,
        1_767_225_600_000_120_000,
        1_767_225_600_000_000_120,
        -1,
    ];
    let array = TimestampNanosecondArray::from(nanoseconds);
    check(
        array.clone().with_timezone("+00:00"),
        r#"[{"v":"2026-01-01T00:00:00Z"},{"v":"2026-01-01T00:00:00.120Z"},{"v":"2026-01-01T00:00:00.000120Z"},{"v":"2026-01-01T00:00:00.000000120Z"},{"v":"1969-12-31T23:59:59.999999999Z"}]"#,
    );
    check(array.slice(0, 1), r#"[{"v":"2026-01-01T00:00:00"}]"#);
    let local = array.slice(0, 1).with_timezone("-03:30");
    check(local, r#"[{"v":"2025-12-31T20:30:00-03:30"}]"#);
}
