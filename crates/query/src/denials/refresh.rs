//! Keeping the rules here and those of the catalog the same.

use std::sync::Arc;
use std::time::Duration;

use catalog::StoredDenial;
use datafusion::common::runtime::SpawnedTask;
use tokio::time::MissedTickBehavior;

use super::Denials;
use super::condition::Condition;
use super::rule::Rule;

/// A shorter interval would only load the catalog, and a longer one is as good as none.
const INTERVAL_MIN: Duration = Duration::from_millis(1);
const INTERVAL_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Refresh at once and then every `interval`, until the task is dropped.
pub(crate) fn keep_fresh(denials: Arc<Denials>, interval: Duration) -> SpawnedTask<()> {
    SpawnedTask::spawn(async move {
        let mut ticks = tokio::time::interval(interval.clamp(INTERVAL_MIN, INTERVAL_MAX));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = denials.refresh().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the query denials can not be refreshed, those known stay in force"
                );
            }
        }
    })
}

impl Denials {
    /// Tell the catalog of hits, then take over its rules.
    async fn refresh(&self) -> catalog::Result<()> {
        let _changing = self.changing.lock().await;
        let recorded = self.record_hits().await;
        let stored = self.catalog.denials().await?;
        let known = self.rules();
        let rules = stored
            .iter()
            .filter_map(|stored| known_rule(&known, stored).or_else(|| self.compiled(stored)));
        self.install(rules.collect());
        recorded
    }

    async fn record_hits(&self) -> catalog::Result<()> {
        let rules = self.rules();
        let unrecorded = rules.iter().filter_map(|rule| rule.unrecorded_hit());
        let hits: Vec<_> = unrecorded.collect();
        self.catalog.record_denial_hits(&hits).await?;
        for rule in rules.iter() {
            if let Some((_, time)) = hits.iter().find(|(id, _)| *id == rule.id()) {
                rule.recorded_hit(*time);
            }
        }
        Ok(())
    }

    fn compiled(&self, stored: &StoredDenial) -> Option<Arc<Rule>> {
        match Condition::compile(&self.session, &stored.match_expr) {
            Ok(condition) => Some(Arc::new(Rule::new(stored, condition))),
            Err(error) => {
                tracing::warn!(
                    rule_id = %stored.rule_id,
                    error = &error as &dyn std::error::Error,
                    "a query denial is not understood, so it denies nothing"
                );
                None
            }
        }
    }
}

/// A rule never changes, so it is compiled once.
fn known_rule(known: &[Arc<Rule>], stored: &StoredDenial) -> Option<Arc<Rule>> {
    let rule = known.iter().find(|rule| rule.id() == stored.rule_id)?;
    rule.renew();
    Some(Arc::clone(rule))
}
