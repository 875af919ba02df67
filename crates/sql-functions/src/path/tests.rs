use proptest::prelude::*;

use super::*;
use crate::document::{Document, parse_text};

fn select(document: &str, path: &str) -> Result<String, PathError> {
    let bytes = parse_text(document).expect("valid JSON");
    let root = Document::new(&bytes)
        .and_then(Document::to_value)
        .expect("valid JSONB");
    let query = Query::parse(path)?;
    let matches = query.select(&root)?;
    let matches = matches.into_iter().map(Cow::into_owned).collect();
    let all = Value::Array(matches).to_vec();
    Ok(Document::new(&all).expect("valid JSONB").to_text())
}

fn check(document: &str, path: &str, expected: &str) {
    assert_eq!(
        select(document, path).as_deref(),
        Ok(expected),
        "{path} of {document}"
    );
}

const SHOP: &str = r#"{
    "name": "shop",
    "books": [
        {"title": "one", "price": 8, "tags": ["a", "b"]},
        {"title": "two", "price": 12.5},
        {"title": "three", "price": "free"}
    ],
    "open": true, "none": null, "empty": []
}"#;

#[test]
fn steps() {
    check(SHOP, "$.name", r#"["shop"]"#);
    check(SHOP, "name", r#"["shop"]"#);
    check(SHOP, "$:name", r#"["shop"]"#);
    check(SHOP, r#"$["name"]"#, r#"["shop"]"#);
    check(SHOP, r#"$."name""#, r#"["shop"]"#);
    check(SHOP, "$.NAME", "[]");
    check(SHOP, "$.absent.more", "[]");
    check(SHOP, "$.books[0].title", r#"["one"]"#);
    check(SHOP, "$.books[*].title", r#"["one","two","three"]"#);
    check(SHOP, "$.name[*]", r#"["shop"]"#);
    check(SHOP, "$.name[0]", "[]");
    check(SHOP, "$.books[0].*", r#"[8,["a","b"],"one"]"#);
    check("[[1,[2]],3]", "$.**", "[[[1,[2]],3],[1,[2]],1,[2],2,3]");
    check("[[1,[2]],3]", "$.**{1}", "[[1,[2]],3]");
    check("[[1,[2]],3]", "$.**{2 to last}", "[1,[2],2]");
    check("7", "$", "[7]");
}

#[test]
fn indices() {
    check("[0,1,2,3]", "$[1,3]", "[1,3]");
    check("[0,1,2,3]", "$[last]", "[3]");
    check("[0,1,2,3]", "$[last-1]", "[2]");
    check("[0,1,2,3]", "$[1 to 2]", "[1,2]");
    check("[0,1,2,3]", "$[2 to last]", "[2,3]");
    check("[0,1,2,3]", "$[2 to 1]", "[]");
    check("[0,1,2,3]", "$[-1]", "[]");
    check("[0,1,2,3]", "$[9]", "[]");
    check("[0,1,2,3]", "$[0 to 2147483647]", "[0,1,2,3]");
    check("[0,1]", "$[last+2147483647]", "[]");
    // Ranges that end before the array starts.
    check("[]", "$[0 to last]", "[]");
    check("[0]", "$[0 to last-9]", "[]");
}

#[test]
fn filters() {
    check(SHOP, "$.books[*]?(@.price < 10).title", r#"["one"]"#);
    check(SHOP, "$.books[*]?(@.price > 10).title", r#"["two"]"#);
    check(
        SHOP,
        "$.books[*]?(@.price == \"free\").title",
        r#"["three"]"#,
    );
    check(
        SHOP,
        "$.books[*]?(@.title starts with \"t\").title",
        r#"["two","three"]"#,
    );
    check(SHOP, "$.books[*]?(exists(@.tags)).title", r#"["one"]"#);
    check(SHOP, "$.books[*]?(@.tags == \"b\").title", r#"["one"]"#);
    check(
        SHOP,
        "$.books[*]?(@.price < 10 || @.price == \"free\").title",
        r#"["one","three"]"#,
    );
    check(
        SHOP,
        "$.books[*]?(@.price > 1 && @.price < 10).title",
        r#"["one"]"#,
    );
    check(
        SHOP,
        "$.books[*]?($.open == true && @.price != 8).title",
        r#"["two","three"]"#,
    );
    check(SHOP, "$.none?(@ == null)", "[null]");
    check(SHOP, "$?(@.books == 1)", "[]");
}

#[test]
fn predicates_and_arithmetic() {
    check(SHOP, "$.name == \"shop\"", "[true]");
    check(SHOP, "$.books[*].price > 100", "[null]");
    check(SHOP, "$.absent > 1", "[false]");
    check("{\"a\":7,\"b\":2}", "$.a + $.b", "[9]");
    check("{\"a\":7,\"b\":2}", "$.a / $.b", "[3.5]");
    check("{\"a\":7,\"b\":2}", "$.a % $.b", "[1]");
    check("[1,2]", "-$[*]", "[-1,-2]");
    check("{\"a\":7,\"b\":0}", "$.a / $.b", "[]");
    check("{\"a\":7,\"b\":0}", "$.a % $.b", "[]");
    check("{\"a\":\"x\",\"b\":0}", "$.a + $.b", "[]");
    check("[9223372036854775807]", "$[0] + 1", "[9223372036854775808]");
    check(
        "[9223372036854775807]",
        "$[0] * 4",
        "[3.6893488147419103e+19]",
    );
}

#[test]
fn bad_paths_are_refused() {
    let check = |path: &str, expected: PathError| {
        assert_eq!(select("{}", path), Err(expected), "{path}");
    };
    for path in [
        "$.",
        "$[",
        "$.a[x]",
        "@.a",
        "$..a",
        "$.a b",
        "$?(@.a ==)",
        "\"",
        "$.\"a",
        "$.\"a\\\"",
        "$[\"\\u{12\"]",
    ] {
        check(path, PathError::Syntax);
    }
    check(&"(".repeat(PARENTHESES_MAX + 1), PathError::TooNested);
    check(
        &format!("$.{}", "a".repeat(PATH_BYTES_MAX)),
        PathError::TooLong,
    );
}

#[test]
fn work_on_one_document_is_bounded() {
    let nested = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let outcome = select(&nested, "$.**.**.**.**.**.**");
    assert_eq!(outcome, Err(PathError::TooManySteps));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn no_path_panics(path in "[$@.*\\[\\]?()\"\\\\u{}0-9a-c<=>!&|+/% to,last-]{0,30}") {
        let _ = select(SHOP, &path);
    }

    #[test]
    fn no_plausible_path_panics(steps in prop::collection::vec(prop::sample::select(vec![
        "$", ".a", ".*", ".**", ".**{2}", "[*]", "[last]", "[0 to last]", "[last-3 to 1]", ".\"b\"", "[\"c\"]",
        "?(@.a > 1)", "?(@[*] == \"x\")", "?(exists(@.a[0]))", " + ", " - 1", " > 2", "(", ")", "\\", "\"", "\\u00e9",
    ]), 0..6)) {
        for document in ["[]", "[[1,2],{\"a\":[3]}]", SHOP] {
            let _ = select(document, &steps.concat());
        }
    }
}
