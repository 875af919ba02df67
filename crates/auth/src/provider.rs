//! One way to prove who one is.

use std::fmt;

use async_trait::async_trait;

use crate::{BearerError, Caller, RequestView};

/// A way to authenticate. Those of this crate are [`crate::ApiKeys`] and [`crate::Oidc`]; a
/// deployment can put others into the same [`crate::Authenticator`].
#[async_trait]
pub trait Provider: fmt::Debug + Send + Sync {
    /// For the log.
    fn name(&self) -> &'static str;

    /// # Errors
    /// The request proves nothing to this provider, or the provider can not tell now.
    async fn authenticate(&self, request: &RequestView<'_>) -> Result<Caller, Rejection>;
}

/// Why a caller is not known. The text is for the log: clients are told the kind only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    reason: String,
    is_outage: bool,
}

impl Rejection {
    /// The credential is missing or wrong; sending it again will not help.
    pub fn refused(reason: impl fmt::Display) -> Self {
        Self {
            reason: reason.to_string(),
            is_outage: false,
        }
    }

    /// The credential could not be checked; sending it again later may help.
    pub fn unavailable(reason: impl fmt::Display) -> Self {
        Self {
            reason: reason.to_string(),
            is_outage: true,
        }
    }

    pub fn is_outage(&self) -> bool {
        self.is_outage
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Rejection {}

impl From<BearerError> for Rejection {
    fn from(error: BearerError) -> Self {
        Self::refused(error)
    }
}
