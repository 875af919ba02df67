//! Settings that are JSON: what is wrong with one, said without quoting it.

use serde_json::{Map, Value};

/// Why a setting can not be used. Names the place, never a value: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// Syntax errors of the parser have a position and quote nothing.
pub(crate) fn parse(text: &str) -> Result<Value, ConfigError> {
    serde_json::from_str(text)
        .map_err(|error| ConfigError::new(format!("is not valid JSON: {error}")))
}

pub(crate) fn array<'v>(value: &'v Value, place: &str) -> Result<&'v [Value], ConfigError> {
    let array = value.as_array().map(Vec::as_slice);
    array.ok_or_else(|| wrong_type(place, "an array", value))
}

pub(crate) fn object<'v>(
    value: &'v Value,
    place: &str,
) -> Result<&'v Map<String, Value>, ConfigError> {
    let object = value.as_object();
    object.ok_or_else(|| wrong_type(place, "an object", value))
}

pub(crate) fn string<'v>(value: &'v Value, place: &str) -> Result<&'v str, ConfigError> {
    let text = value.as_str();
    text.ok_or_else(|| wrong_type(place, "a string", value))
}

/// A field that must be there and be a string.
pub(crate) fn field<'v>(
    object: &'v Map<String, Value>,
    name: &str,
    place: &str,
) -> Result<&'v str, ConfigError> {
    let value = object
        .get(name)
        .ok_or_else(|| ConfigError::new(format!("{place} has no field \"{name}\"")))?;
    string(value, &format!("{place}, field \"{name}\","))
}

/// A whole number between two bounds, or `default` if the field is not there.
pub(crate) fn number(
    object: &Map<String, Value>,
    name: &str,
    default: u64,
    range: std::ops::RangeInclusive<u64>,
) -> Result<u64, ConfigError> {
    let Some(value) = object.get(name) else {
        return Ok(default);
    };
    let number = value.as_u64().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        ConfigError::new(format!(
            "field \"{name}\" must be a whole number from {} to {}",
            range.start(),
            range.end()
        ))
    })
}

fn wrong_type(place: &str, expected: &str, value: &Value) -> ConfigError {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a Boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    ConfigError::new(format!("{place} must be {expected} and is {found}"))
}
