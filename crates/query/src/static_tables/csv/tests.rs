use super::*;

#[test]
fn lines_end_outside_of_quotes() {
    for (bytes, header, whole) in [
        ("", None, 0),
        ("a,b", None, 0),
        ("a,b\n", Some(4), 4),
        ("a,b\r\n1,2\r\n3", Some(5), 10),
        ("\"a\nb\"\n1\n", Some(6), 8),
        ("a\n\"1\n", Some(2), 2),
        ("\n\r\na\n1", Some(5), 5),
    ] {
        assert_eq!(header_bytes(bytes.as_bytes()), header, "{bytes:?}");
        assert_eq!(whole_rows(bytes.as_bytes()).len(), whole, "{bytes:?}");
    }
}
