//! The environment of the process, read once.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::str::FromStr;

use crate::Problems;

/// A copy of the environment variables. Values may be secrets: they are neither printed nor quoted
/// in problems.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// The variables of this process, as they are now.
    pub fn of_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// `None` if it is not set; a problem if it is set to something that can not be a value.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Problems> {
        let Some(value) = self.0.get(name.as_ref() as &std::ffi::OsStr) else {
            return Ok(None);
        };
        match value.to_str() {
            None => Err(Problems::one(format!("{name} is not valid Unicode"))),
            Some("") => Err(Problems::one(format!(
                "{name} is set but empty; give it a value or unset it"
            ))),
            Some(text) => Ok(Some(text)),
        }
    }

    /// `expected` completes the sentence "NAME must be …".
    pub fn parsed<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>, Problems> {
        let text = self.text(name)?;
        text.map(|text| {
            let malformed = || Problems::one(format!("{name} must be {expected}"));
            text.parse().map_err(|_| malformed())
        })
        .transpose()
    }

    /// The variables whose names start with one of `prefixes`. What is not Unicode is no option of
    /// anything and is left out.
    pub fn with_prefixes(&self, prefixes: &[&str]) -> Vec<(String, String)> {
        let texts = self.0.iter().filter_map(|(name, value)| {
            let (name, value) = (name.to_str()?, value.to_str()?);
            Some((name.to_owned(), value.to_owned()))
        });
        texts
            .filter(|(name, _)| prefixes.iter().any(|prefix| name.starts_with(prefix)))
            .collect()
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter();
        Self(
            variables
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
