//! Everything that is wrong with the settings, reported together.

use std::fmt;

/// One sentence per problem, naming the flag or variable and never quoting what may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems(Vec<String>);

impl Problems {
    pub fn one(sentence: impl Into<String>) -> Self {
        Self(vec![sentence.into()])
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Two blocks may find the same problem; it is told once.
    fn extend(&mut self, more: Self) {
        for problem in more.0 {
            if !self.0.contains(&problem) {
                self.0.push(problem);
            }
        }
    }

    /// The value of `result`; its problems are added to these.
    pub fn take<T>(&mut self, result: Result<T, Self>) -> Option<T> {
        result.map_err(|more| self.extend(more)).ok()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings can not be used")?;
        for problem in &self.0 {
            write!(f, "\n  - {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// All values, or the problems of all blocks.
///
/// # Errors
/// At least one of `results` is an error.
pub fn gather<G: Gather>(results: G) -> Result<G::Values, Problems> {
    results.gather()
}

/// A tuple of results.
pub trait Gather {
    type Values;
    fn gather(self) -> Result<Self::Values, Problems>;
}

macro_rules! gather_tuple {
    ($($value:ident),+) => {
        impl<$($value),+> Gather for ($(Result<$value, Problems>,)+) {
            type Values = ($($value,)+);

            #[allow(non_snake_case, reason = "type parameters double as variables")]
            fn gather(self) -> Result<Self::Values, Problems> {
                let ($($value,)+) = self;
                let mut problems = Problems::default();
                $(let $value = problems.take($value);)+
                match ($($value,)+) {
                    ($(Some($value),)+) => Ok(($($value,)+)),
                    _ => Err(problems),
                }
            }
        }
    };
}

gather_tuple!(A, B);
gather_tuple!(A, B, C);
gather_tuple!(A, B, C, D);
gather_tuple!(A, B, C, D, E);
gather_tuple!(A, B, C, D, E, F);
gather_tuple!(A, B, C, D, E, F, G);
gather_tuple!(A, B, C, D, E, F, G, H);
