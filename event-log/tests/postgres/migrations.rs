//! Migrations: twice, at once, too old, too new.

use event_log::LogError;
use event_log::distributed::migrate;
use event_log::postgres::PostgresLog;
use sqlx::{Connection as _, Executor as _, PgConnection};
use testkit::servers::Database;

#[tokio::test(flavor = "multi_thread")]
async fn several_replicas_migrate_at_once_and_again() {
    let database = Database::make().await;
    let at_once = (0..6).map(|_| {
        let url = database.url().to_owned();
        tokio::spawn(async move { migrate(&url, None).await.unwrap() })
    });
    let mut applied = 0;
    for done in at_once.collect::<Vec<_>>() {
        applied += done.await.unwrap().iter().map(|m| m.applied.len()).sum::<usize>();
    }
    let again = migrate(database.url(), None).await.unwrap();
    assert!(again.iter().all(|m| m.applied.is_empty() && m.version > 0), "{again:?}");
    let all: usize = usize::try_from(again.iter().map(|m| m.version).sum::<i64>()).unwrap();
    assert_eq!(applied, all, "each once, by one of them");
    PostgresLog::connect(database.url()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_without_tables_says_what_to_do() {
    let database = Database::make().await;
    let Err(error) = PostgresLog::connect(database.url()).await else { panic!("no tables") };
    assert!(matches!(error, LogError::NotMigrated { found: 0, .. }), "{error}");
    assert!(error.advice().contains("hiresphere migrate"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_log_is_not_touched_and_can_still_be_used() {
    let database = Database::make().await;
    migrate(database.url(), None).await.unwrap();
    let mut owner = PgConnection::connect(database.url()).await.unwrap();
    let newer = "INSERT INTO hiresphere._sqlx_migrations \
                 VALUES (9999, 'of the future', now(), true, '\\x00', 1)";
    owner.execute(newer).await.unwrap();
    let error = migrate(database.url(), None).await.unwrap_err();
    assert!(matches!(error, LogError::TooNew { found: 9999, .. }), "{error}");
    PostgresLog::connect(database.url()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_and_a_user_that_may_not() {
    let Err(error) = PostgresLog::connect("postgres://nobody@127.0.0.1:1/none").await else {
        panic!("nobody listens there")
    };
    assert_eq!(error.code(), "DATABASE_UNAVAILABLE");
    let Err(error) = PostgresLog::connect("mysql://x").await else { panic!("no such engine") };
    assert_eq!(error.code(), "DATABASE_SETTINGS");
    let database = Database::make().await;
    let mut owner = PgConnection::connect(database.url()).await.unwrap();
    let user = format!("nobody_{}", std::process::id());
    owner.execute(format!("CREATE ROLE {user} LOGIN PASSWORD 'p'").as_str()).await.unwrap();
    let error = migrate(&database.url_of(&user, "p"), None).await.unwrap_err();
    assert_eq!(error.code(), "DATABASE_SETTINGS", "{error}");
}
