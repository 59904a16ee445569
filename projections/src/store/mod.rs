//! The tables of the read models: in an SQLite file, in memory, or in a PostgreSQL that several processes share.
//!
//! `tables` makes and compares them, `file` and `server` are where they are, `rebuild` makes them anew.

mod file;
mod position;
mod rebuild;
mod server;
mod tables;

use std::path::Path;

use event_log::LogError;
use event_log::sql::{Hold, Pool, Transaction};
use tokio::sync::watch;

use self::file::File;
use self::position::Position;
pub use self::rebuild::{RebuildError, Rebuilt};
use self::server::Schema;
pub(crate) use self::tables::Which;

/// Raised by every change of a table; another format is made anew from the log.
const FORMAT: i64 = 6;

/// The read models' tables.
pub struct ReadStore {
    place: Place,
    /// Whether nobody else writes these tables, nor swaps them for others.
    private: bool,
    position: Position,
    /// One rebuild at a time.
    rebuilding: tokio::sync::Mutex<()>,
}

enum Place {
    Memory(Pool),
    File(File),
    Server(Box<Schema>),
}

impl ReadStore {
    /// Opens the read models in a file, creating their tables when there are none or their format is another.
    ///
    /// # Errors
    /// `DATA_DAMAGED`, `DISK_FULL`, `IO`.
    pub async fn open(file: &Path) -> Result<Self, LogError> {
        Self::at(Place::File(File::open(file).await?)).await
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
                file::set_aside(file)?;
                Self::open(file).await
            }
            opened => opened,
        }
    }

    /// Opens the read models in the PostgreSQL at a URL, in a schema of their own that is made when it is missing.
    /// Several processes may do so at once; each format has its own schema, so that an old and a new version can
    /// work beside one another. They belong to the role `hiresphere_read` where there is one that may be used.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `DATABASE_SETTINGS`, `DATA_DAMAGED`, `DISK_FULL`, `IO`.
    pub async fn connect(url: &str) -> Result<Self, LogError> {
        let schema = Box::new(Schema::open(url).await?);
        let store = Self::at(Place::Server(schema)).await?;
        if let Place::Server(schema) = &store.place {
            store.position.follow(schema.pool.clone(), schema.channel());
        }
        Ok(store)
    }

    /// Empty read models in memory, gone with the last that holds them. Nothing of them ever reaches a
    /// disk, since they hold names in the clear.
    ///
    /// # Errors
    /// `IO`.
    pub async fn in_memory() -> Result<Self, LogError> {
        Self::at(Place::Memory(file::in_memory().await?)).await
    }

    async fn at(place: Place) -> Result<Self, LogError> {
        let rebuilding = tokio::sync::Mutex::default();
        let private = matches!(place, Place::Memory(_));
        let store = Self { place, private, position: Position::default(), rebuilding };
        store.position.tell(store.checkpoint().await?);
        Ok(store)
    }

    /// Connections to query with.
    pub async fn pool(&self) -> Pool {
        match &self.place {
            Place::Memory(pool) => pool.clone(),
            Place::File(file) => file.pool.read().await.clone(),
            Place::Server(schema) => schema.pool.clone(),
        }
    }

    /// Begins a transaction that writes, and says of which tables.
    pub(crate) async fn begin(&self) -> Result<(Transaction, Which), LogError> {
        let (pool, swaps) = match &self.place {
            Place::Memory(pool) => (pool.clone(), 0),
            Place::File(file) => file.pool_and_swaps().await,
            // The server says.
            Place::Server(schema) => (schema.pool.clone(), 0),
        };
        Ok((pool.begin().await?, Which::after(swaps)))
    }

    /// Every event up to here is in the tables.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `DATA_DAMAGED`, `IO`.
    pub async fn checkpoint(&self) -> Result<u64, LogError> {
        tables::checkpoint(&self.pool().await).await
    }

    /// Follows [`Self::checkpoint`], whichever process moves it. It goes back when tables are swapped for older
    /// ones, and is then folded on.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.position.watch()
    }

    /// Resolves when every event up to `position` is in the tables.
    pub async fn wait_for(&self, position: u64) {
        // The sender lives as long as `self`.
        let _ = self.watch().wait_for(|at| *at >= position).await;
    }

    /// Leaves no older copy of any row: neither in what is kept of changed rows, nor in the tables that the last
    /// rebuild replaced, nor in those of another format that nobody builds any more. Called when somebody was
    /// erased.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `IO`; while somebody reads or rebuilds, it has to be tried again.
    pub async fn forget_older_copies(&self) -> Result<(), LogError> {
        match &self.place {
            Place::Memory(_) => Ok(()),
            Place::File(file) => file.forget_older_copies().await,
            Place::Server(schema) => schema.forget_older_copies().await,
        }
    }

    /// SHA-256 over every row of every table in key order: equal tables have equal digests, on every engine.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `DATA_DAMAGED`, `IO`.
    pub async fn digest(&self) -> Result<String, LogError> {
        self.digest_at().await.map(|(digest, _)| digest)
    }

    /// The digest, and the position that it was taken at.
    async fn digest_at(&self) -> Result<(String, u64), LogError> {
        match &self.place {
            Place::Memory(_) | Place::File(_) => tables::digest(&self.pool().await).await,
            Place::Server(schema) => schema.digest().await,
        }
    }

    /// Whether what was written here is there until this process writes otherwise.
    pub(crate) fn is_private(&self) -> bool {
        self.private
    }

    /// The builder's name, to be held by one of those who could build these tables.
    pub(crate) fn builder(&self) -> Hold {
        match &self.place {
            Place::Memory(_) | Place::File(_) => Hold::alone(),
            Place::Server(schema) => schema.builder(),
        }
    }

    /// Makes the tables when they are gone.
    pub(crate) async fn ensure(&self) -> Result<(), LogError> {
        match &self.place {
            Place::Memory(_) | Place::File(_) => Ok(()),
            Place::Server(schema) => schema.ensure().await,
        }
    }

    /// Whether a failure means that the tables were swapped just now, and are there again in a moment.
    pub(crate) fn was_swapped(&self, error: &LogError) -> bool {
        matches!((&self.place, error), (Place::File(_), LogError::Unavailable(_)))
    }

    /// Where the tables stand, told to everybody who waits here.
    pub(crate) async fn look(&self) -> Result<u64, LogError> {
        let at = self.checkpoint().await?;
        self.position.tell(at);
        Ok(at)
    }

    /// Tells everybody who waits, here and elsewhere, that the tables stand at a position.
    pub(crate) async fn moved_to(&self, position: u64) {
        self.position.tell(position);
        if let Place::Server(schema) = &self.place
            && let Err(error) = schema.pool.tell(&schema.channel()).await
        {
            // The others look for themselves, a moment later.
            tracing::debug!(%error, "others were not told");
        }
    }
}
