use super::*;
use tonic::{Code, Status};

fn metadata(headers: &[(&'static str, &[u8])]) -> MetadataMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, http::HeaderValue::from_bytes(value).unwrap());
    }
    MetadataMap::from_headers(map)
}

fn options(headers: &[(&'static str, &[u8])]) -> Result<QueryOptions, Code> {
    QueryOptions::parse(&metadata(headers)).map_err(|error| Status::from(error).code())
}

#[test]
fn time_range() {
    let check =
        |begin: Option<&[u8]>, end: Option<&[u8]>, expected: Result<Option<(i64, i64)>, Code>| {
            let mut headers = Vec::new();
            headers.extend(begin.map(|value| ("query_range_begin", value)));
            headers.extend(end.map(|value| ("query_range_end", value)));
            let range = options(&headers).map(|options| options.range.map(|r| (r.begin, r.end)));
            assert_eq!(range, expected, "{begin:?} {end:?}");
        };
    const BEGIN: &[u8] = b"2024-01-01T00:00:00+00:00";
    const BEGIN_NS: i64 = 1_704_067_200_000_000_000;
    check(None, None, Ok(None));
    check(Some(BEGIN), None, Ok(None));
    check(None, Some(BEGIN), Ok(None));
    check(Some(BEGIN), Some(b""), Ok(None));
    check(Some(b""), Some(b""), Ok(None));
    check(Some(b"nonsense"), None, Ok(None));
    check(Some(b"\xff"), Some(BEGIN), Ok(None));
    check(Some(BEGIN), Some(BEGIN), Ok(Some((BEGIN_NS, BEGIN_NS))));
    check(
        Some(b"2024-01-01T02:00:00.000000001+02:00"),
        Some(b"2023-12-31T19:00:01.5-05:00"),
        Ok(Some((BEGIN_NS + 1, BEGIN_NS + 1_500_000_000))),
    );
    check(
        Some(b"0001-01-01T00:00:00Z"),
        Some(b"9999-12-31T23:59:59Z"),
        Ok(Some((i64::MIN, i64::MAX))),
    );
    check(Some(b"yesterday"), Some(BEGIN), Err(Code::InvalidArgument));
    check(Some(BEGIN), Some(b"2024-01-01"), Err(Code::InvalidArgument));
    check(
        Some(BEGIN),
        Some(b"2024-01-01T00:00:00"),
        Err(Code::InvalidArgument),
    );
}

#[test]
fn row_limit() {
    let check = |value: &[u8], expected: Result<Option<usize>, Code>| {
        let limit = options(&[("limit", value)]).map(|options| options.limit);
        assert_eq!(limit, expected, "{value:?}");
    };
    check(b"10", Ok(Some(10)));
    check(b"0", Ok(Some(0)));
    check(b"\xff", Ok(None));
    for bad in [&b""[..], b"ten", b"-1", b"1.5", b"99999999999999999999999"] {
        check(bad, Err(Code::InvalidArgument));
    }
    assert_eq!(options(&[]).unwrap().limit, None);
}

#[test]
fn header_errors_carry_no_query_id() {
    let error = QueryOptions::parse(&metadata(&[("limit", b"x")])).unwrap_err();
    let status = Status::from(error);
    assert_eq!(
        status.message(),
        "bad value of header limit: invalid digit found in string"
    );
}

#[test]
fn dictionaries() {
    let check = |value: &[u8], expected: bool| {
        let metadata = metadata(&[("preserve_dictionary", value)]);
        assert_eq!(preserves_dictionaries(&metadata), expected, "{value:?}");
    };
    check(b"true", true);
    check(b"TRUE", true);
    check(b"True", true);
    for other in [&b""[..], b"false", b"1", b"yes", b" true", b"tr\xffue"] {
        check(other, false);
    }
    assert!(!preserves_dictionaries(&MetadataMap::new()));
}

#[test]
fn client_labels() {
    let silent = ClientInfo::parse(&MetadataMap::new(), None);
    assert_eq!(
        (
            silent.client.as_str(),
            silent.agent.as_str(),
            silent.entrypoint.as_str()
        ),
        ("unknown", "unknown", "unknown")
    );
    assert_eq!(silent.client_ip, "unknown");
    assert_eq!((silent.session, silent.request_id), (None, None));

    let client = ClientInfo::parse(
        &metadata(&[
            ("x-client-type", b"web+gateway"),
            ("x-client-agent", b"none"),
            ("x-client-entrypoint", b"script"),
            ("x-client-session", b""),
            ("x-client-notebook", b"n"),
            ("x-client-cell", b"c\xff"),
            ("x-request-id", b"r1"),
        ]),
        None,
    );
    assert_eq!(client.client, "web+gateway");
    assert_eq!(client.agent, "none");
    assert_eq!(client.entrypoint, "script");
    assert_eq!(client.session, None);
    assert_eq!(client.notebook.as_deref(), Some("n"));
    assert_eq!(client.cell, None);
    assert_eq!(client.request_id.as_deref(), Some("r1"));
}

#[test]
fn client_addresses() {
    let peer: IpAddr = "10.0.0.1".parse().unwrap();
    let check = |headers: &[(&'static str, &[u8])], expected: &str| {
        let client = ClientInfo::parse(&metadata(headers), Some(peer));
        assert_eq!(client.client_ip, expected, "{headers:?}");
    };
    check(&[], "10.0.0.1");
    check(&[("x-forwarded-for", b"1.1.1.1, 2.2.2.2")], "2.2.2.2");
    check(&[("x-forwarded-for", b"1.1.1.1, , ")], "1.1.1.1");
    check(
        &[
            ("x-forwarded-for", b"1.1.1.1"),
            ("x-forwarded-for", b"3.3.3.3"),
        ],
        "3.3.3.3",
    );
    check(&[("x-forwarded-for", b"::1")], "::1");
    check(&[("x-forwarded-for", b"1.1.1.1, unknown")], "10.0.0.1");
    check(
        &[("x-forwarded-for", b"hidden"), ("x-real-ip", b"4.4.4.4")],
        "4.4.4.4",
    );
    check(&[("x-real-ip", b"4.4.4.4")], "4.4.4.4");
    check(&[("x-real-ip", b"nowhere")], "10.0.0.1");
    check(
        &[("x-forwarded-for", b"5.5.5.5"), ("x-real-ip", b"4.4.4.4")],
        "5.5.5.5",
    );
}
