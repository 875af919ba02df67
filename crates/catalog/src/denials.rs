//! The rules of the query deny list. What an expression means is the reader's business.

use model::{DenialId, TimeNs};
use uuid::Uuid;

use crate::row::id;
use crate::sql::Statement;
use crate::text::{name, without_nul};
use crate::{Catalog, Error, NewDenial, Result, StoredDenial};

/// Rules at one time.
const RULES_MAX: u32 = 100;

#[derive(sqlx::FromRow)]
struct DenialRow {
    rule_id: Vec<u8>,
    created_at: i64,
    created_by: String,
    reason: String,
    match_expr: String,
    last_hit_at: Option<i64>,
}

impl Catalog {
    /// Record a rule under a new id. Creation times are those of the commit clock, so that
    /// rules have one order whichever process made them; its lock also makes the count exact.
    ///
    /// # Errors
    /// [`Error::TooManyDenials`] when a hundred rules exist.
    pub async fn insert_denial(&self, new: NewDenial) -> Result<StoredDenial> {
        const INSERTING: &str = "inserting a query denial";
        let mut transaction = self.database().begin(INSERTING).await?;
        let time = self.tick(&mut transaction).await?;
        let count = Statement::new("SELECT COUNT(*) FROM query_denials");
        let (rules,): (i64,) = transaction.fetch_one(INSERTING, count).await?;
        if rules >= i64::from(RULES_MAX) {
            transaction.rollback(INSERTING).await?;
            return Err(Error::TooManyDenials { limit: RULES_MAX });
        }
        let denial = StoredDenial {
            rule_id: DenialId::new(Uuid::new_v4()),
            created_at: time.0,
            created_by: name(&new.created_by),
            reason: without_nul(&new.reason).into_owned(),
            match_expr: without_nul(&new.match_expr).into_owned(),
            last_hit_at: None,
        };
        transaction.execute(INSERTING, insert(&denial)).await?;
        transaction.commit(INSERTING).await?;
        Ok(denial)
    }

    /// Every rule, oldest first.
    pub async fn denials(&self) -> Result<Vec<StoredDenial>> {
        let statement = Statement::new(
            "SELECT rule_id, created_at, created_by, reason, match_expr, last_hit_at
             FROM query_denials ORDER BY created_at, rule_id",
        );
        let rows: Vec<DenialRow> = self
            .database()
            .fetch_all("listing query denials", statement)
            .await?;
        rows.into_iter().map(StoredDenial::try_from).collect()
    }

    /// Whether there was such a rule.
    pub async fn remove_denial(&self, rule_id: DenialId) -> Result<bool> {
        const REMOVING: &str = "removing a query denial";
        let statement = Statement::new("DELETE FROM query_denials WHERE rule_id = $1");
        let mut transaction = self.database().begin(REMOVING).await?;
        let removed = transaction
            .execute(REMOVING, statement.bind(rule_id.as_bytes()))
            .await?;
        transaction.commit(REMOVING).await?;
        Ok(removed == 1)
    }

    /// Remember when rules last refused a query. A time never moves back; a rule that is
    /// gone is passed over.
    pub async fn record_denial_hits(&self, hits: &[(DenialId, TimeNs)]) -> Result<()> {
        const RECORDING: &str = "recording hits of query denials";
        if hits.is_empty() {
            return Ok(());
        }
        // In one order everywhere: two processes that lock the same rows do not deadlock.
        let mut hits = hits.to_vec();
        hits.sort_unstable();
        let mut transaction = self.database().begin(RECORDING).await?;
        for (rule_id, time) in hits {
            let statement = Statement::new(
                "UPDATE query_denials SET last_hit_at = $2
                 WHERE rule_id = $1 AND (last_hit_at IS NULL OR last_hit_at < $2)",
            );
            let statement = statement.bind(rule_id.as_bytes()).bind(time);
            transaction.execute(RECORDING, statement).await?;
        }
        transaction.commit(RECORDING).await
    }
}

fn insert(denial: &StoredDenial) -> Statement {
    Statement::new(
        "INSERT INTO query_denials (rule_id, created_at, created_by, reason, match_expr)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(denial.rule_id.as_bytes())
    .bind(denial.created_at)
    .bind(denial.created_by.as_str())
    .bind(denial.reason.as_str())
    .bind(denial.match_expr.as_str())
}

impl TryFrom<DenialRow> for StoredDenial {
    type Error = Error;

    fn try_from(row: DenialRow) -> Result<Self> {
        Ok(Self {
            rule_id: id(&row.rule_id)?,
            created_at: row.created_at,
            created_by: row.created_by,
            reason: row.reason,
            match_expr: row.match_expr,
            last_hit_at: row.last_hit_at,
        })
    }
}
