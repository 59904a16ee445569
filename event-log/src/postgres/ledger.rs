//! The ledger on PostgreSQL: accounts are locked in one order, so that several processes stay within a budget and none
//! waits for another for ever.

use async_trait::async_trait;
use sqlx::{PgConnection, Row as _};

use super::PostgresLog;
use super::connect::failed;
use super::row::{number, signed};
use crate::error::LogError;
use crate::ports::{Account, Amount, Ledger};

#[async_trait]
impl Ledger for PostgresLog {
    async fn book(&self, accounts: &[Account], amount: Amount) -> Result<Option<String>, LogError> {
        let mut tx = self.pool().begin().await.map_err(failed)?;
        for account in in_order(accounts) {
            let booked = locked(&mut tx, &account.name).await?;
            if account.refuses(booked, amount) {
                return Ok(Some(account.name.clone()));
            }
            add(&mut tx, &account.name, signed(amount.tokens), signed(amount.micro_usd)).await?;
        }
        tx.commit().await.map_err(failed)?;
        Ok(None)
    }

    async fn correct(
        &self,
        accounts: &[Account],
        booked: Amount,
        spent: Amount,
    ) -> Result<(), LogError> {
        let difference = |spent: u64, booked: u64| signed(spent).saturating_sub(signed(booked));
        let tokens = difference(spent.tokens, booked.tokens);
        let micro_usd = difference(spent.micro_usd, booked.micro_usd);
        let mut tx = self.pool().begin().await.map_err(failed)?;
        for account in in_order(accounts) {
            locked(&mut tx, &account.name).await?;
            add(&mut tx, &account.name, tokens, micro_usd).await?;
        }
        tx.commit().await.map_err(failed)
    }

    async fn booked(&self, account: &str) -> Result<Amount, LogError> {
        let row = sqlx::query("SELECT tokens, micro_usd FROM ledger WHERE account = $1")
            .bind(account)
            .fetch_optional(self.pool())
            .await
            .map_err(failed)?;
        row.map_or(Ok(Amount::default()), |row| {
            Ok(Amount { tokens: number(&row, "tokens")?, micro_usd: number(&row, "micro_usd")? })
        })
    }
}

fn in_order(accounts: &[Account]) -> Vec<&Account> {
    let mut accounts: Vec<&Account> = accounts.iter().collect();
    accounts.sort_by(|a, b| a.name.cmp(&b.name));
    accounts
}

/// What is booked on an account, which is nobody else's until the transaction ends.
async fn locked(connection: &mut PgConnection, account: &str) -> Result<Amount, LogError> {
    let row = sqlx::query(
        "INSERT INTO ledger AS l VALUES ($1, 0, 0) ON CONFLICT (account) \
         DO UPDATE SET tokens = l.tokens RETURNING tokens, micro_usd",
    )
    .bind(account)
    .fetch_one(connection)
    .await
    .map_err(failed)?;
    let amount = |column: &str| {
        let value: i64 = row.try_get(column).map_err(failed)?;
        Ok::<_, LogError>(value.unsigned_abs())
    };
    Ok(Amount { tokens: amount("tokens")?, micro_usd: amount("micro_usd")? })
}

async fn add(
    connection: &mut PgConnection,
    account: &str,
    tokens: i64,
    micro_usd: i64,
) -> Result<(), LogError> {
    sqlx::query(
        "UPDATE ledger SET tokens = GREATEST(0, tokens + $2), micro_usd = GREATEST(0, micro_usd + $3) \
         WHERE account = $1",
    )
    .bind(account)
    .bind(tokens)
    .bind(micro_usd)
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}
