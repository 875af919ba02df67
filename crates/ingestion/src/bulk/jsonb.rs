//! Reads properties from a JSONB document: hostile bytes in, texts out.
//!
//! Properties are an object of strings. What other servers may have put there besides is taken
//! in the text form that a query shows: scalars and nested values as JSON text, null as absent.

use model::Properties;
use wire::envelope::MAX_PROPERTIES;

/// Deepest nesting inside of a property.
const DEPTH_MAX: usize = 32;

/// Why bytes are no properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidProperties {
    #[error("not a JSONB document")]
    Malformed,
    #[error("not a JSONB object")]
    NotAnObject,
    #[error("nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    #[error("more than {MAX_PROPERTIES} properties")]
    TooMany,
}

use InvalidProperties::{Malformed, NotAnObject, TooDeep, TooMany};

type Result<T> = std::result::Result<T, InvalidProperties>;

/// The members of an object.
pub(super) fn properties(bytes: &[u8]) -> Result<Properties> {
    let Container::Object(members) = container(bytes)? else {
        return Err(NotAnObject);
    };
    if members.len() > MAX_PROPERTIES {
        return Err(TooMany);
    }
    let mut properties = Properties::new();
    for (key, value) in members {
        let text = match value.kind {
            NULL => continue,
            STRING => text(value.body)?.to_owned(),
            _ => {
                let mut json = String::new();
                write_value(&mut json, value, 0)?;
                json
            }
        };
        properties.insert(key.to_owned(), text);
    }
    Ok(properties)
}

const ARRAY: u32 = 0x8000_0000;
const OBJECT: u32 = 0x4000_0000;
const SCALAR: u32 = 0x2000_0000;
const COUNT: u32 = 0x1fff_ffff;

const NULL: u32 = 0x0000_0000;
const STRING: u32 = 0x1000_0000;
const NUMBER: u32 = 0x2000_0000;
const FALSE: u32 = 0x3000_0000;
const TRUE: u32 = 0x4000_0000;
const CONTAINER: u32 = 0x5000_0000;
const LENGTH: u32 = 0x0fff_ffff;

#[derive(Debug, Clone, Copy)]
struct Entry<'a> {
    kind: u32,
    body: &'a [u8],
}

enum Container<'a> {
    Scalar,
    Array(Vec<Entry<'a>>),
    Object(Vec<(&'a str, Entry<'a>)>),
}

/// A header, one entry per key and value, then the bodies in the order of the entries.
fn container(bytes: &[u8]) -> Result<Container<'_>> {
    let (header, rest) = split_u32(bytes)?;
    let count = (header & COUNT) as usize;
    match header & !COUNT {
        ARRAY => Ok(Container::Array(entries(count, rest)?)),
        OBJECT => {
            let all = entries(2 * count, rest)?;
            let (keys, values) = all.split_at(count);
            let members = keys.iter().zip(values).map(|(key, value)| {
                if key.kind == STRING {
                    Ok((text(key.body)?, *value))
                } else {
                    Err(Malformed)
                }
            });
            Ok(Container::Object(members.collect::<Result<_>>()?))
        }
        SCALAR => Ok(Container::Scalar),
        _ => Err(Malformed),
    }
}

fn entries(count: usize, bytes: &[u8]) -> Result<Vec<Entry<'_>>> {
    let head = count.checked_mul(4).ok_or(Malformed)?;
    let (head, mut bodies) = bytes.split_at_checked(head).ok_or(Malformed)?;
    let mut entries = Vec::with_capacity(count);
    for entry in head.as_chunks::<4>().0 {
        let entry = u32::from_be_bytes(*entry);
        let length = (entry & LENGTH) as usize;
        let (body, after) = bodies.split_at_checked(length).ok_or(Malformed)?;
        let kind = entry & !LENGTH;
        entries.push(Entry { kind, body });
        bodies = after;
    }
    if bodies.is_empty() {
        Ok(entries)
    } else {
        Err(Malformed)
    }
}

fn write_value(json: &mut String, value: Entry<'_>, depth: usize) -> Result<()> {
    match value.kind {
        NULL => json.push_str("null"),
        FALSE => json.push_str("false"),
        TRUE => json.push_str("true"),
        STRING => push_quoted(json, text(value.body)?),
        NUMBER => json.push_str(&number(value.body)?),
        CONTAINER if depth >= DEPTH_MAX => return Err(TooDeep),
        CONTAINER => write_container(json, value.body, depth + 1)?,
        _ => return Err(Malformed),
    }
    Ok(())
}

fn write_container(json: &mut String, bytes: &[u8], depth: usize) -> Result<()> {
    let mut separator = "";
    match container(bytes)? {
        Container::Scalar => return Err(Malformed),
        Container::Array(items) => {
            json.push('[');
            for item in items {
                json.push_str(separator);
                write_value(json, item, depth)?;
                separator = ",";
            }
            json.push(']');
        }
        Container::Object(members) => {
            json.push('{');
            for (key, value) in members {
                json.push_str(separator);
                push_quoted(json, key);
                json.push(':');
                write_value(json, value, depth)?;
                separator = ",";
            }
            json.push('}');
        }
    }
    Ok(())
}

fn push_quoted(json: &mut String, text: &str) {
    json.push_str(&serde_json::to_string(text).expect("a text is JSON"));
}

/// A kind, then the shortest big-endian form.
fn number(body: &[u8]) -> Result<String> {
    let (kind, digits) = body.split_first().ok_or(Malformed)?;
    match (kind, digits.len()) {
        (0x00, 0) => Ok("0".to_owned()),
        // JSON has neither NaN nor infinities.
        (0x10 | 0x20 | 0x30, 0) => Ok("null".to_owned()),
        (0x40, 1 | 2 | 4 | 8) => Ok(signed(digits).to_string()),
        (0x50, 1 | 2 | 4 | 8) => Ok(unsigned(digits).to_string()),
        (0x60, 8) => {
            let float = f64::from_be_bytes(digits.try_into().map_err(|_| Malformed)?);
            let number = serde_json::Number::from_f64(float);
            Ok(number.map_or_else(|| "null".to_owned(), |number| number.to_string()))
        }
        // Digits, and how many of them are behind the point.
        (0x70, 9 | 17) => {
            let (scale, digits) = digits.split_last().ok_or(Malformed)?;
            Ok(decimal(signed(digits), usize::from(*scale)))
        }
        _ => Err(Malformed),
    }
}

fn unsigned(digits: &[u8]) -> u128 {
    let digits = digits.iter();
    digits.fold(0, |number, digit| number << 8 | u128::from(*digit))
}

/// Of at most 16 bytes.
fn signed(digits: &[u8]) -> i128 {
    let unused = 128 - 8 * u32::try_from(digits.len()).unwrap_or(16).min(16);
    (unsigned(digits) << unused).cast_signed() >> unused
}

fn decimal(digits: i128, scale: usize) -> String {
    let sign = if digits < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", digits.unsigned_abs(), width = scale + 1);
    match digits.split_at(digits.len() - scale) {
        (whole, "") => format!("{sign}{whole}"),
        (whole, fraction) => format!("{sign}{whole}.{fraction}"),
    }
}

fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| Malformed)
}

fn split_u32(bytes: &[u8]) -> Result<(u32, &[u8])> {
    let (head, rest) = bytes.split_first_chunk().ok_or(Malformed)?;
    Ok((u32::from_be_bytes(*head), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jsonb(json: &str) -> Vec<u8> {
        jsonb::parse_owned_jsonb_standard_mode(json.as_bytes())
            .unwrap()
            .to_vec()
    }

    #[test]
    fn values_become_the_texts_that_queries_show() {
        for (json, expected) in [
            (r#""text é""#, Some("text é")),
            (r#""""#, Some("")),
            ("null", None),
            ("true", Some("true")),
            ("false", Some("false")),
            ("0", Some("0")),
            ("7", Some("7")),
            ("-129", Some("-129")),
            ("18446744073709551615", Some("18446744073709551615")),
            ("1.5", Some("1.5")),
            ("-0.05", Some("-0.05")),
            ("1e300", Some("1e+300")),
            (r#"[1, "a\"b", null, []]"#, Some(r#"[1,"a\"b",null,[]]"#)),
            (r#"{"x": {"y": true}}"#, Some(r#"{"x":{"y":true}}"#)),
        ] {
            let document = jsonb(&format!(r#"{{"p": {json}}}"#));
            let properties = properties(&document).unwrap();
            assert_eq!(properties.get("p").map(String::as_str), expected, "{json}");
            let shown = jsonb::RawJsonb::new(&document).to_string();
            if let Some(expected) = expected.filter(|_| !json.starts_with('"')) {
                assert_eq!(shown, format!(r#"{{"p":{expected}}}"#));
            }
        }
        assert_eq!(properties(&jsonb("{}")), Ok(Properties::new()));
    }

    #[test]
    fn decimals_have_their_point() {
        let stored = |digits: &[u8], scale: u8| [&[0x70], digits, &[scale]].concat();
        for (body, expected) in [
            (stored(&150_i64.to_be_bytes(), 2), Ok("1.50")),
            (stored(&(-5_i64).to_be_bytes(), 2), Ok("-0.05")),
            (stored(&7_i128.to_be_bytes(), 0), Ok("7")),
            (stored(&7_i32.to_be_bytes(), 0), Err(Malformed)),
        ] {
            assert_eq!(number(&body), expected.map(str::to_owned));
        }
    }

    #[test]
    fn other_documents_are_refused() {
        let deep = format!(r#"{{"p": {}1{}}}"#, "[".repeat(40), "]".repeat(40));
        for (document, expected) in [
            (jsonb("[]"), NotAnObject),
            (jsonb("1"), NotAnObject),
            (jsonb(&deep), TooDeep),
            (Vec::new(), Malformed),
            (b"{\"p\":1}".to_vec(), Malformed),
            (vec![0x40, 0, 0, 1], Malformed),
            (vec![0x5f, 0xff, 0xff, 0xff], Malformed),
        ] {
            assert_eq!(properties(&document), Err(expected), "{document:?}");
        }
    }

    /// Every byte of a document in every state that one changed bit can bring.
    #[test]
    fn damaged_documents_do_no_harm() {
        let document = jsonb(r#"{"a": "b", "c": [1, -2.5, {"d": null}], "e": 1e300}"#);
        for end in 0..document.len() {
            assert!(properties(&document[..end]).is_err());
        }
        for bit in 0..document.len() * 8 {
            let mut damaged = document.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let _ = properties(&damaged);
        }
    }
}
