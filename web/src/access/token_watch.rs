//! Noticing that another process has changed the tokens.

use std::time::Duration;

use event_log::LogError;
use event_log::sql::{Dialect, Listening, Pool, query};
use tokio::sync::watch;

use super::tokens::NAME;

/// How often is looked when nothing is heard.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Notices when another process changes the tokens.
pub struct TokenWatch {
    pool: Pool,
    listening: Listening,
    seen: (i64, i64),
    changed: watch::Sender<u64>,
}

impl TokenWatch {
    pub(super) async fn begin(pool: &Pool, changed: watch::Sender<u64>) -> Result<Self, LogError> {
        let (pool, listening) = (pool.clone(), pool.listen(NAME));
        let seen = standing(&pool).await?;
        Ok(Self { pool, listening, seen, changed })
    }

    /// Looks once.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `IO`.
    pub async fn look(&mut self) -> Result<(), LogError> {
        let now = standing(&self.pool).await?;
        if std::mem::replace(&mut self.seen, now) != now {
            self.changed.send_modify(|n| *n += 1);
        }
        Ok(())
    }

    /// Looks for ever. A server that cannot be reached is asked again.
    ///
    /// # Errors
    /// `IO`.
    pub async fn run(mut self) -> Result<(), LogError> {
        loop {
            self.listening.heard(LOOK_EVERY).await;
            match self.look().await {
                Err(LogError::Unavailable(why)) if self.pool.dialect() == Dialect::Postgres => {
                    tracing::warn!(
                        why,
                        "revoked tokens are not noticed until the database is back"
                    );
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                looked => looked?,
            }
        }
    }
}

/// How many tokens there are, and how many of them are revoked: neither ever goes down, and no change leaves both
/// as they were.
async fn standing(pool: &Pool) -> Result<(i64, i64), LogError> {
    let sql = "SELECT COUNT(*) AS issued, COUNT(revoked_at) AS revoked FROM tokens";
    let row = query(sql).fetch_one(pool).await?;
    Ok((row.get("issued")?, row.get("revoked")?))
}
