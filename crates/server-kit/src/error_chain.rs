//! Prints an error with all its causes on one line.

use std::error::Error;
use std::fmt;

/// `outer: cause: cause of the cause`, for the log. Messages leave their cause to `source()`,
/// so nothing is said twice.
#[derive(Debug, Clone, Copy)]
pub struct ErrorChain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for ErrorChain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_follow_in_order() {
        let source = std::io::Error::other("disk full");
        let error = crate::Error::Listener {
            service: "ingestion".to_owned(),
            source,
        };
        assert_eq!(
            ErrorChain(&error).to_string(),
            "ingestion can not use the listener it was given: disk full"
        );
    }
}
