//! Where a benchmark has its read models: in a file, or with `--postgres` in a database.

use std::path::Path;

use projections::ReadStore;
use testkit::servers::Database;

pub(crate) async fn read_models(folder: &Path) -> (ReadStore, Option<Database>) {
    if !std::env::args().any(|argument| argument == "--postgres") {
        let file = folder.join("read.sqlite");
        return (ReadStore::open(&file).await.expect("read models"), None);
    }
    let database = Database::make().await;
    (ReadStore::connect(database.url()).await.expect("read models"), Some(database))
}
