//! The data folder of the embedded engine: what is where, and who holds it.
//!
//! ```text
//! DATA/lock            held while a process uses the folder
//! DATA/log.sqlite      events, reservations, idempotency keys, checkpoints, parked events
//! DATA/read.sqlite     read models; can be made anew from the log
//! DATA/keys/master     the master key, 32 bytes, mode 0600: keep a copy, apart from the rest
//! DATA/keys/keys.sqlite people's wrapped keys and blind indexes
//! DATA/documents/      sealed resumes and extracted texts
//! ```

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Log;
use crate::documents::{self, Documents};
use crate::error::LogError;
use crate::master_key::{self, private_folder};
use crate::ports::{InProcess, SystemClock, SystemIds};
use crate::sqlite::{SqliteKeys, SqliteLog};
use crate::vault::Vault;

/// A data folder that this process holds. Dropping it lets go.
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Takes a data folder, creating it when there is none, and opens its log.
    ///
    /// # Errors
    /// `DATA_IN_USE`, `DATA_DAMAGED`, `DATA_TOO_NEW`, `MASTER_KEY`, `DISK_FULL`, `IO`.
    pub async fn open(path: &Path) -> Result<(Self, Log), LogError> {
        let doing = "create the data folder";
        let io = |e: io::Error| LogError::io(doing, &e);
        let made = !path.exists();
        fs::create_dir_all(path).map_err(io)?;
        let path = fs::canonicalize(path).map_err(io)?;
        if made {
            // Read models hold names in the clear.
            private_folder(&path)?;
        }
        let lock = hold(&path)?;
        for folder in ["keys", "documents"] {
            fs::create_dir_all(path.join(folder)).map_err(io)?;
        }
        private_folder(&path.join("keys"))?;
        let log = path.join("log.sqlite");
        let fresh = fs::metadata(&log).map_or(true, |m| m.len() == 0);
        let log = open(&path, &log, fresh).await?;
        Ok((Self { path, _lock: lock }, log))
    }

    /// Looks into a data folder without taking it: a server may be at work in it. For reading only.
    ///
    /// # Errors
    /// `DATA_DAMAGED`, `DATA_TOO_NEW`, `MASTER_KEY`, `IO`.
    pub async fn look(path: &Path) -> Result<Log, LogError> {
        let path = fs::canonicalize(path).map_err(|e| LogError::io("open the data folder", &e))?;
        let log = path.join("log.sqlite");
        if fs::metadata(&log).map_or(true, |m| m.len() == 0) {
            return Err(LogError::Damaged("log.sqlite is missing or empty".into()));
        }
        open(&path, &log, false).await
    }

    /// The folder, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the read models are.
    pub fn read_models(&self) -> PathBuf {
        self.path.join("read.sqlite")
    }
}

/// Opens what is in a data folder.
async fn open(path: &Path, file: &Path, fresh: bool) -> Result<Log, LogError> {
    let key = path.join("keys").join("master");
    let master = if fresh { master_key::read_or_make(&key)? } else { master_key::read(&key)? };
    let keys = Arc::new(SqliteKeys::open(&path.join("keys").join("keys.sqlite")).await?);
    if fresh && keys.holds_people().await? {
        let lost = "log.sqlite is missing or empty, but there are keys of people in it";
        return Err(LogError::Damaged(lost.into()));
    }
    let vault = Vault::new(keys, &master);
    vault.check_master_key(fresh).await?;
    let log = Arc::new(SqliteLog::open(file).await?);
    let documents = Documents::new(documents::folder(&path.join("documents"))?, vault.clone());
    Ok(Log {
        bus: Arc::new(InProcess::new(log.clone())),
        store: log.clone(),
        ledger: log.clone(),
        subscriptions: log,
        vault,
        documents,
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
    })
}

fn hold(path: &Path) -> Result<File, LogError> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path.join("lock"))
        .map_err(|e| LogError::io("open the data folder's lock", &e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LogError::InUse(path.display().to_string())),
        Err(TryLockError::Error(e)) => Err(LogError::io("lock the data folder", &e)),
    }
}
