//! The embedded engine: SQLite behind the ports.
//!
//! WAL, `synchronous=FULL`, one writer with `BEGIN IMMEDIATE`, several readers. With one writer,
//! `AUTOINCREMENT` is commit order and dense, so the position is given in the append transaction.
//! Events and keys live in files of their own, so that a copy of one says nothing about the other.

mod append;
mod bursts;
mod events;
mod keys;
mod ledger;
mod row;
mod subscriptions;

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
    SqliteTransactionManager,
};
use sqlx::{Connection as _, Executor as _, SqliteConnection, SqlitePool, TransactionManager as _};
use tokio::sync::watch;

pub(crate) use self::bursts::InBursts;
use crate::error::LogError;

/// What made the files what they are, format by format (`PRAGMA user_version`); the last is what this version writes.
const LOG: [&str; 3] =
    [include_str!("log.sql"), include_str!("log_2.sql"), include_str!("log_3.sql")];
const KEYS: [&str; 1] = [include_str!("keys.sql")];
const READERS: u32 = 8;
/// Pages up to which the whole file is checked at start: 128 MB, read in a few tenths of a second.
const CHECKED_PAGES: i64 = 32_768;
const BUSY: Duration = Duration::from_secs(10);
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// The event store in one SQLite file.
pub struct SqliteLog {
    writer: SqlitePool,
    readers: SqlitePool,
    appender: append::Appender,
    head: Arc<watch::Sender<u64>>,
}

/// The key store in one SQLite file.
pub struct SqliteKeys {
    pool: SqlitePool,
}

impl SqliteLog {
    /// Opens the log, creating it when there is none.
    ///
    /// # Errors
    /// `DATA_DAMAGED`, `DATA_TOO_NEW`, `DISK_FULL`, `IO`.
    pub async fn open(file: &Path) -> Result<Self, LogError> {
        let writer = pool(file, 1).await?;
        migrate(&writer, &LOG, "the log").await?;
        check(&writer).await?;
        let readers = pool(file, READERS).await?;
        let head = Arc::new(watch::Sender::new(events::head(&readers).await?));
        let appender = append::Appender::start(writer.clone(), head.clone());
        Ok(Self { writer, readers, appender, head })
    }

    /// Caps the file at a number of pages, as a full disk would.
    ///
    /// # Errors
    /// `IO`.
    pub async fn limit_pages(&self, pages: u32) -> Result<(), LogError> {
        let pragma = format!("PRAGMA max_page_count = {pages}");
        sqlx::query(&pragma).execute(&self.writer).await.map_err(failed)?;
        Ok(())
    }
}

impl SqliteKeys {
    /// Opens the key store, creating it when there is none.
    ///
    /// # Errors
    /// `DATA_DAMAGED`, `DATA_TOO_NEW`, `DISK_FULL`, `IO`.
    pub async fn open(file: &Path) -> Result<Self, LogError> {
        let pool = pool(file, 1).await?;
        migrate(&pool, &KEYS, "the key store").await?;
        Ok(Self { pool })
    }

    /// Whether anybody has a key here.
    ///
    /// # Errors
    /// `DATA_DAMAGED`, `IO`.
    pub async fn holds_people(&self) -> Result<bool, LogError> {
        let nobody = uuid::Uuid::nil().as_bytes().to_vec();
        let found = sqlx::query("SELECT 1 FROM keys WHERE person <> $1 LIMIT 1")
            .bind(nobody)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed)?;
        Ok(found.is_some())
    }
}

/// A pool of connections to a file, set up as this engine needs them.
///
/// # Errors
/// `DATA_DAMAGED`, `IO`.
pub async fn pool(file: &Path, connections: u32) -> Result<SqlitePool, LogError> {
    // The path is given as a path, never through a URL, so that no character in it has a meaning.
    let options = SqliteConnectOptions::from_str("sqlite:")
        .map_err(failed)?
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("secure_delete", "ON")
        .busy_timeout(BUSY);
    connect(options, connections).await
}

/// A pool of connections with these options.
///
/// A new file is put into WAL mode by one connection before there is a pool: two that do so at once lock one
/// another out, and SQLite then does not wait. Another process may do the same at that moment, so it is tried
/// again.
///
/// # Errors
/// `DATA_DAMAGED`, `IO`.
pub async fn connect(
    options: SqliteConnectOptions,
    connections: u32,
) -> Result<SqlitePool, LogError> {
    let options = options.row_buffer_size(bursts::WAITING);
    let until = tokio::time::Instant::now() + BUSY;
    loop {
        match first(&options).await {
            Err(error) if is_busy(&error) && tokio::time::Instant::now() < until => {
                tokio::time::sleep(BUSY_PAUSE).await;
            }
            opened => break opened.map_err(failed)?,
        }
    }
    undone(SqlitePoolOptions::new())
        .max_connections(connections)
        // All of them at once, by whoever opens the file: each has a thread, which stands as far back as whoever makes it.
        .min_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await
        .map_err(failed)
}

async fn first(options: &SqliteConnectOptions) -> Result<(), sqlx::Error> {
    SqliteConnection::connect_with(options).await?.close().await
}

/// SQLITE_BUSY or SQLITE_LOCKED.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|e| e.code()).and_then(|c| c.parse::<i64>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 5 | 6))
}

/// Options of a pool whose connections are usable again after SQLite has undone a transaction by itself, as it does
/// when a commit finds the disk full. sqlx then fails to undo it once more, keeps counting it as open and would
/// refuse to begin another on that connection for ever.
fn undone(options: SqlitePoolOptions) -> SqlitePoolOptions {
    options.before_acquire(|connection, _| {
        Box::pin(async move {
            if connection.is_in_transaction() {
                connection.execute("BEGIN").await?;
                SqliteTransactionManager::rollback(connection).await?;
            }
            Ok(true)
        })
    })
}

async fn migrate(pool: &SqlitePool, formats: &[&str], what: &str) -> Result<(), LogError> {
    let known = i64::try_from(formats.len()).unwrap_or(i64::MAX);
    let version = "PRAGMA user_version";
    let found: i64 = sqlx::query_scalar(version).fetch_one(pool).await.map_err(failed)?;
    if found > known {
        return Err(LogError::TooNew { found, known });
    }
    if found == known {
        return Ok(());
    }
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    // Another process may have been faster.
    let found: i64 = sqlx::query_scalar(version).fetch_one(&mut *tx).await.map_err(failed)?;
    for schema in formats.iter().skip(usize::try_from(found).unwrap_or(0)) {
        tracing::debug!(what, "making tables");
        sqlx::raw_sql(schema).execute(&mut *tx).await.map_err(failed)?;
    }
    let version = format!("PRAGMA user_version = {}", found.max(known));
    sqlx::query(&version).execute(&mut *tx).await.map_err(failed)?;
    tx.commit().await.map_err(failed)
}

/// Signs of damage that are cheap to look for: positions with gaps, and in a log of ordinary size
/// SQLite's own quick check.
async fn check(pool: &SqlitePool) -> Result<(), LogError> {
    let (count, last): (i64, i64) =
        sqlx::query_as("SELECT COUNT(*), COALESCE(MAX(position), 0) FROM events")
            .fetch_one(pool)
            .await
            .map_err(failed)?;
    if count != last {
        let gap = format!("the log has {count} events but ends at position {last}");
        return Err(LogError::Damaged(gap));
    }
    let pages: i64 =
        sqlx::query_scalar("PRAGMA page_count").fetch_one(pool).await.map_err(failed)?;
    if pages > CHECKED_PAGES {
        return Ok(());
    }
    let verdict: String =
        sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(pool).await.map_err(failed)?;
    if verdict == "ok" { Ok(()) } else { Err(LogError::Damaged(verdict)) }
}

/// What SQLite says when the system takes no more: only ENOSPC has a code of its own; a quota and a limit of
/// file size (EDQUOT, EFBIG) are told like this, as is a disk that fails while it is written to.
const IOERR_WRITE: i64 = 778;
const IOERR_TRUNCATE: i64 = 1546;
const IOERR_SHMSIZE: i64 = 4874;

/// What an SQLite failure means. Codes: <https://www.sqlite.org/rescode.html>.
pub fn failed(error: sqlx::Error) -> LogError {
    if let sqlx::Error::Database(db) = &error {
        let code = db.code().and_then(|c| c.parse::<i64>().ok()).unwrap_or(0);
        if matches!(code, IOERR_WRITE | IOERR_TRUNCATE | IOERR_SHMSIZE) {
            let why = "a quota, a limit of file size, or a disk that fails";
            return LogError::DiskFull(format!("a write was refused: {why}"));
        }
        match code & 0xff {
            13 => return LogError::DiskFull(db.message().to_owned()),
            11 | 26 => return LogError::Damaged(db.message().to_owned()),
            _ => {}
        }
    }
    LogError::Io { doing: "use the database", problem: error.to_string() }
}
