//! The tables of the read models, and making them anew.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use event_log::sqlite::failed;
use event_log::{Log, LogError};
use sha2::{Digest, Sha256};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Column as _, Executor as _, Row as _, SqlitePool, TypeInfo as _, ValueRef as _};
use tokio::sync::{RwLock, watch};

use crate::builder::Builder;
use crate::models;

/// Raised by every change of a table; another format is made anew from the log.
const FORMAT: i64 = 3;
const CONNECTIONS: u32 = 8;
const BUSY: Duration = Duration::from_secs(10);

/// The read models' tables in one SQLite file, or in memory.
pub struct ReadStore {
    /// `None` in memory.
    file: Option<PathBuf>,
    pool: RwLock<SqlitePool>,
    pub(crate) position: watch::Sender<u64>,
}

/// What a rebuild found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Events folded.
    pub events: u64,
    /// Digest of the tables as they stood, when they could be read.
    pub before: Option<String>,
    /// Digest of the tables made anew.
    pub after: String,
}

impl Rebuilt {
    /// Whether the rebuilt tables are what the live ones were.
    pub fn equal(&self) -> bool {
        self.before.as_ref() == Some(&self.after)
    }
}

impl ReadStore {
    /// Opens the read models, creating their tables when there are none or their format is another.
    ///
    /// # Errors
    /// `DATA_DAMAGED`, `DISK_FULL`, `IO`.
    pub async fn open(file: &Path) -> Result<Self, LogError> {
        let mut pool = connect(file).await?;
        let format: i64 =
            sqlx::query_scalar("PRAGMA user_version").fetch_one(&pool).await.map_err(failed)?;
        if format != FORMAT {
            if format != 0 {
                pool.close().await;
                discard(file)?;
                pool = connect(file).await?;
            }
            create(&pool).await?;
        }
        let position = checkpoint(&pool).await?;
        let pool = RwLock::new(pool);
        Ok(Self { file: Some(file.to_owned()), pool, position: watch::Sender::new(position) })
    }

    /// Empty read models in memory, gone with the last that holds them. Nothing of them ever reaches a
    /// disk, since they hold names in the clear.
    ///
    /// # Errors
    /// `IO`.
    pub async fn in_memory() -> Result<Self, LogError> {
        let options = SqliteConnectOptions::from_str("sqlite::memory:")
            .map_err(failed)?
            // Not even what is sorted.
            .pragma("temp_store", "MEMORY");
        let pool = SqlitePoolOptions::new()
            // The tables live as long as this connection, and no longer.
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(options)
            .await
            .map_err(failed)?;
        create(&pool).await?;
        Ok(Self { file: None, pool: RwLock::new(pool), position: watch::Sender::new(0) })
    }

    /// Opens the read models; damaged ones are set aside as `read.damaged.sqlite` and begun anew, since
    /// everything in them can be folded from the log again.
    ///
    /// # Errors
    /// `DISK_FULL`, `IO`.
    pub async fn open_or_renew(file: &Path) -> Result<Self, LogError> {
        match Self::open(file).await {
            Err(LogError::Damaged(what)) => {
                tracing::warn!(what, "the read models were damaged and are made anew");
                let aside = file.with_extension("damaged.sqlite");
                discard(&aside)?;
                rename(file, &aside)?;
                discard(file)?;
                Self::open(file).await
            }
            opened => opened,
        }
    }

    /// Connections to query with.
    pub async fn pool(&self) -> SqlitePool {
        self.pool.read().await.clone()
    }

    /// Every event up to here is in the tables.
    pub async fn checkpoint(&self) -> Result<u64, LogError> {
        checkpoint(&self.pool().await).await
    }

    /// Follows [`Self::checkpoint`].
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.position.subscribe()
    }

    /// Resolves when every event up to `position` is in the tables.
    pub async fn wait_for(&self, position: u64) {
        // The sender lives as long as `self`.
        let _ = self.watch().wait_for(|at| *at >= position).await;
    }

    /// Leaves no older copy of any row: neither in the write-ahead log nor in the file that the last
    /// rebuild replaced. Called when somebody was erased.
    ///
    /// # Errors
    /// `IO`.
    pub async fn forget_older_copies(&self) -> Result<(), LogError> {
        let Some(file) = &self.file else { return Ok(()) };
        let pool = self.pool().await;
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&pool)
            .await
            .map_err(failed)?;
        let busy: i64 = row.try_get(0).map_err(failed)?;
        if busy != 0 {
            let problem = "somebody is reading them; try again".to_owned();
            return Err(LogError::Io { doing: "sweep older copies of the read models", problem });
        }
        discard(&file.with_extension("damaged.sqlite"))?;
        discard(&previous(file))
    }

    /// SHA-256 over every row of every table in key order: equal tables have equal digests.
    ///
    /// # Errors
    /// `DATA_DAMAGED`, `IO`.
    pub async fn digest(&self) -> Result<String, LogError> {
        digest(&self.pool().await).await
    }

    /// Folds the log into new tables beside the old ones, compares, and swaps them in. The old file
    /// stays beside as `read.previous.sqlite`.
    ///
    /// # Errors
    /// Those of reading the log and of writing the new tables; the old ones then stay. `IO` in memory, where
    /// there is nothing beside.
    pub async fn rebuild(&self, log: &Log) -> Result<Rebuilt, LogError> {
        let Some(file) = &self.file else {
            let problem = "they are in memory only".to_owned();
            return Err(LogError::Io { doing: "rebuild the read models", problem });
        };
        let beside = file.with_extension("next.sqlite");
        discard(&beside)?;
        let fresh = Self::open(&beside).await?;
        let to = self.checkpoint().await.unwrap_or(u64::MAX).max(log.store.head().await?);
        let events = Builder::new(log.clone()).catch_up(&fresh, to).await?;
        let after = fresh.digest().await?;
        let mut pool = self.pool.write().await;
        let before = digest(&pool).await.ok();
        // One file each, without a WAL beside it, so that a rename moves all of it.
        for closing in [&*pool, &*fresh.pool.read().await] {
            // A damaged old file cannot be checkpointed, and need not be.
            let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(closing).await;
            closing.close().await;
        }
        let previous = previous(file);
        discard(&previous)?;
        rename(file, &previous)?;
        discard(file)?;
        rename(&beside, file)?;
        *pool = connect(file).await?;
        self.position.send_replace(checkpoint(&pool).await?);
        Ok(Rebuilt { events, before, after })
    }
}

/// Where the tables are kept that the last rebuild replaced.
fn previous(file: &Path) -> PathBuf {
    file.with_extension("previous.sqlite")
}

async fn connect(file: &Path) -> Result<SqlitePool, LogError> {
    // NORMAL: after a power cut the last batches may be missing, rows and checkpoint together, and are
    // folded again. The log itself is written with FULL.
    let options = SqliteConnectOptions::from_str("sqlite:")
        .map_err(failed)?
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        // What is swept is overwritten, not only unlinked.
        .pragma("secure_delete", "ON")
        .busy_timeout(BUSY);
    event_log::sqlite::connect(options, CONNECTIONS).await
}

async fn create(pool: &SqlitePool) -> Result<(), LogError> {
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    let checkpoint = "CREATE TABLE checkpoint (position INTEGER NOT NULL); \
                      INSERT INTO checkpoint VALUES (0);";
    for schema in models::schemas().chain([checkpoint]) {
        // Not through `raw_sql`, whose future the compiler cannot see to be `Send`.
        (&mut *tx).execute(schema).await.map_err(failed)?;
    }
    let version = format!("PRAGMA user_version = {FORMAT}");
    (&mut *tx).execute(version.as_str()).await.map_err(failed)?;
    tx.commit().await.map_err(failed)
}

async fn checkpoint(pool: &SqlitePool) -> Result<u64, LogError> {
    let at: i64 = sqlx::query_scalar("SELECT position FROM checkpoint")
        .fetch_one(pool)
        .await
        .map_err(failed)?;
    u64::try_from(at).map_err(|_| LogError::Damaged("the checkpoint is negative".into()))
}

async fn digest(pool: &SqlitePool) -> Result<String, LogError> {
    let mut hash = Sha256::new();
    for table in models::tables() {
        hash.update(table.as_bytes());
        // Every table has a primary key of its own; WITHOUT ROWID tables are in its order.
        let sql = format!("SELECT * FROM {table} ORDER BY 1, 2");
        for row in sqlx::query(&sql).fetch_all(pool).await.map_err(failed)? {
            for column in row.columns() {
                let value = row.try_get_raw(column.ordinal()).map_err(failed)?;
                let kind = value.type_info();
                let bytes = match kind.name() {
                    _ if value.is_null() => Vec::new(),
                    "INTEGER" => row
                        .try_get::<i64, _>(column.ordinal())
                        .map_err(failed)?
                        .to_be_bytes()
                        .to_vec(),
                    "REAL" => row
                        .try_get::<f64, _>(column.ordinal())
                        .map_err(failed)?
                        .to_be_bytes()
                        .to_vec(),
                    "BLOB" => row.try_get(column.ordinal()).map_err(failed)?,
                    _ => row.try_get::<String, _>(column.ordinal()).map_err(failed)?.into_bytes(),
                };
                hash.update([u8::from(value.is_null())]);
                hash.update((bytes.len() as u64).to_be_bytes());
                hash.update(bytes);
            }
        }
    }
    Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

/// Removes a database and what SQLite keeps beside it.
fn discard(file: &Path) -> Result<(), LogError> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(PathBuf::from(name)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(LogError::Io {
                    doing: "remove old read models",
                    problem: e.to_string(),
                });
            }
            _ => {}
        }
    }
    Ok(())
}

fn rename(from: &Path, to: &Path) -> Result<(), LogError> {
    std::fs::rename(from, to)
        .map_err(|e| LogError::Io { doing: "swap the read models", problem: e.to_string() })
}
