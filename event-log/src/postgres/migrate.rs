//! Making the tables and bringing them up to date: safe to run twice, and by several replicas at once.
//!
//! Migrations only add: what an older version reads and writes stays as it is, so that both run while replicas are
//! replaced one by one.

use sqlx::migrate::{Migrate as _, MigrateError, Migrator};
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool};

use super::connect::{failed, options};
use super::{KEYS_SCHEMA, SCHEMA};
use crate::error::LogError;

static LOG: Migrator = sqlx::migrate!("./migrations/log");
static KEYS: Migrator = sqlx::migrate!("./migrations/keys");

/// Taken by whoever migrates; any number will do, as long as it is always the same.
const LOCK: i64 = 0x4853_4c4f_4753;

/// What a migration did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The schema.
    pub schema: &'static str,
    /// Migrations applied now.
    pub applied: Vec<String>,
    /// The version that the schema is at.
    pub version: i64,
}

/// Makes the log's tables, roles and rights, or brings them up to date.
///
/// # Errors
/// `DATABASE_UNAVAILABLE`, `DATABASE_SETTINGS` when the user may not, `DATA_TOO_NEW`, `IO`.
pub async fn log(url: &str) -> Result<Migrated, LogError> {
    run(url, SCHEMA, &LOG).await
}

/// Makes the keys' tables, role and rights, or brings them up to date.
///
/// # Errors
/// As for [`log`].
pub async fn keys(url: &str) -> Result<Migrated, LogError> {
    run(url, KEYS_SCHEMA, &KEYS).await
}

/// Whether the log's tables are what this version needs.
pub(super) async fn check_log(pool: &PgPool) -> Result<(), LogError> {
    check(pool, SCHEMA, &LOG).await
}

/// Whether the keys' tables are what this version needs.
pub(super) async fn check_keys(pool: &PgPool) -> Result<(), LogError> {
    check(pool, KEYS_SCHEMA, &KEYS).await
}

async fn run(url: &str, schema: &'static str, migrator: &Migrator) -> Result<Migrated, LogError> {
    // Long enough for an index over a large table.
    let options =
        options(url, schema)?.options([("statement_timeout", "0"), ("lock_timeout", "60s")]);
    let mut connection = PgConnection::connect_with(&options).await.map_err(failed)?;
    // Released with the connection, however it ends.
    let lock = format!("SELECT pg_advisory_lock({LOCK})");
    connection.execute(lock.as_str()).await.map_err(failed)?;
    let create = format!("CREATE SCHEMA IF NOT EXISTS {schema}");
    connection.execute(create.as_str()).await.map_err(failed)?;
    connection.ensure_migrations_table().await.map_err(migration)?;
    let known = version(&mut connection).await?;
    let latest = latest(migrator);
    if known > latest {
        return Err(LogError::TooNew { found: known, known: latest });
    }
    migrator.run_direct(&mut connection).await.map_err(migration)?;
    let grant = format!("GRANT SELECT ON _sqlx_migrations TO {}", readers(schema));
    connection.execute(grant.as_str()).await.map_err(failed)?;
    let applied = migrator
        .iter()
        .filter(|m| m.version > known)
        .map(|m| format!("{:04} {}", m.version, m.description))
        .collect();
    connection.close().await.map_err(failed)?;
    Ok(Migrated { schema, applied, version: latest })
}

/// Who may see which migrations were made.
fn readers(schema: &str) -> &'static str {
    if schema == SCHEMA { "hiresphere_app, hiresphere_sequencer" } else { "hiresphere_keys" }
}

fn latest(migrator: &Migrator) -> i64 {
    migrator.iter().map(|m| m.version).max().unwrap_or(0)
}

async fn version(connection: &mut PgConnection) -> Result<i64, LogError> {
    sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations WHERE success")
        .fetch_one(connection)
        .await
        .map_err(failed)
}

async fn check(pool: &PgPool, schema: &str, migrator: &Migrator) -> Result<(), LogError> {
    let mut connection = pool.acquire().await.map_err(failed)?;
    let there: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(format!("{schema}._sqlx_migrations"))
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    let found = if there { version(&mut connection).await? } else { 0 };
    let known = latest(migrator);
    // A newer one is fine: migrations only add, and this replica is about to be replaced.
    if found >= known {
        Ok(())
    } else {
        Err(LogError::NotMigrated { schema: schema.to_owned(), found, known })
    }
}

fn migration(error: MigrateError) -> LogError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => failed(error),
        other => LogError::Io { doing: "migrate the database", problem: other.to_string() },
    }
}
