//! Claims on PostgreSQL: each question one round trip, to a function of `migrations/log/0002_claims.sql`.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::Row as _;
use sqlx::postgres::types::PgInterval;
use uuid::Uuid;

use super::PostgresLog;
use super::connect::failed;
use super::row::{number, signed, stream};
use crate::error::LogError;
use crate::event::Recorded;
use crate::ports::{Claim, Claims, Verdict};

/// Positions that one sweep looks at.
const SWEPT: u64 = 5_000;
/// Positions among which open events are looked for.
const AMONG: i64 = 2_000;

#[async_trait]
impl Claims for PostgresLog {
    async fn claim(
        &self,
        subscription: &str,
        kinds: &[String],
        event: &Recorded,
        patience: Duration,
    ) -> Result<Verdict, LogError> {
        let holder = Uuid::now_v7();
        let row =
            sqlx::query("SELECT verdict, attempt FROM claim($1, $2, $3, $4, $5, $6, $7, $8, $9)")
                .bind(subscription)
                .bind(event.stream.kind.as_str())
                .bind(event.stream.id.to_string())
                .bind(signed(event.position))
                .bind(signed(event.version))
                .bind(&event.kind)
                .bind(kinds)
                .bind(holder)
                .bind(interval(patience))
                .fetch_one(self.pool())
                .await
                .map_err(failed)?;
        let verdict: &str = row.try_get("verdict").map_err(failed)?;
        Ok(match verdict {
            "mine" => Verdict::Mine(Claim {
                subscription: subscription.to_owned(),
                stream: event.stream,
                position: event.position,
                holder,
                attempt: attempt(&row)?,
            }),
            "handled" => Verdict::Handled,
            "behind" => Verdict::Behind,
            "earlier" => Verdict::Earlier,
            _ => Verdict::Busy,
        })
    }

    async fn claim_requeued(
        &self,
        subscription: &str,
        patience: Duration,
    ) -> Result<Option<Claim>, LogError> {
        let holder = Uuid::now_v7();
        let row = sqlx::query("SELECT kind, id, at, attempt FROM claim_requeued($1, $2, $3)")
            .bind(subscription)
            .bind(holder)
            .bind(interval(patience))
            .fetch_one(self.pool())
            .await
            .map_err(failed)?;
        let none: Option<i32> = row.try_get("attempt").map_err(failed)?;
        if none.is_none() {
            return Ok(None);
        }
        Ok(Some(Claim {
            subscription: subscription.to_owned(),
            stream: stream(&row, "kind", "id")?,
            position: number(&row, "at")?,
            holder,
            attempt: attempt(&row)?,
        }))
    }

    async fn renew(&self, claim: &Claim, patience: Duration) -> Result<bool, LogError> {
        of(claim, "SELECT renew_claim($1, $2, $3, $4, $5, $6)")
            .bind(interval(patience))
            .fetch_one(self.pool())
            .await
            .map_err(failed)
    }

    async fn finish(&self, claim: &Claim) -> Result<bool, LogError> {
        of(claim, "SELECT finish_claim($1, $2, $3, $4, $5)")
            .fetch_one(self.pool())
            .await
            .map_err(failed)
    }

    async fn park(
        &self,
        claim: &Claim,
        kind: &str,
        error: &str,
        attempts: u32,
    ) -> Result<bool, LogError> {
        of(claim, "SELECT park_claim($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(kind.to_owned())
            // PostgreSQL keeps no NUL in a text.
            .bind(error.replace('\0', "\u{fffd}"))
            .bind(i64::from(attempts))
            .fetch_one(self.pool())
            .await
            .map_err(failed)
    }

    async fn give_back(
        &self,
        claim: &Claim,
        pause: Duration,
        counts: bool,
    ) -> Result<bool, LogError> {
        of(claim, "SELECT give_back_claim($1, $2, $3, $4, $5, $6, $7)")
            .bind(interval(pause))
            .bind(counts)
            .fetch_one(self.pool())
            .await
            .map_err(failed)
    }

    async fn sweep(&self, subscription: &str, kinds: &[String]) -> Result<u64, LogError> {
        let mut stood = None;
        loop {
            let row = sqlx::query("SELECT sweep($1, $2, $3) AS reached")
                .bind(subscription)
                .bind(kinds)
                .bind(signed(SWEPT))
                .fetch_one(self.pool())
                .await
                .map_err(failed)?;
            let reached = number(&row, "reached")?;
            // Less than it looked at: something is open, or that was all.
            if stood.is_some_and(|stood| reached < stood + SWEPT) {
                return Ok(reached);
            }
            stood = Some(reached);
        }
    }

    async fn open(
        &self,
        subscription: &str,
        kinds: &[String],
        most: u32,
    ) -> Result<Vec<u64>, LogError> {
        let rows = sqlx::query("SELECT open_events AS position FROM open_events($1, $2, $3, $4)")
            .bind(subscription)
            .bind(kinds)
            .bind(AMONG)
            .bind(i32::try_from(most).unwrap_or(i32::MAX))
            .fetch_all(self.pool())
            .await
            .map_err(failed)?;
        rows.iter().map(|row| number(row, "position")).collect()
    }
}

type Asked<'q> = sqlx::query::QueryScalar<'q, sqlx::Postgres, bool, sqlx::postgres::PgArguments>;

/// A question about a claim: its five parts are the first parameters.
fn of<'q>(claim: &Claim, sql: &'static str) -> Asked<'q> {
    sqlx::query_scalar(sql)
        .bind(claim.subscription.clone())
        .bind(claim.stream.kind.as_str())
        .bind(claim.stream.id.to_string())
        .bind(signed(claim.position))
        .bind(claim.holder)
}

fn attempt(row: &sqlx::postgres::PgRow) -> Result<u32, LogError> {
    let attempt: i32 = row.try_get("attempt").map_err(failed)?;
    Ok(attempt.unsigned_abs())
}

fn interval(time: Duration) -> PgInterval {
    let microseconds = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    PgInterval { months: 0, days: 0, microseconds }
}
