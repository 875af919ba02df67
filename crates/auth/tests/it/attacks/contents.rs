//! Tokens that are signed well and say what they should not.

use super::*;
use crate::asking::Verdict::{Outage, Refused};
use crate::asking::accepted;
use crate::signing::{token_of_text, without};

pub fn issuers(world: &World) -> Vec<Row> {
    let url = &world.issuer.url;
    let mut rows = Vec::new();
    let names = [
        json!(format!("{url}/")),
        json!(url.to_uppercase()),
        json!(url.replace("127.0.0.1", "localhost")),
        json!(url.replace("http:", "https:")),
        json!(format!(" {url}")),
        json!(format!("{url}\u{0}")),
        json!(format!("{url}#")),
        json!(world.trap.url),
        json!([url]),
        json!({"iss": url}),
        json!(""),
        json!(null),
        json!(7),
    ];
    for name in names {
        rows.push(row(
            format!("iss {name}"),
            world.claiming("iss", name),
            Refused,
        ));
    }
    let foreign = |key: &SigningKey, audience: &str| {
        token(key, &with(claims(&world.other.url), "aud", audience))
    };
    let renamed = |key: &SigningKey, id: &str| {
        let header = with(header(key), "kid", id);
        world.forged(&header, |message| key.sign(message))
    };
    let outage = claims(&world.down.url);
    rows.extend([
        row(
            "signed by another issuer",
            token(&world.foreign, &world.claims()),
            Refused,
        ),
        row(
            "so, with the right key id",
            renamed(&world.foreign, "rsa"),
            Refused,
        ),
        row(
            "so, without key id",
            {
                let header = without(header(&world.foreign), "kid");
                world.forged(&header, |message| world.foreign.sign(message))
            },
            Refused,
        ),
        row(
            "audience of another issuer",
            foreign(&world.foreign, "app"),
            Refused,
        ),
        row(
            "other issuer, first issuer's key",
            foreign(&world.rsa, "other-app"),
            Refused,
        ),
        row("an issuer that is down", token(&world.rsa, &outage), Outage),
        row(
            "expired, of an issuer that is down",
            token(&world.rsa, &with(outage.clone(), "exp", now())),
            Refused,
        ),
        row(
            "for others, of an issuer that is down",
            token(&world.rsa, &with(outage, "aud", "x")),
            Refused,
        ),
    ]);
    rows
}

pub fn times_and_audiences(world: &World) -> Vec<Row> {
    let ann = || accepted("ann");
    let now = now();
    let text = |payload: String| token_of_text(&world.rsa, &payload);
    let url = &world.issuer.url;
    let with_times = |times: &str| {
        text(format!(
            r#"{{"iss": "{url}", "sub": "ann", "aud": "app", {times}}}"#
        ))
    };
    let times = [
        (format!("\"exp\": {}", now - 1), Refused),
        (format!("\"exp\": {now}"), Refused),
        (format!("\"exp\": {now}.0"), Refused),
        (format!("\"exp\": {}", now + 600), ann()),
        (format!("\"exp\": {}.5", now + 600), ann()),
        ("\"exp\": 4.1e9".to_owned(), ann()),
        ("\"exp\": 1e300".to_owned(), ann()),
        ("\"exp\": 18446744073709551616".to_owned(), ann()),
        ("\"exp\": 1e400".to_owned(), Refused),
        ("\"exp\": -1e300".to_owned(), Refused),
        ("\"exp\": -1".to_owned(), Refused),
        ("\"exp\": 0".to_owned(), Refused),
        ("\"exp\": NaN".to_owned(), Refused),
        ("\"exp\": null".to_owned(), Refused),
        ("\"exp\": true".to_owned(), Refused),
        (format!("\"exp\": \"{}\"", now + 600), Refused),
        (format!("\"exp\": [{}]", now + 600), Refused),
        (format!("\"exp\": {{\"a\": {}}}", now + 600), Refused),
        // The last one counts, as everywhere.
        (format!("\"exp\": {}, \"exp\": 1", now + 600), Refused),
        (format!("\"exp\": {0}, \"nbf\": {0}", now + 600), Refused),
        (
            format!("\"exp\": {}, \"nbf\": {}", now + 600, now + 300),
            Refused,
        ),
        (
            format!("\"exp\": {}, \"nbf\": {}", now + 600, now + 30),
            ann(),
        ),
        (
            format!("\"exp\": {}, \"nbf\": {}.5", now + 600, now - 30),
            ann(),
        ),
        (format!("\"exp\": {}, \"nbf\": 1e300", now + 600), Refused),
        (format!("\"exp\": {}, \"nbf\": \"0\"", now + 600), Refused),
        (format!("\"exp\": {}, \"nbf\": null", now + 600), ann()),
        (
            format!("\"exp\": {}, \"iat\": {}", now + 600, now + 500),
            ann(),
        ),
        (format!("\"exp\": {}, \"iat\": \"x\"", now + 600), ann()),
    ];
    let audiences = [
        (json!("app"), ann()),
        (json!("api://app"), ann()),
        (json!(["x", "app"]), ann()),
        (json!(["app", "app", "https://x/userinfo"]), ann()),
        (json!("App"), Refused),
        (json!("app "), Refused),
        (json!("app,x"), Refused),
        (json!("ap"), Refused),
        (json!(""), Refused),
        (json!([]), Refused),
        (json!(["x"]), Refused),
        (json!([["app"]]), Refused),
        (json!(["app", 5]), Refused),
        (json!({"app": true}), Refused),
        (json!(5), Refused),
        (json!(null), Refused),
        (json!(vec!["app"; 101]), Refused),
        (json!("other-app"), Refused),
    ];
    let mut rows = Vec::new();
    for (claims, expected) in times {
        rows.push(row(&claims, with_times(&claims), expected));
    }
    for (value, expected) in audiences {
        let name = format!("aud {value}");
        rows.push(row(name, world.claiming("aud", value), expected));
    }
    rows
}

pub fn types_and_sizes(world: &World) -> Vec<Row> {
    let mut rows = Vec::new();
    for name in ["iss", "sub", "aud", "exp"] {
        let partial = without(world.claims(), name);
        rows.push(row(
            format!("no {name}"),
            token(&world.rsa, &partial),
            Refused,
        ));
    }
    let subjects = [
        (json!("José"), accepted("José")),
        (json!("李"), accepted("李")),
        (json!(" "), accepted(" ")),
        (json!("x".repeat(1024)), accepted(&"x".repeat(1024))),
        (json!("x".repeat(1025)), Refused),
        (json!("x".repeat(1 << 20)), Refused),
        (json!("ann\nadmin"), Refused),
        (json!("ann\u{0}"), Refused),
        (json!("ann\u{1b}[2J"), Refused),
        (json!("ann\u{7f}"), Refused),
        (json!("ann\u{85}"), Refused),
        (json!(""), Refused),
        (json!(5), Refused),
        (json!(null), Refused),
        (json!(["ann"]), Refused),
        (json!({"sub": "ann"}), Refused),
    ];
    for (subject, expected) in subjects {
        let name: String = format!("sub {subject}").chars().take(80).collect();
        rows.push(row(name, world.claiming("sub", subject), expected));
    }
    let url = &world.issuer.url;
    let text = |claims: &str| {
        let fixed = r#""sub": "ann", "aud": "app", "exp": 4e9"#;
        token_of_text(
            &world.rsa,
            &format!(r#"{{"iss": "{url}", {fixed}, {claims}}}"#),
        )
    };
    let escaped = text(r#""sub": "Jos\u00e9""#);
    let nested = |depth: usize| format!(r#""x": {}{}"#, "[".repeat(depth), "]".repeat(depth));
    let many: Vec<String> = (0..500).map(|index| format!("\"c{index}\": 1")).collect();
    rows.extend([
        row("escaped José", escaped, accepted("José")),
        row(
            "8 kB of unknown claims",
            world.claiming("x", "y".repeat(8_000)),
            accepted("ann"),
        ),
        row(
            "100 kB of unknown claims",
            world.claiming("x", "y".repeat(100_000)),
            Refused,
        ),
        row(
            "500 unknown claims",
            text(&many.join(", ")),
            accepted("ann"),
        ),
        row("claims 100 deep", text(&nested(100)), accepted("ann")),
        row("claims 5000 deep", text(&nested(5_000)), Refused),
        row(
            "half of a surrogate pair",
            text(r#""sub": "\ud800""#),
            Refused,
        ),
        row(
            "an email of another type",
            world.claiming("email", json!({"a": 1})),
            accepted("ann"),
        ),
        row(
            "an email with a line break",
            world.claiming("email", "a@x\nb"),
            accepted("ann"),
        ),
        row(
            "groups and roles",
            world.claiming("groups", json!(["a"])),
            accepted("ann"),
        ),
    ]);
    rows
}
