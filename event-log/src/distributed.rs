//! The distributed engine put together: events and subscriptions on PostgreSQL, keys beside them or in a database of
//! their own, documents in a folder or an object store.

use std::sync::Arc;

use crate::Log;
use crate::documents::{self, Documents};
use crate::error::LogError;
use crate::master_key::MasterKey;
use crate::ports::{InProcess, SystemClock, SystemIds};
pub use crate::postgres::migrate::Migrated;
use crate::postgres::{PostgresKeys, PostgresLog, migrate};
use crate::vault::Vault;

/// Where everything is.
#[derive(Clone)]
pub struct Settings {
    /// `postgres://user:password@host/database`: the log.
    pub database_url: String,
    /// The database of people's keys; that of the log when there is none.
    pub keys_url: Option<String>,
    /// Where sealed documents are: `file:///folder` or `s3://bucket/prefix`.
    pub documents_url: String,
    /// The master key: from a file or the environment, never from a database.
    pub master: MasterKey,
}

/// Makes the tables of the log and of the keys, or brings them up to date.
///
/// # Errors
/// `DATABASE_UNAVAILABLE`, `DATABASE_SETTINGS`, `DATA_TOO_NEW`, `IO`.
pub async fn migrate(
    database_url: &str,
    keys_url: Option<&str>,
) -> Result<Vec<Migrated>, LogError> {
    let log = migrate::log(database_url).await?;
    let keys = migrate::keys(keys_url.unwrap_or(database_url)).await?;
    Ok(vec![log, keys])
}

/// Whether no person ever had a key in this database: only then may a master key be made.
///
/// # Errors
/// `DATABASE_UNAVAILABLE`, `NOT_MIGRATED`, `DATABASE_SETTINGS`, `IO`.
pub async fn is_fresh(keys_url: &str) -> Result<bool, LogError> {
    PostgresKeys::connect(keys_url).await?.is_empty().await
}

/// Opens a log whose tables are made. Its bus is that of a process that is alone with it; whoever has another puts it
/// in its place.
///
/// # Errors
/// `DATABASE_UNAVAILABLE`, `NOT_MIGRATED`, `DATABASE_SETTINGS`, `MASTER_KEY`, `IO`.
pub async fn open(settings: &Settings) -> Result<(Log, Arc<PostgresLog>), LogError> {
    let store = Arc::new(PostgresLog::connect(&settings.database_url).await?);
    let keys_url = settings.keys_url.as_ref().unwrap_or(&settings.database_url);
    let keys = Arc::new(PostgresKeys::connect(keys_url).await?);
    let vault = Vault::new(keys, &settings.master);
    // Whoever comes first makes the entry that ties the master key to the store; everybody else must open it.
    vault.check_master_key(true).await?;
    let documents = Documents::new(documents::at(&settings.documents_url)?, vault.clone());
    let log = Log {
        bus: Arc::new(InProcess::new(store.clone())),
        store: store.clone(),
        subscriptions: store.clone(),
        ledger: store.clone(),
        vault,
        documents,
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
    };
    Ok((log, store))
}
