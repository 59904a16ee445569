//! Read models in a schema of a PostgreSQL, which several processes build and read.
//!
//! ```text
//! hiresphere_read_6            the tables of format 6, and their checkpoint
//! hiresphere_read_6_next       those that a rebuild is making
//! hiresphere_read_6_previous   those that the last rebuild replaced
//! ```
//!
//! Whoever reads or writes several tables takes the table `checkpoint` first, and whoever swaps schemas takes it
//! for themselves: so nobody sees some tables of before a swap and some of after it.

use std::time::Duration;

use event_log::LogError;
use event_log::sql::{Hold, Pool, Server, Transaction, query};

use super::rebuild::RebuildError;
use super::{FORMAT, tables};
use crate::models;

const CONNECTIONS: u32 = 10;
const NAME: &str = "hiresphere_read";
/// The role that owns the tables, where the database has it.
const ROLE: &str = "hiresphere_read";
/// Lets a statement take as long as it needs.
const AS_LONG_AS_IT_TAKES: Duration = Duration::ZERO;
/// How long a swap waits for those who read at the moment, before it lets others pass and tries again.
const SWAP: &str = "SET LOCAL lock_timeout = '2s'";
const SWAP_TRIES: usize = 5;

/// The tables in one schema.
pub(super) struct Schema {
    server: Server,
    name: String,
    pub(super) pool: Pool,
}

impl Schema {
    pub(super) async fn open(url: &str) -> Result<Self, LogError> {
        let name = format!("{NAME}_{FORMAT}");
        let server = Server::at(url)?.role(ROLE).schema(&name);
        let pool = server.pool(CONNECTIONS).await?;
        let schema = Self { server, name, pool };
        schema.ensure().await?;
        Ok(schema)
    }

    /// Where tables are made anew: a schema that is empty but for new tables, without the indexes that only queries use.
    pub(super) async fn beside(&self) -> Result<Self, LogError> {
        let name = self.next();
        let server = self.server.clone().schema(&name).patience(AS_LONG_AS_IT_TAKES);
        let pool = server.pool(2).await?;
        let mut tx = pool.begin().await?;
        make(&name, &mut tx).await?;
        tx.commit().await?;
        Ok(Self { server, name, pool })
    }

    /// Makes the tables when there are none.
    pub(super) async fn ensure(&self) -> Result<(), LogError> {
        let known = "SELECT to_regclass($1) IS NOT NULL AS known";
        let checkpoint = format!("{}.checkpoint", self.name);
        if query(known).bind(&checkpoint).fetch_one(&self.pool).await?.get("known")? {
            return Ok(());
        }
        let mut tx = self.pool.begin().await?;
        // One of those who come at once makes them; the others wait, and find them.
        let alone = "SELECT 1 FROM pg_advisory_xact_lock(hashtextextended($1, 0))";
        query(alone).bind(&self.name).execute(&mut tx).await?;
        if !query(known).bind(&checkpoint).fetch_one(&mut tx).await?.get("known")? {
            make(&self.name, &mut tx).await?;
            tables::index(&mut tx).await?;
        }
        tx.commit().await
    }

    /// On which changes are told.
    pub(super) fn channel(&self) -> String {
        self.name.clone()
    }

    /// The name that whoever builds these tables holds.
    pub(super) fn builder(&self) -> Hold {
        Hold::among(self.server.clone(), builder_of(&self.name))
    }

    /// The name that whoever rebuilds these tables holds.
    pub(super) fn rebuilder(&self) -> Hold {
        Hold::among(self.server.clone(), format!("{} rebuilder", self.name))
    }

    fn next(&self) -> String {
        format!("{}_next", self.name)
    }

    fn previous(&self) -> String {
        format!("{}_previous", self.name)
    }

    pub(super) async fn digest(&self) -> Result<(String, u64), LogError> {
        let patient = self.server.clone().patience(AS_LONG_AS_IT_TAKES).pool(1).await?;
        let digest = tables::digest(&patient).await;
        patient.close().await;
        digest
    }

    pub(super) async fn forget_older_copies(&self) -> Result<(), LogError> {
        let mut rebuilder = self.rebuilder();
        if !rebuilder.mine().await? {
            let problem = "a rebuild is under way; try again".to_owned();
            return Err(LogError::Io { doing: "sweep older copies of the read models", problem });
        }
        let swept = self.sweep().await;
        rebuilder.release().await;
        swept
    }

    async fn sweep(&self) -> Result<(), LogError> {
        let mut tx = self.pool.begin().await?;
        for name in [self.previous(), self.next()] {
            tx.script(&format!("DROP SCHEMA IF EXISTS {name} CASCADE")).await?;
        }
        tx.commit().await?;
        let sql = "SELECT nspname::TEXT AS name FROM pg_namespace \
                   WHERE nspname ~ '^hiresphere_read_[0-9]+(_next|_previous)?$' ORDER BY nspname";
        for row in query(sql).fetch_all(&self.pool).await? {
            let name: &str = row.get("name")?;
            let live = name.trim_end_matches("_next").trim_end_matches("_previous");
            if live != self.name {
                self.drop_unless_built(name, live).await?;
            }
        }
        // Rows that were changed or deleted are kept until then, in tables and in indexes.
        let patient = self.server.clone().patience(AS_LONG_AS_IT_TAKES);
        let tables: Vec<_> =
            models::tables().map(|table| format!("{}.{table}", self.name)).collect();
        patient.alone(&format!("VACUUM (INDEX_CLEANUP ON) {}", tables.join(", "))).await
    }

    /// Drops a schema of another format, unless somebody of another version still builds it.
    async fn drop_unless_built(&self, name: &str, live: &str) -> Result<(), LogError> {
        let mut tx = self.pool.begin().await?;
        let sql = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS free";
        let free = query(sql).bind(builder_of(live)).fetch_one(&mut tx).await?.get("free")?;
        if free {
            tracing::info!(name, "read models that nobody builds any more are dropped");
            tx.script(&format!("DROP SCHEMA IF EXISTS {name} CASCADE")).await?;
        }
        tx.commit().await
    }

    /// Puts the tables of [`Self::beside`] into the place of these and answers where they stand. Those who read
    /// or write meanwhile wait; `reach` brings them up to the position that these have reached.
    pub(super) async fn swap_in<F>(&self, reach: impl Fn(u64) -> F + Send) -> Result<u64, LogError>
    where
        F: Future<Output = Result<(), LogError>> + Send,
    {
        let (mut tx, reached) = self.take().await?;
        reach(reached).await?;
        let (live, next, previous) = (&self.name, self.next(), self.previous());
        tx.script(&format!(
            "DROP SCHEMA IF EXISTS {previous} CASCADE; CREATE SCHEMA IF NOT EXISTS {live}; \
             ALTER SCHEMA {live} RENAME TO {previous}; ALTER SCHEMA {next} RENAME TO {live}"
        ))
        .await?;
        tx.commit().await?;
        tables::checkpoint(&self.pool).await
    }

    /// Puts the tables that were replaced last back, and these into their place; answers where they stand.
    pub(super) async fn swap_back(&self) -> Result<u64, RebuildError> {
        let (mut tx, _) = self.take().await?;
        let (live, between, previous) = (&self.name, self.next(), self.previous());
        let sql = "SELECT to_regclass($1) IS NOT NULL AS kept";
        let kept = query(sql).bind(format!("{previous}.checkpoint")).fetch_one(&mut tx).await?;
        if !kept.get::<bool>("kept")? {
            return Err(RebuildError::NoPrevious);
        }
        tx.script(&format!(
            "DROP SCHEMA IF EXISTS {between} CASCADE; ALTER SCHEMA {live} RENAME TO {between}; \
             ALTER SCHEMA {previous} RENAME TO {live}; ALTER SCHEMA {between} RENAME TO {previous}"
        ))
        .await?;
        tx.commit().await?;
        Ok(tables::checkpoint(&self.pool).await?)
    }

    /// Takes these tables for itself until the transaction ends, and answers where they stand; 0 when their
    /// checkpoint is gone.
    async fn take(&self) -> Result<(Transaction, u64), LogError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_take().await {
                // Somebody reads for long. Those who queued up behind the swap go first.
                Err(LogError::Unavailable(_)) if tries < SWAP_TRIES => {}
                taken => return taken,
            }
        }
    }

    async fn try_take(&self) -> Result<(Transaction, u64), LogError> {
        let mut tx = self.pool.begin().await?;
        tx.script(SWAP).await?;
        let checkpoint = format!("{}.checkpoint", self.name);
        let known = "SELECT to_regclass($1) IS NOT NULL AS known";
        if !query(known).bind(&checkpoint).fetch_one(&mut tx).await?.get("known")? {
            return Ok((tx, 0));
        }
        tx.script(&format!("LOCK TABLE {checkpoint} IN ACCESS EXCLUSIVE MODE")).await?;
        let row = query("SELECT position FROM checkpoint").fetch_optional(&mut tx).await?;
        let reached = row.map_or(Ok(0), |row| row.get("position"))?;
        Ok((tx, reached))
    }
}

fn builder_of(schema: &str) -> String {
    format!("{schema} builder")
}

/// Makes a schema with empty tables, in the place of one that is there.
async fn make(name: &str, tx: &mut Transaction) -> Result<(), LogError> {
    tx.script(&format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}")).await?;
    tables::create(tx).await
}
