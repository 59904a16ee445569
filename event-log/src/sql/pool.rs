//! Connections and transactions.

use sqlx::{Executor as _, PgPool, Postgres, Sqlite, SqlitePool};

use super::Dialect;
use super::server::{of_postgres, of_sqlite};
use crate::error::LogError;

/// Connections to one database. A clone is the same connections.
#[derive(Debug, Clone)]
pub enum Pool {
    /// To a file, or to memory.
    Sqlite(SqlitePool),
    /// To a server.
    Postgres(PgPool),
}

/// A transaction; undone when it is dropped.
pub enum Transaction {
    /// Of SQLite.
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    /// Of PostgreSQL.
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Pool {
    /// What is spoken there.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Begins a transaction that writes.
    ///
    /// # Errors
    /// Those of [`failed`](super::failed).
    pub async fn begin(&self) -> Result<Transaction, LogError> {
        self.begin_with(self.dialect().begin().to_owned()).await
    }

    /// Begins a transaction that only reads and sees everything as of one moment. On PostgreSQL that moment is
    /// when nobody holds `table` for themselves, as somebody does who swaps tables.
    ///
    /// # Errors
    /// Those of [`failed`](super::failed).
    pub async fn snapshot(&self, table: &str) -> Result<Transaction, LogError> {
        let begin = match self {
            Self::Sqlite(_) => "BEGIN".to_owned(),
            // A lock is waited for before the moment is taken; a query would take it first and then wait.
            Self::Postgres(_) => format!(
                "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; LOCK TABLE {table} IN ACCESS SHARE MODE"
            ),
        };
        self.begin_with(begin).await
    }

    async fn begin_with(&self, begin: String) -> Result<Transaction, LogError> {
        match self {
            Self::Sqlite(pool) => {
                pool.begin_with(begin).await.map(Transaction::Sqlite).map_err(of_sqlite)
            }
            Self::Postgres(pool) => {
                pool.begin_with(begin).await.map(Transaction::Postgres).map_err(of_postgres)
            }
        }
    }

    /// Closes every connection, after what runs on them has ended. Whoever asks for one from now on is told
    /// `DATABASE_UNAVAILABLE`.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Transaction {
    /// What is spoken there.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Makes it last.
    ///
    /// # Errors
    /// Those of [`failed`](super::failed). After `DATABASE_UNAVAILABLE` it may have lasted or not.
    pub async fn commit(self) -> Result<(), LogError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await.map_err(of_sqlite),
            Self::Postgres(tx) => tx.commit().await.map_err(of_postgres),
        }
    }

    /// Runs statements without values, one after the other.
    ///
    /// # Errors
    /// Those of [`failed`](super::failed).
    pub async fn script(&mut self, statements: &str) -> Result<(), LogError> {
        // Not through `raw_sql`, whose future the compiler cannot see to be `Send`.
        match self {
            Self::Sqlite(tx) => (&mut **tx).execute(statements).await.map(drop).map_err(of_sqlite),
            Self::Postgres(tx) => {
                (&mut **tx).execute(statements).await.map(drop).map_err(of_postgres)
            }
        }
    }
}
