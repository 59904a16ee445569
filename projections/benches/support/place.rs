//! Where a benchmark has its log and its read models: in a folder, or with `--postgres` in a database.

use event_log::Log;
use event_log::distributed::{self, Settings};
use event_log::folder::Folder;
use event_log::master_key::MasterKey;
use event_log::postgres::Sequencer;
use projections::ReadStore;
use tempfile::TempDir;
use testkit::servers::Database;
use tokio::sync::watch;

/// A log, and where its read models go.
pub(crate) struct Place {
    pub(crate) log: Log,
    folder: TempDir,
    _held: Option<Folder>,
    database: Option<Database>,
    _sequencing: watch::Sender<bool>,
}

impl Place {
    pub(crate) async fn make() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (sequencing, stop) = watch::channel(false);
        if !std::env::args().any(|argument| argument == "--postgres") {
            let (held, log) = Folder::open(folder.path()).await.expect("a log");
            return Self {
                log,
                folder,
                _held: Some(held),
                database: None,
                _sequencing: sequencing,
            };
        }
        let database = Database::make().await;
        distributed::migrate(database.url(), None).await.expect("tables");
        let settings = Settings {
            database_url: database.url().to_owned(),
            keys_url: None,
            documents_url: format!("file://{}", folder.path().display()),
            master: MasterKey::new([7; 32]),
        };
        let (log, _) = distributed::open(&settings).await.expect("a log");
        let sequencer = Sequencer::connect(database.url()).await.expect("a sequencer");
        tokio::spawn(sequencer.run(stop, |_| {}));
        Self { log, folder, _held: None, database: Some(database), _sequencing: sequencing }
    }

    pub(crate) async fn read_models(&self) -> ReadStore {
        match &self.database {
            None => ReadStore::open(&self.folder.path().join("read.sqlite")).await,
            Some(database) => ReadStore::connect(database.url()).await,
        }
        .expect("read models")
    }
}
