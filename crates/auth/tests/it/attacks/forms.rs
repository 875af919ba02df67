//! Headers and tokens that are not written as they should be.

use super::*;
use crate::asking::Verdict::Refused;
use crate::asking::accepted;
use crate::signing::token_of_text;

pub fn headers(world: &World) -> Vec<Row> {
    let token = token(&world.rsa, &world.claims());
    let ann = || accepted("ann");
    let single = [
        ("as usual", format!("Bearer {token}"), ann()),
        ("lower case", format!("bearer {token}"), ann()),
        ("upper case", format!("BEARER {token}"), ann()),
        ("more spaces", format!("  Bearer   {token}  "), ann()),
        ("API key", format!("Bearer {API_KEY}"), accepted("ci")),
        ("no scheme", token.clone(), Refused),
        ("no space", format!("Bearer{token}"), Refused),
        ("a tab", format!("Bearer\t{token}"), Refused),
        ("a colon", format!("Bearer: {token}"), Refused),
        (
            "twice in one value",
            format!("Bearer {token}, Bearer {token}"),
            Refused,
        ),
        (
            "twice the scheme",
            format!("Bearer Bearer {token}"),
            Refused,
        ),
        ("quotes", format!("Bearer \"{token}\""), Refused),
        ("a parameter", format!("Bearer {token};x=1"), Refused),
        ("Basic", format!("Basic {token}"), Refused),
        ("Digest", format!("Digest {token}"), Refused),
        ("only the scheme", "Bearer".to_owned(), Refused),
        ("an empty token", "Bearer ".to_owned(), Refused),
        ("nothing", String::new(), Refused),
        ("null", "Bearer null".to_owned(), Refused),
        ("undefined", "Bearer undefined".to_owned(), Refused),
        (
            "a line break",
            format!("Bearer {token}\r\nx-auth-subject: root"),
            Refused,
        ),
        ("a NUL", format!("Bearer {token}\0"), Refused),
        (
            "a letter outside of ASCII",
            format!("Bearer {token}é"),
            Refused,
        ),
        ("the name of a key", "Bearer ci".to_owned(), Refused),
        (
            "a part of a key",
            format!("Bearer {}", &API_KEY[1..]),
            Refused,
        ),
        ("a key and more", format!("Bearer {API_KEY}="), Refused),
        (
            "a key in other case",
            format!("Bearer {}", API_KEY.to_lowercase()),
            Refused,
        ),
        ("1 MB", format!("Bearer {}", "x".repeat(1 << 20)), Refused),
    ];
    let mut rows: Vec<Row> = single
        .into_iter()
        .map(|(name, value, expected)| Row {
            name: name.to_owned(),
            values: vec![value.into_bytes()],
            expected,
        })
        .collect();
    let bearer = || format!("Bearer {token}").into_bytes();
    let several = [
        ("no header", vec![]),
        ("the same twice", vec![bearer(), bearer()]),
        ("an empty one and a good one", vec![Vec::new(), bearer()]),
        (
            "a good one and another scheme",
            vec![bearer(), b"Basic YTpi".to_vec()],
        ),
        ("invalid UTF-8", vec![[bearer(), vec![0xff]].concat()]),
    ];
    rows.extend(several.into_iter().map(|(name, values)| Row {
        name: name.to_owned(),
        values,
        expected: Refused,
    }));
    rows
}

pub fn tokens(world: &World) -> Vec<Row> {
    let good = token(&world.rsa, &world.claims());
    let mut rows = reshaped(&good);
    rows.extend(resigned(world));
    let signed =
        |header: &str, payload: &str| assemble(header, payload, |message| world.rsa.sign(message));
    let (header, claims) = (header(&world.rsa).to_string(), world.claims().to_string());
    let critical = |value: &str| {
        let start = header.trim_end_matches('}');
        signed(
            &format!("{start}, \"crit\": {value}, \"b64\": true}}"),
            &claims,
        )
    };
    let payloads = [
        ("a token in a token", good.clone()),
        ("a token as JSON", json!(good).to_string()),
        ("an array", format!("[{claims}]")),
        ("two objects", format!("{claims}{claims}")),
        ("a byte order mark", format!("\u{feff}{claims}")),
        ("no JSON", "{".to_owned()),
        ("nothing", String::new()),
        ("null", "null".to_owned()),
    ];
    for (name, payload) in payloads {
        rows.push(row(
            format!("payload: {name}"),
            token_of_text(&world.rsa, &payload),
            Refused,
        ));
    }
    for header in ["", "null", "[]", "{", "\"RS256\"", "{\"alg\": \"RS256\"} x"] {
        rows.push(row(
            format!("header: {header}"),
            signed(header, &claims),
            Refused,
        ));
    }
    for value in ["[\"b64\"]", "[\"exp\"]", "[]", "null"] {
        rows.push(row(format!("crit {value}"), critical(value), Refused));
    }
    let header = |text: &str| signed(text, &claims);
    rows.extend([
        // The last one counts, as everywhere.
        row(
            "two algorithms",
            header(r#"{"alg":"none","alg":"RS256"}"#),
            accepted("ann"),
        ),
        row(
            "none comes last",
            header(r#"{"alg":"RS256","alg":"none"}"#),
            Refused,
        ),
        row(
            "a header of 20 kB",
            header(&json!({"alg": "RS256", "x": "y".repeat(20_000)}).to_string()),
            Refused,
        ),
    ]);
    rows
}

/// The text of a good token, cut and joined in other ways.
fn reshaped(good: &str) -> Vec<Row> {
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("three parts");
    };
    let standard = signature.replace('-', "+").replace('_', "/");
    assert_ne!(standard, signature, "long enough to have such characters");
    let half = &signature[..signature.len() / 2];
    let texts = [
        ("no signature", format!("{header}.{payload}.")),
        ("no third part", format!("{header}.{payload}")),
        ("no payload", format!("{header}..{signature}")),
        ("no header", format!(".{payload}.{signature}")),
        ("only dots", "..".to_owned()),
        ("four parts", format!("{good}.{signature}")),
        (
            "five parts, as if encrypted",
            format!("{header}.{signature}.{half}.{payload}.{half}"),
        ),
        (
            "half of the signature",
            format!("{header}.{payload}.{half}"),
        ),
        (
            "one byte less",
            format!("{header}.{payload}.{}", &signature[..signature.len() - 2]),
        ),
        ("the signature twice", format!("{good}{signature}")),
        ("padding", format!("{good}==")),
        (
            "padding of the header",
            format!("{header}=.{payload}.{signature}"),
        ),
        (
            "the standard alphabet",
            format!("{header}.{payload}.{standard}"),
        ),
        (
            "in hexadecimal",
            format!("{header}.{payload}.{}", "a7".repeat(256)),
        ),
        ("a dot before", format!(".{good}")),
        ("a dot after", format!("{good}.")),
        ("a space in it", format!("{header}. {payload}.{signature}")),
        ("percent-encoded", good.replace('.', "%2E")),
        ("cut at the end", good[..good.len() - 1].to_owned()),
    ];
    let mut rows: Vec<Row> = texts
        .iter()
        .map(|(name, text)| row(*name, text, Refused))
        .collect();
    rows.extend(trailing_bits(good));
    rows
}

/// 256 bytes leave four bits of the last character unused: they must be zero, or one signature
/// would have sixteen spellings.
fn trailing_bits(good: &str) -> Vec<Row> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (start, last) = good.split_at(good.len() - 1);
    let value = ALPHABET.find(last).unwrap();
    assert_eq!(value % 16, 0);
    let spellings = ALPHABET[value..value + 16].chars().skip(1);
    spellings
        .map(|last| {
            row(
                format!("trailing bits {last}"),
                format!("{start}{last}"),
                Refused,
            )
        })
        .collect()
}

/// Signatures that are right but for their form.
fn resigned(world: &World) -> Vec<Row> {
    let World {
        rsa, p256, ed25519, ..
    } = world;
    let forged = |key: &SigningKey, change: &dyn Fn(Vec<u8>) -> Vec<u8>| {
        world.forged(&header(key), |message| change(key.sign(message)))
    };
    let extended = |mut signature: Vec<u8>| {
        signature.push(0);
        signature
    };
    let led = |signature: Vec<u8>| [vec![0], signature].concat();
    let swapped = |mut signature: Vec<u8>| {
        let half = signature.len() / 2;
        signature.rotate_left(half);
        signature
    };
    let mut rows = vec![row(
        "ECDSA in ASN.1",
        world.forged(&header(p256), |message| p256.sign_asn1(message)),
        Refused,
    )];
    for key in [rsa, p256, ed25519] {
        let name = key.algorithm();
        rows.extend([
            row(
                format!("{name} and a zero"),
                forged(key, &extended),
                Refused,
            ),
            row(format!("{name} after a zero"), forged(key, &led), Refused),
            row(
                format!("{name}, halves swapped"),
                forged(key, &swapped),
                Refused,
            ),
            row(
                format!("{name}, empty"),
                forged(key, &|_| Vec::new()),
                Refused,
            ),
        ]);
    }
    let other = with(world.claims(), "sub", "root");
    let stolen: String = token(rsa, &other).rsplit_once('.').unwrap().1.to_owned();
    let own = token(rsa, &world.claims());
    let moved = format!("{}.{stolen}", own.rsplit_once('.').unwrap().0);
    rows.push(row("the signature of another token", moved, Refused));
    rows
}
