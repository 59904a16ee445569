//! The contract of the ports, run against every engine. An engine is plugged in by one line at the end.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod contract_suite;
mod stepped;

use std::path::Path;

use domain::ids::CandidateId;
use event_log::folder::Folder;
use event_log::ports::KeyStore;
use event_log::postgres::PostgresKeys;
use event_log::sqlite::SqliteKeys;
use event_log::{Log, distributed};
use testkit::servers::Database;
use uuid::Uuid;

/// The embedded engine in a folder of its own.
async fn sqlite(folder: &Path) -> (Folder, Log) {
    Folder::open(folder).await.expect("a data folder")
}

/// The distributed engine in a database of its own, its sequencer one step behind every append.
async fn postgres(folder: &Path) -> (Database, Log) {
    stepped::open(folder).await
}

contract_suite::against!(sqlite);
contract_suite::against!(postgres);

/// Looking several people's keys up at once finds those that live, however many are asked for.
async fn several_keys(keys: &dyn KeyStore) {
    let person = |n| CandidateId(Uuid::from_u128(n));
    let wrapped = |n: u128| vec![u8::try_from(n % 251).unwrap(); 3];
    for n in 1..=600 {
        keys.put_if_absent(person(n), wrapped(n)).await.unwrap();
    }
    keys.destroy(person(7)).await.unwrap();
    // Nobody has the nil person's key yet, nor that of 601.
    let asked: Vec<_> = (0..=601).map(person).collect();
    let mut live = keys.get_live(&asked).await.unwrap();
    live.sort();
    let expected: Vec<_> = (1..=600).filter(|n| *n != 7).map(|n| (person(n), wrapped(n))).collect();
    assert_eq!(live, expected);
    assert!(keys.get_live(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn several_keys_of_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    several_keys(&SqliteKeys::open(&folder.path().join("keys.sqlite")).await.unwrap()).await;
}

#[tokio::test]
async fn several_keys_of_postgres() {
    let database = Database::make().await;
    distributed::migrate(database.url(), None).await.unwrap();
    several_keys(&PostgresKeys::connect(database.url()).await.unwrap()).await;
}
