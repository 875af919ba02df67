//! A rule that somebody asks for and that may be recorded.

use catalog::NewDenial;

use super::Denials;
use super::condition::Condition;
use super::error::Error;
use crate::caller::Origin;

/// Length of the reason.
const REASON_BYTES_MAX: usize = 1024;

#[derive(Debug)]
pub(crate) struct Proposal {
    pub(super) new: NewDenial,
    pub(super) condition: Condition,
}

impl Denials {
    /// Find a rule acceptable, without recording it.
    pub fn propose(
        &self,
        match_expr: &str,
        reason: &str,
        caller: Option<&Origin>,
    ) -> Result<Proposal, Error> {
        let created_by = caller
            .and_then(|origin| origin.user_id.as_deref())
            .filter(|user| !user.trim().is_empty())
            .ok_or(Error::NoIdentity)?;
        if reason.trim().is_empty() {
            return Err(Error::BlankReason);
        }
        if reason.len() > REASON_BYTES_MAX {
            return Err(Error::LongReason {
                bytes: reason.len(),
                max: REASON_BYTES_MAX,
            });
        }
        let condition = Condition::compile(&self.session, match_expr)?;
        let new = NewDenial {
            created_by: created_by.to_owned(),
            reason: reason.to_owned(),
            match_expr: match_expr.to_owned(),
        };
        Ok(Proposal { new, condition })
    }
}
