//! The deny list: queries that match a rule of it are refused before they are planned.
//!
//! The catalog holds the rules, and every process a compiled copy of them that it renews in
//! the background, so no query waits for the catalog. What can not be read or evaluated
//! denies nothing.

mod attributes;
mod condition;
mod error;
mod proposal;
mod refresh;
mod rule;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use catalog::{Catalog, StoredDenial};
use datafusion::execution::session_state::SessionState;
use model::{DenialId, TimeNs};
use tokio::sync::Mutex;

use crate::caller::Access;
use crate::error::QueryError;
use crate::plan::QueryRequest;
use crate::sql_hash::sql_hash;

use rule::Rule;

pub(crate) use proposal::Proposal;
pub(crate) use refresh::keep_fresh;

pub(crate) const DENY_QUERIES: &str = "deny_queries";
pub(crate) const LIST_QUERY_DENIALS: &str = "list_query_denials";
pub(crate) const REMOVE_QUERY_DENIAL: &str = "remove_query_denial";

/// The rules as this process knows them.
pub(crate) struct Denials {
    catalog: Catalog,
    /// What expressions may call: the functions of every caller.
    session: Arc<SessionState>,
    /// Oldest first.
    rules: RwLock<Arc<[Arc<Rule>]>>,
    /// Held while the catalog's rules and those here change or are compared, so that a slow
    /// reading never undoes a newer change.
    changing: Mutex<()>,
}

impl Denials {
    /// Without rules until the first [`Self::refresh`].
    pub fn new(catalog: Catalog, session: Arc<SessionState>) -> Self {
        Self {
            catalog,
            session,
            rules: RwLock::new(Arc::new([])),
            changing: Mutex::new(()),
        }
    }

    /// Refuse the query if a rule says so.
    pub fn check(&self, request: &QueryRequest) -> Result<(), QueryError> {
        let rules = self.rules();
        if rules.is_empty() || is_exempt(request) {
            return Ok(());
        }
        let hash = sql_hash(&request.sql);
        let row = attributes::row(&request.origin, &request.sql, &hash);
        let Some(rule) = rules.iter().find(|rule| rule.matches(&row)) else {
            return Ok(());
        };
        rule.hit(self.catalog.clock().now());
        let origin = &request.origin;
        tracing::warn!(
            rule_id = %rule.id(),
            reason = rule.reason(),
            sql_hash = hash,
            user = origin.user_id,
            email = origin.email,
            client = origin.client,
            entrypoint = origin.entrypoint,
            client_ip = origin.client_ip,
            "query denied"
        );
        Err(rule.refusal())
    }

    /// Record a rule; it applies here from now on, and elsewhere after the next refresh there.
    /// Returns when it was recorded, and as what.
    pub async fn create(&self, proposal: &Proposal) -> catalog::Result<(TimeNs, DenialId)> {
        let _changing = self.changing.lock().await;
        let stored = self.catalog.insert_denial(proposal.new.clone()).await?;
        let rule = Arc::new(Rule::new(&stored, proposal.condition.clone()));
        let mut rules = self.rules().to_vec();
        rules.push(rule);
        rules.sort_by_key(|rule| rule.age());
        self.install(rules);
        tracing::info!(
            rule_id = %stored.rule_id,
            created_by = stored.created_by,
            reason = stored.reason,
            match_expr = stored.match_expr,
            "query denial created"
        );
        Ok((stored.created_at, stored.rule_id))
    }

    /// Every rule of the catalog, oldest first. Hits show after the refresh that follows them.
    pub async fn list(&self) -> catalog::Result<Vec<StoredDenial>> {
        self.catalog.denials().await
    }

    /// Whether there was such a rule. It does not apply here any more.
    pub async fn remove(&self, id: DenialId) -> catalog::Result<bool> {
        let _changing = self.changing.lock().await;
        let removed = self.catalog.remove_denial(id).await?;
        let mut rules = self.rules().to_vec();
        rules.retain(|rule| rule.id() != id);
        self.install(rules);
        if removed {
            tracing::info!(rule_id = %id, "query denial removed");
        }
        Ok(removed)
    }

    fn rules(&self) -> Arc<[Arc<Rule>]> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn install(&self, rules: Vec<Arc<Rule>>) {
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules.into();
    }
}

impl fmt::Debug for Denials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Denials")
            .field("catalog", &self.catalog)
            .field("rules", &self.rules().len())
            .finish_non_exhaustive()
    }
}

/// Whatever the rules say, administrators can lift them.
fn is_exempt(request: &QueryRequest) -> bool {
    request.access == Access::Administrator && {
        let sql = request.sql.to_ascii_lowercase();
        [DENY_QUERIES, LIST_QUERY_DENIALS, REMOVE_QUERY_DENIAL]
            .iter()
            .any(|name| sql.contains(name))
    }
}
