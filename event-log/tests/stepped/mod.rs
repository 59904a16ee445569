//! The distributed engine with its sequencer stepped by hand, so that nothing in a test waits for a loop.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use domain::ids::StreamId;
use event_log::distributed::{self, Settings};
use event_log::ports::{Append, AppendError, Appended, EventStore, Handled, InProcess};
use event_log::postgres::{PostgresLog, Sequencer};
use event_log::{Log, LogError, Recorded};
use testkit::servers::Database;
use tokio::sync::{Mutex, watch};

/// A log whose appends are numbered before they are answered.
struct Stepped {
    log: Arc<PostgresLog>,
    sequencer: Mutex<Sequencer>,
}

/// Opens one in an empty database; the folder gets the documents, and the database's URL in a file.
pub(crate) async fn open(folder: &Path) -> (Database, Log) {
    let database = Database::make().await;
    distributed::migrate(database.url(), None).await.expect("tables");
    let settings = Settings {
        database_url: database.url().to_owned(),
        keys_url: None,
        documents_url: format!("file://{}", folder.display()),
        master: zeroize::Zeroizing::new([7; 32]),
    };
    let (mut log, postgres) = distributed::open(&settings).await.expect("a log");
    let sequencer = Mutex::new(Sequencer::connect(database.url()).await.expect("a sequencer"));
    log.store = Arc::new(Stepped { log: postgres, sequencer });
    log.bus = Arc::new(InProcess::new(log.store.clone()));
    std::fs::write(folder.join("database-url"), database.url()).expect("a file");
    (database, log)
}

#[async_trait]
impl EventStore for Stepped {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let stream = append.stream;
        let done = self.log.append(append).await?;
        self.sequencer.lock().await.step().await?;
        let position = Some(self.log.placed(stream, done.version).await?);
        Ok(Appended { position, ..done })
    }

    async fn read_stream(&self, stream: StreamId, after: u64) -> Result<Vec<Recorded>, LogError> {
        self.log.read_stream(stream, after).await
    }

    async fn read_all(&self, after: u64, limit: u32) -> Result<Vec<Recorded>, LogError> {
        self.log.read_all(after, limit).await
    }

    async fn head(&self) -> Result<u64, LogError> {
        self.log.head().await
    }

    async fn unplaced(&self) -> Result<u64, LogError> {
        self.log.unplaced().await
    }

    fn watch(&self) -> watch::Receiver<u64> {
        self.log.watch()
    }

    async fn placed(&self, stream: StreamId, version: u64) -> Result<u64, LogError> {
        self.log.placed(stream, version).await
    }

    async fn handled(&self, key: &str) -> Result<Option<Handled>, LogError> {
        self.log.handled(key).await
    }

    async fn holder(&self, name: &str) -> Result<Option<StreamId>, LogError> {
        self.log.holder(name).await
    }

    async fn held(&self, prefix: &str) -> Result<Vec<(String, StreamId)>, LogError> {
        self.log.held(prefix).await
    }
}
