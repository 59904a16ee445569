//! The engines that read models are on, and a place of its own for every test.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use projections::ReadStore;
use testkit::servers::Database;
use tokio::sync::Mutex;

/// Runs every test on every engine, in a place of its own.
macro_rules! on_every_engine {
    ($($test:ident),+ $(,)?) => {
        crate::engine::on!(sqlite, Sqlite: $($test),+);
        crate::engine::on!(postgres, Postgres: $($test),+);
    };
}
pub(crate) use on_every_engine;

macro_rules! on {
    ($name:ident, $engine:ident: $($test:ident),+) => {
        mod $name {
            $(
                #[tokio::test]
                async fn $test() {
                    let engine = crate::engine::Engine::$engine;
                    super::$test(crate::engine::Place::on(engine)).await;
                }
            )+
        }
    };
}
pub(crate) use on;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// A folder for the log, and somewhere for read models.
#[derive(Clone)]
pub(crate) struct Place(Arc<Inner>);

struct Inner {
    engine: Engine,
    folder: tempfile::TempDir,
    stores: AtomicU32,
    databases: Mutex<Vec<Database>>,
}

#[allow(dead_code, reason = "each test file uses some of it")]
impl Place {
    pub(crate) fn on(engine: Engine) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (stores, databases) = (AtomicU32::new(0), Mutex::default());
        Self(Arc::new(Inner { engine, folder, stores, databases }))
    }

    pub(crate) fn engine(&self) -> Engine {
        self.0.engine
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.folder.path()
    }

    /// Where nobody has read models yet: a file's path or a database's URL.
    pub(crate) async fn address(&self) -> String {
        match self.0.engine {
            Engine::Sqlite => {
                let n = self.0.stores.fetch_add(1, Ordering::Relaxed);
                self.folder().join(format!("read-{n}.sqlite")).to_str().unwrap().to_owned()
            }
            Engine::Postgres => {
                let database = Database::make().await;
                let url = database.url().to_owned();
                self.0.databases.lock().await.push(database);
                url
            }
        }
    }

    /// The read models at an address.
    pub(crate) async fn open(&self, address: &str) -> ReadStore {
        match self.0.engine {
            Engine::Sqlite => ReadStore::open(Path::new(address)).await.unwrap(),
            Engine::Postgres => ReadStore::connect(address).await.unwrap(),
        }
    }

    /// New read models, empty.
    pub(crate) async fn store(&self) -> ReadStore {
        self.open(&self.address().await).await
    }
}
