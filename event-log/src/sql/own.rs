//! Tables of a part of the system that are its own: beside the log, made by whoever needs them first.

use std::path::Path;

use super::{Pool, Server, Transaction, query};
use crate::error::LogError;
use crate::sqlite;

/// What makes the tables, in SQLite's words, each only when it is not there, and the last of them by name; and what lets
/// others use them on a server.
#[derive(Debug, Clone, Copy)]
pub struct Own {
    /// The schema of a server that they are in.
    pub name: &'static str,
    /// What makes them.
    pub tables: &'static str,
    /// The one that is made last.
    pub last: &'static str,
    /// What grants rights, on PostgreSQL.
    pub grants: &'static str,
    /// Connections at most.
    pub connections: u32,
}

impl Own {
    /// The tables in a file, which is made when there is none.
    ///
    /// # Errors
    /// `DATA_DAMAGED`, `DISK_FULL`, `IO`.
    pub async fn open(&self, file: &Path) -> Result<Pool, LogError> {
        let pool = Pool::Sqlite(sqlite::pool(file, self.connections).await?);
        let mut tx = pool.begin().await?;
        self.make(&mut tx).await?;
        tx.commit().await?;
        Ok(pool)
    }

    /// The tables on a server; several processes may come at once.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `DATABASE_SETTINGS`, `DISK_FULL`, `IO`.
    pub async fn connect(&self, server: &Server) -> Result<Pool, LogError> {
        let pool = server.clone().schema(self.name).pool(self.connections).await?;
        // Asked first: whoever only uses the tables need not be allowed to make any.
        let known = query("SELECT to_regclass($1) IS NOT NULL AS known");
        let last = format!("{}.{}", self.name, self.last);
        if !known.bind(last).fetch_one(&pool).await?.get::<bool>("known")? {
            let mut tx = pool.begin().await?;
            let alone = "SELECT 1 FROM pg_advisory_xact_lock(hashtextextended($1, 0))";
            query(alone).bind(self.name).execute(&mut tx).await?;
            tx.script(&format!("CREATE SCHEMA IF NOT EXISTS {}", self.name)).await?;
            self.make(&mut tx).await?;
            tx.script(self.grants).await?;
            tx.commit().await?;
        }
        Ok(pool)
    }

    async fn make(&self, tx: &mut Transaction) -> Result<(), LogError> {
        let tables = tx.dialect().schema(self.tables).into_owned();
        tx.script(&tables).await
    }
}
