//! The ledger on SQLite: one writer, so that what is read in a transaction still holds when it is written.

use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::row::{number, signed};
use super::{SqliteLog, failed};
use crate::error::LogError;
use crate::ports::{Account, Amount, Ledger};

#[async_trait]
impl Ledger for SqliteLog {
    async fn book(&self, accounts: &[Account], amount: Amount) -> Result<Option<String>, LogError> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        for account in accounts {
            let booked = booked(&mut tx, &account.name).await?;
            if account.refuses(booked, amount) {
                return Ok(Some(account.name.clone()));
            }
            write(&mut tx, &account.name, plus(booked, amount)).await?;
        }
        tx.commit().await.map_err(failed)?;
        Ok(None)
    }

    async fn correct(
        &self,
        accounts: &[Account],
        wrong: Amount,
        spent: Amount,
    ) -> Result<(), LogError> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        for account in accounts {
            let booked = booked(&mut tx, &account.name).await?;
            write(&mut tx, &account.name, plus(minus(booked, wrong), spent)).await?;
        }
        tx.commit().await.map_err(failed)
    }

    async fn booked(&self, account: &str) -> Result<Amount, LogError> {
        let mut connection = self.readers.acquire().await.map_err(failed)?;
        booked(&mut connection, account).await
    }
}

async fn booked(connection: &mut SqliteConnection, account: &str) -> Result<Amount, LogError> {
    let row = sqlx::query("SELECT tokens, micro_usd FROM ledger WHERE account = $1")
        .bind(account)
        .fetch_optional(connection)
        .await
        .map_err(failed)?;
    row.map_or(Ok(Amount::default()), |row| {
        Ok(Amount { tokens: number(&row, "tokens")?, micro_usd: number(&row, "micro_usd")? })
    })
}

async fn write(
    connection: &mut SqliteConnection,
    account: &str,
    amount: Amount,
) -> Result<(), LogError> {
    sqlx::query(
        "INSERT INTO ledger VALUES ($1, $2, $3) ON CONFLICT (account) \
         DO UPDATE SET tokens = excluded.tokens, micro_usd = excluded.micro_usd",
    )
    .bind(account)
    .bind(signed(amount.tokens))
    .bind(signed(amount.micro_usd))
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

fn plus(a: Amount, b: Amount) -> Amount {
    Amount {
        tokens: a.tokens.saturating_add(b.tokens),
        micro_usd: a.micro_usd.saturating_add(b.micro_usd),
    }
}

fn minus(a: Amount, b: Amount) -> Amount {
    Amount {
        tokens: a.tokens.saturating_sub(b.tokens),
        micro_usd: a.micro_usd.saturating_sub(b.micro_usd),
    }
}
