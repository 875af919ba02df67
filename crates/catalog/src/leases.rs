//! Leases: one holder at a time, for a limited time.

use std::time::Duration;

use crate::sql::Statement;
use crate::text::without_nul;
use crate::{Catalog, Result};

impl Catalog {
    /// Take or renew the lease `name` for `holder`; false when somebody else holds it.
    ///
    /// A lease that is not renewed within `time_to_live` may be taken by anybody. The
    /// time is the caller's wall clock: keep it well above the clock differences
    /// between the machines.
    pub async fn acquire_lease(
        &self,
        name: &str,
        holder: &str,
        time_to_live: Duration,
    ) -> Result<bool> {
        const ACQUIRING: &str = "acquiring a lease";
        let now = self.clock().now();
        let time_to_live = i64::try_from(time_to_live.as_nanos()).unwrap_or(i64::MAX);
        let statement = Statement::new(
            "INSERT INTO leases (name, holder, expires) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE
             SET holder = excluded.holder, expires = excluded.expires
             WHERE leases.holder = excluded.holder OR leases.expires <= $4",
        )
        .bind(without_nul(name).into_owned())
        .bind(without_nul(holder).into_owned())
        .bind(now.saturating_add(time_to_live))
        .bind(now);
        let mut transaction = self.database().begin(ACQUIRING).await?;
        let changed = transaction.execute(ACQUIRING, statement).await?;
        transaction.commit(ACQUIRING).await?;
        Ok(changed == 1)
    }

    /// Give the lease back; nothing happens when `holder` does not hold it.
    pub async fn release_lease(&self, name: &str, holder: &str) -> Result<()> {
        const RELEASING: &str = "releasing a lease";
        let statement = Statement::new("DELETE FROM leases WHERE name = $1 AND holder = $2")
            .bind(without_nul(name).into_owned())
            .bind(without_nul(holder).into_owned());
        let mut transaction = self.database().begin(RELEASING).await?;
        transaction.execute(RELEASING, statement).await?;
        transaction.commit(RELEASING).await
    }
}
