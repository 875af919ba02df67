use super::*;

fn check(url: &str, expected: Result<&str, &str>) {
    let parsed = parse(url)
        .map(|endpoint| endpoint.uri().to_string())
        .map_err(|error| error.to_string());
    match (parsed, expected) {
        (Ok(uri), Ok(expected)) => assert_eq!(uri, expected, "{url}"),
        (Err(message), Err(expected)) => {
            assert!(message.contains(expected), "{url}: {message}");
            assert!(!message.contains("secret"), "{message}");
        }
        (parsed, _) => panic!("{url}: {parsed:?}"),
    }
}

#[test]
fn schemes_are_rewritten_and_anything_else_is_refused() {
    check("grpc://127.0.0.1:50051", Ok("http://127.0.0.1:50051/"));
    check("GRPC://127.0.0.1:50051/", Ok("http://127.0.0.1:50051/"));
    check("http://localhost:1", Ok("http://localhost:1/"));
    check("  grpc://[::1]:7 ", Ok("http://[::1]:7/"));
    check("127.0.0.1:50051", Err("must start with"));
    check("ftp://127.0.0.1:50051", Err("must start with"));
    check("", Err("must start with"));
    check("grpc://me:secret@host:1", Err("user name or password"));
    check("grpc://host:1/secret", Err("end after host"));
    check("grpc://host:1?secret", Err("end after host"));
    check("grpc://", Err("no valid host"));
    check("grpc://host", Ok("http://host/"));
    check("grpc://host:secret", Err("no valid host"));
    check("grpc://host:99999", Err("no valid host"));
    check("grpc://ho st:1", Err("no valid host"));
}
