//! What the application's role cannot do, whatever it is made to say.

use event_log::ports::EventStore as _;
use event_log::postgres::PostgresLog;
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::{append, log, stream};

#[tokio::test(flavor = "multi_thread")]
async fn the_application_can_neither_edit_nor_forge() {
    let (database, log, mut sequencer) = log().await;
    log.append(append(stream(1), 0, 2)).await.unwrap();
    sequencer.step().await.unwrap();
    let mut owner = PgConnection::connect(database.url()).await.unwrap();
    let user = format!("app_{}", std::process::id());
    let make = format!("CREATE ROLE {user} LOGIN PASSWORD 'p' IN ROLE hiresphere_app");
    owner.execute(make.as_str()).await.unwrap();

    let url = database.url_of(&user, "p");
    let theirs = PostgresLog::connect(&url).await.unwrap();
    theirs.append(append(stream(1), 2, 1)).await.unwrap();
    assert_eq!(theirs.read_stream(stream(1), 0).await.unwrap().len(), 3, "what it is there for");

    let mut app = PgConnection::connect(&url).await.unwrap();
    app.execute("SET search_path = hiresphere").await.unwrap();
    let columns =
        "aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata";
    let values =
        "'job', 'x', 1, 't', '1', '{}', '{\"event_id\": \"00000000-0000-0000-0000-000000000001\"}'";
    for forged in [
        "UPDATE events SET payload = '{}'".to_owned(),
        "DELETE FROM events".into(),
        "TRUNCATE events".into(),
        "DELETE FROM positions".into(),
        "INSERT INTO positions VALUES (99, 99)".into(),
        "INSERT INTO unsequenced VALUES (99)".into(),
        "DELETE FROM unsequenced".into(),
        "UPDATE head SET head = 0".into(),
        "SELECT sequence(1, 1)".into(),
        "DELETE FROM commands".into(),
        "DROP TABLE events".into(),
        "ALTER TABLE events DISABLE TRIGGER ALL".into(),
        "SET session_replication_role = replica".into(),
        "CREATE TABLE hiresphere.mine (x int)".into(),
        "SELECT * FROM hiresphere_keys.keys".into(),
        format!("INSERT INTO events ({columns}, seq) OVERRIDING SYSTEM VALUE VALUES ({values}, 7)"),
        format!("INSERT INTO events ({columns}, recorded_at) VALUES ({values}, '2001-01-01')"),
    ] {
        let refused = app.execute(forged.as_str()).await.unwrap_err();
        let code = refused.as_database_error().and_then(|e| e.code()).unwrap().into_owned();
        assert_eq!(code, "42501", "{forged}: {refused}");
    }
    // Nor can the owner, by mistake.
    owner.execute("SET search_path = hiresphere").await.unwrap();
    for mistake in ["UPDATE events SET payload = '{}'", "DELETE FROM positions", "TRUNCATE events"]
    {
        assert!(owner.execute(mistake).await.is_err(), "{mistake}");
    }
    drop((theirs, app));
}
