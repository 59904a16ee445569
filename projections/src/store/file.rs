//! Read models in an SQLite file, and in memory.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use event_log::LogError;
use event_log::sql::{Dialect, Pool, failed, query};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::RwLock;

use super::rebuild::RebuildError;
use super::{FORMAT, tables};

const CONNECTIONS: u32 = 8;
/// Pages of new tables that are kept in memory: 64 MB, in KiB with a minus.
const CACHE: &str = "-65536";
const BUSY: Duration = Duration::from_secs(10);

/// The tables in one file.
pub(super) struct File {
    path: PathBuf,
    pub(super) pool: RwLock<Pool>,
    /// How often other tables were put into the place of these.
    swaps: AtomicU64,
}

impl File {
    pub(super) async fn open(path: &Path) -> Result<Self, LogError> {
        let mut pool = connect(path).await?;
        let format = format(&pool).await?;
        if format != FORMAT {
            if format != 0 {
                pool.close().await;
                discard(path)?;
                pool = connect(path).await?;
            }
            create(&pool, true).await?;
        }
        Ok(Self { path: path.to_owned(), pool: RwLock::new(pool), swaps: AtomicU64::new(0) })
    }

    /// Where tables are made anew: a file that is empty but for new tables, without the indexes that only queries use.
    pub(super) async fn beside(&self) -> Result<Self, LogError> {
        let path = self.next();
        discard(&path)?;
        // Nobody goes on with these after a crash: they need no journal on disk, and are only waited for (`to_disk`)
        // before they take the place of others.
        let options = options(&path)?
            .journal_mode(SqliteJournalMode::Memory)
            .synchronous(SqliteSynchronous::Off)
            .pragma("cache_size", CACHE);
        let pool = event_log::sqlite::connect(options, 2).await.map(Pool::Sqlite)?;
        create(&pool, false).await?;
        Ok(Self { path, pool: RwLock::new(pool), swaps: AtomicU64::new(0) })
    }

    pub(super) async fn pool_and_swaps(&self) -> (Pool, u64) {
        let pool = self.pool.read().await;
        (pool.clone(), self.swaps.load(Ordering::SeqCst))
    }

    /// Where the tables are made anew.
    fn next(&self) -> PathBuf {
        self.path.with_extension("next.sqlite")
    }

    /// Where the tables are kept that the last rebuild replaced.
    fn previous(&self) -> PathBuf {
        self.path.with_extension("previous.sqlite")
    }

    pub(super) async fn forget_older_copies(&self) -> Result<(), LogError> {
        let pool = self.pool.read().await.clone();
        let row = query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&pool).await?;
        if row.at(0)? {
            let problem = "somebody is reading them; try again".to_owned();
            return Err(LogError::Io { doing: "sweep older copies of the read models", problem });
        }
        discard(&self.path.with_extension("damaged.sqlite"))?;
        discard(&self.previous())
    }

    /// Puts the tables of `next` into the place of these and answers where they stand. Nobody reads or writes
    /// meanwhile; `reach` brings them up to the position that these have reached.
    pub(super) async fn swap_in<F>(
        &self,
        next: &Pool,
        reach: impl FnOnce(u64) -> F + Send,
    ) -> Result<u64, LogError>
    where
        F: Future<Output = Result<(), LogError>> + Send,
    {
        let mut pool = self.pool.write().await;
        pool.close().await;
        let swapped = async {
            // Damaged tables cannot say where they stand.
            let reached = match connect(&self.path).await {
                Ok(live) => {
                    let reached = tables::checkpoint(&live).await.unwrap_or(0);
                    seal(&live).await;
                    reached
                }
                Err(_) => 0,
            };
            reach(reached).await?;
            seal(next).await;
            to_disk(&self.next())?;
            let previous = self.previous();
            discard(&previous)?;
            rename(&self.path, &previous)?;
            discard(&self.path)?;
            rename(&self.next(), &self.path)
        };
        let swapped = swapped.await;
        self.swaps.fetch_add(1, Ordering::SeqCst);
        *pool = connect(&self.path).await?;
        swapped?;
        tables::checkpoint(&pool).await
    }

    /// Puts the tables that were replaced last back, and these into their place; answers where they stand.
    pub(super) async fn swap_back(&self) -> Result<u64, RebuildError> {
        let previous = self.previous();
        if !previous.exists() {
            return Err(RebuildError::NoPrevious);
        }
        let kept = connect(&previous).await?;
        let known = format(&kept).await?;
        seal(&kept).await;
        if known != FORMAT {
            return Err(RebuildError::NoPrevious);
        }
        let mut pool = self.pool.write().await;
        pool.close().await;
        let swapped = async {
            if let Ok(live) = connect(&self.path).await {
                seal(&live).await;
            }
            let between = self.next();
            discard(&between)?;
            rename(&self.path, &between)?;
            discard(&self.path)?;
            rename(&previous, &self.path)?;
            discard(&previous)?;
            rename(&between, &previous)
        };
        let swapped = swapped.await;
        self.swaps.fetch_add(1, Ordering::SeqCst);
        *pool = connect(&self.path).await?;
        swapped?;
        Ok(tables::checkpoint(&pool).await?)
    }
}

/// Empty tables in memory.
pub(super) async fn in_memory() -> Result<Pool, LogError> {
    let failed = |e| failed(Dialect::Sqlite, e);
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
    let pool = Pool::Sqlite(pool);
    create(&pool, true).await?;
    Ok(pool)
}

/// Sets damaged tables aside.
pub(super) fn set_aside(file: &Path) -> Result<(), LogError> {
    let aside = file.with_extension("damaged.sqlite");
    discard(&aside)?;
    rename(file, &aside)?;
    discard(file)
}

async fn connect(file: &Path) -> Result<Pool, LogError> {
    event_log::sqlite::connect(options(file)?, CONNECTIONS).await.map(Pool::Sqlite)
}

fn options(file: &Path) -> Result<SqliteConnectOptions, LogError> {
    // NORMAL: after a power cut the last batches may be missing, rows and checkpoint together, and are
    // folded again. The log itself is written with FULL.
    let options = SqliteConnectOptions::from_str("sqlite:")
        .map_err(|e| failed(Dialect::Sqlite, e))?
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        // What is swept is overwritten, not only unlinked.
        .pragma("secure_delete", "ON")
        .busy_timeout(BUSY);
    Ok(options)
}

async fn format(pool: &Pool) -> Result<i64, LogError> {
    query("PRAGMA user_version").fetch_one(pool).await?.at(0)
}

async fn create(pool: &Pool, indexed: bool) -> Result<(), LogError> {
    let mut tx = pool.begin().await?;
    tables::create(&mut tx).await?;
    if indexed {
        tables::index(&mut tx).await?;
    }
    tx.script(&format!("PRAGMA user_version = {FORMAT}")).await?;
    tx.commit().await
}

/// Makes one file of a database, without a WAL beside it, so that a rename moves all of it, and closes it.
async fn seal(pool: &Pool) {
    // A damaged one cannot be sealed, and need not be.
    let _ = query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_all(pool).await;
    pool.close().await;
}

/// Waits until a file is on the disk.
fn to_disk(file: &Path) -> Result<(), LogError> {
    std::fs::File::open(file)
        .and_then(|file| file.sync_all())
        .map_err(|e| LogError::Io { doing: "write new read models", problem: e.to_string() })
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
