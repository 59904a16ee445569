//! Leases: a role that only one may hold, and an epoch that tells an older holder from the present one.

use std::time::Duration;

use sqlx::PgPool;
use uuid::Uuid;

use super::connect::failed;
use crate::error::LogError;

/// How long a lease lasts; a holder that was killed or frozen is replaced after this.
pub(super) const LASTS: Duration = Duration::from_secs(2);

/// One candidate for a role. By the database's clock alone: what this machine's clock says does not matter.
pub struct Lease {
    pool: PgPool,
    name: &'static str,
    holder: Uuid,
}

impl Lease {
    /// A candidate for the role of this name.
    pub fn new(pool: PgPool, name: &'static str) -> Self {
        Self { pool, name, holder: Uuid::now_v7() }
    }

    /// Takes the lease or holds it on, and answers its epoch; `None` while another has it.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `IO`.
    pub async fn hold(&self) -> Result<Option<i64>, LogError> {
        sqlx::query_scalar("SELECT take_lease($1, $2, make_interval(secs => $3))")
            .bind(self.name)
            .bind(self.holder)
            .bind(LASTS.as_secs_f64())
            .fetch_one(&self.pool)
            .await
            .map_err(failed)
    }

    /// Lets go, so that another need not wait for it to run out.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `IO`.
    pub async fn release(&self) -> Result<(), LogError> {
        // The row stays: the epoch in it must never go down.
        let sql = "UPDATE leases SET until = clock_timestamp() - interval '1 second' \
                   WHERE name = $1 AND holder = $2";
        sqlx::query(sql)
            .bind(self.name)
            .bind(self.holder)
            .execute(&self.pool)
            .await
            .map_err(failed)?;
        Ok(())
    }
}
