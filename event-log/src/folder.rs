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
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::Log;
use crate::documents::{self, Documents};
use crate::error::LogError;
use crate::ports::{InProcess, SystemClock, SystemIds};
use crate::sqlite::{SqliteKeys, SqliteLog};
use crate::vault::{Vault, fresh_master_key};

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
    let master = master_key(&path.join("keys").join("master"), fresh)?;
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

/// Reads the master key; makes it when the folder is new, and only then.
fn master_key(file: &Path, fresh: bool) -> Result<Zeroizing<[u8; 32]>, LogError> {
    match File::open(file) {
        Ok(mut open) => {
            let mut key = Zeroizing::new(Vec::new());
            open.read_to_end(&mut key).map_err(|e| LogError::io("read the master key", &e))?;
            let key: [u8; 32] = key.as_slice().try_into().map_err(|_| {
                LogError::Keys(format!("{} does not hold 32 bytes", file.display()))
            })?;
            Ok(Zeroizing::new(key))
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound && fresh => {
            let key = fresh_master_key()?;
            write_private(file, key.as_slice())?;
            Ok(key)
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            Err(LogError::Keys(format!("{} is missing", file.display())))
        }
        Err(e) => Err(LogError::Keys(format!("{} cannot be read: {e}", file.display()))),
    }
}

/// Writes a file that only its owner can read, whole or not at all.
fn write_private(file: &Path, bytes: &[u8]) -> Result<(), LogError> {
    let io = |e: io::Error| LogError::io("write the master key", &e);
    let staged = file.with_extension("new");
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut open = options.open(&staged).map_err(io)?;
    open.write_all(bytes).map_err(io)?;
    open.sync_all().map_err(io)?;
    fs::rename(&staged, file).map_err(io)?;
    // The name must last as well as the bytes: what it seals cannot be read without it.
    if let Some(folder) = file.parent() {
        File::open(folder).and_then(|f| f.sync_all()).map_err(io)?;
    }
    Ok(())
}

fn private_folder(path: &Path) -> Result<(), LogError> {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(path, mode).map_err(|e| LogError::io("protect the keys", &e))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
