//! The data folder under bad conditions: each a clear error with a stable code, and nothing lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::Path;

use domain::actor::{Actor, ActorKind};
use domain::ids::JobId;
use domain::job::{Job, JobCommand, Posting};
use event_log::folder::Folder;
use event_log::ports::EventStore as _;
use event_log::sqlite::SqliteLog;
use event_log::{Envelope, Log};

async fn draft(log: &Log) -> Result<u64, String> {
    let job = JobId(log.ids.next());
    let posting = Posting { title: "Nurse".into(), openings: 1, ..Posting::default() };
    let actor = Actor::new(ActorKind::Member, "recruiter");
    let envelope = Envelope::new(job, JobCommand::DraftJob { job, posting }, actor);
    let done = log.dispatcher().dispatch::<Job>(envelope).await;
    done.map(|o| o.position.unwrap_or(0)).map_err(|e| e.code().to_owned())
}

async fn code_of_opening(path: &Path) -> &'static str {
    match Folder::open(path).await {
        Ok(_) => "opened",
        Err(error) => {
            assert!(!error.advice().is_empty());
            error.code()
        }
    }
}

#[tokio::test]
async fn a_folder_has_one_holder_and_survives_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let (held, log) = Folder::open(folder.path()).await.unwrap();
    assert_eq!(draft(&log).await, Ok(1));
    assert_eq!(code_of_opening(folder.path()).await, "DATA_IN_USE");
    drop((held, log));
    let (_held, log) = Folder::open(folder.path()).await.unwrap();
    assert_eq!(draft(&log).await, Ok(2));
}

#[tokio::test]
async fn the_master_key_is_private_and_irreplaceable() {
    let folder = tempfile::tempdir().unwrap();
    drop(Folder::open(folder.path()).await.unwrap());
    let master = folder.path().join("keys/master");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&master).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let key = fs::read(&master).unwrap();
    fs::write(&master, [7u8; 32]).unwrap();
    assert_eq!(code_of_opening(folder.path()).await, "MASTER_KEY");
    fs::write(&master, b"short").unwrap();
    assert_eq!(code_of_opening(folder.path()).await, "MASTER_KEY");
    fs::remove_file(&master).unwrap();
    assert_eq!(
        code_of_opening(folder.path()).await,
        "MASTER_KEY",
        "no new key is made over old data"
    );
    fs::write(&master, key).unwrap();
    assert_eq!(code_of_opening(folder.path()).await, "opened");
}

#[tokio::test]
async fn keys_and_log_belong_together() {
    let folder = tempfile::tempdir().unwrap();
    let (held, log) = Folder::open(folder.path()).await.unwrap();
    draft(&log).await.unwrap();
    log.vault.key(domain::ids::CandidateId(log.ids.next())).await.unwrap();
    drop((held, log));
    let remove = |name: &str| {
        for suffix in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(folder.path().join(format!("{name}{suffix}")));
        }
    };
    let keys = fs::read(folder.path().join("keys/keys.sqlite")).unwrap();
    let wal = fs::read(folder.path().join("keys/keys.sqlite-wal")).unwrap_or_default();
    remove("keys/keys.sqlite");
    assert_eq!(
        code_of_opening(folder.path()).await,
        "MASTER_KEY",
        "no key store is made over old data"
    );
    remove("keys/keys.sqlite");
    fs::write(folder.path().join("keys/keys.sqlite"), keys).unwrap();
    fs::write(folder.path().join("keys/keys.sqlite-wal"), wal).unwrap();
    assert_eq!(code_of_opening(folder.path()).await, "opened");
    remove("log.sqlite");
    assert_eq!(
        code_of_opening(folder.path()).await,
        "DATA_DAMAGED",
        "no log is begun under old keys"
    );
    assert!(!folder.path().join("log.sqlite").exists());
}

#[tokio::test]
async fn damage_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (held, log) = Folder::open(folder.path()).await.unwrap();
    for _ in 0..50 {
        draft(&log).await.unwrap();
    }
    drop((held, log));
    let file = folder.path().join("log.sqlite");
    // As a backup would be taken: everything in the one file.
    let pool = event_log::sqlite::pool(&file, 1).await.unwrap();
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&pool).await.unwrap();
    pool.close().await;
    let whole = fs::read(&file).unwrap();
    for wal in ["log.sqlite-wal", "log.sqlite-shm"] {
        let _ = fs::remove_file(folder.path().join(wal));
    }
    fs::write(&file, b"this is not a database, it only has the name of one............").unwrap();
    assert_eq!(code_of_opening(folder.path()).await, "DATA_DAMAGED");
    let mut torn = whole.clone();
    let middle = torn.len() / 2;
    torn[middle..].fill(0xA5);
    fs::write(&file, torn).unwrap();
    assert_eq!(code_of_opening(folder.path()).await, "DATA_DAMAGED");
    fs::write(&file, whole).unwrap();
    assert_eq!(code_of_opening(folder.path()).await, "opened", "a backup brings it back");
}

#[tokio::test]
async fn a_newer_format_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    drop(Folder::open(folder.path()).await.unwrap());
    let pool = event_log::sqlite::pool(&folder.path().join("log.sqlite"), 1).await.unwrap();
    sqlx::query("PRAGMA user_version = 99").execute(&pool).await.unwrap();
    pool.close().await;
    assert_eq!(code_of_opening(folder.path()).await, "DATA_TOO_NEW");
}

#[tokio::test]
async fn an_older_format_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let (held, log) = Folder::open(folder.path()).await.unwrap();
    draft(&log).await.unwrap();
    drop((held, log));
    let pool = event_log::sqlite::pool(&folder.path().join("log.sqlite"), 1).await.unwrap();
    let older = "DROP TABLE requeues; DROP TABLE ledger; PRAGMA user_version = 1";
    sqlx::raw_sql(older).execute(&pool).await.unwrap();
    pool.close().await;
    let (_held, log) = Folder::open(folder.path()).await.unwrap();
    assert_eq!(log.store.head().await.unwrap(), 1);
    assert!(log.subscriptions.requeues("any").await.unwrap().is_empty());
    assert_eq!(log.ledger.booked("any").await.unwrap().tokens, 0);
}

#[tokio::test]
async fn events_cannot_be_edited() {
    let folder = tempfile::tempdir().unwrap();
    let (_held, log) = Folder::open(folder.path()).await.unwrap();
    draft(&log).await.unwrap();
    let pool = event_log::sqlite::pool(&folder.path().join("log.sqlite"), 1).await.unwrap();
    for sql in ["UPDATE events SET payload = '{}'", "DELETE FROM events"] {
        let error = sqlx::query(sql).execute(&pool).await.unwrap_err().to_string();
        assert!(error.contains("events are never"), "{error}");
    }
}

#[tokio::test]
async fn a_full_disk_refuses_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (_held, mut log) = Folder::open(folder.path()).await.unwrap();
    draft(&log).await.unwrap();
    let full = SqliteLog::open(&folder.path().join("log.sqlite")).await.unwrap();
    full.limit_pages(30).await.unwrap();
    log.store = std::sync::Arc::new(full);
    let mut taken = 1;
    let refused = loop {
        match draft(&log).await {
            Ok(position) => taken = position,
            Err(code) => break code,
        }
        assert!(taken < 10_000, "the disk never got full");
    };
    assert_eq!(refused, "DISK_FULL");
    assert_eq!(log.store.head().await.unwrap(), taken, "what was answered is there, and no more");
    let again = SqliteLog::open(&folder.path().join("log.sqlite")).await.unwrap();
    assert_eq!(again.head().await.unwrap(), taken);
}
