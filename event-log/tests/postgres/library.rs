//! The table is postgres-es's own, with columns beside: its repository, as it is, reads what the log wrote and writes
//! what the log reads and numbers.

use cqrs_es::persist::{PersistedEventRepository as _, SerializedEvent};
use domain::job::Job;
use event_log::ports::EventStore as _;
use postgres_es::PostgresEventRepository;
use serde_json::json;

use super::{append, log, stream};

#[tokio::test(flavor = "multi_thread")]
async fn postgres_es_reads_and_writes_the_same_table() {
    let (_database, log, mut sequencer) = log().await;
    log.append(append(stream(1), 0, 2)).await.unwrap();
    let library = PostgresEventRepository::new(log.pool().clone());
    let id = stream(1).id.to_string();
    let read = library.get_events::<Job>(&id).await.unwrap();
    assert_eq!(read.iter().map(|e| e.sequence).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(
        (read[0].event_type.as_str(), read[0].event_version.as_str()),
        ("job.paused.v1", "1")
    );

    let event_id = uuid::Uuid::now_v7();
    let metadata = json!({
        "event_id": event_id, "occurred_at": "2026-01-01T00:00:00Z", "command_id": event_id,
        "actor": { "kind": "system", "id": "test" }, "correlation_id": "test",
    });
    let third = |sequence| {
        let (kind, version) = ("job.paused.v1".to_owned(), "1".to_owned());
        SerializedEvent::new(
            id.clone(),
            sequence,
            "job".into(),
            kind,
            version,
            json!({}),
            metadata.clone(),
        )
    };
    library.persist::<Job>(&[third(3)], None).await.unwrap();
    assert!(library.persist::<Job>(&[third(3)], None).await.is_err(), "the version is taken");
    sequencer.step().await.unwrap();
    let all = log.read_all(0, 10).await.unwrap();
    assert_eq!(
        all.iter().map(|e| (e.position, e.version)).collect::<Vec<_>>(),
        [(1, 1), (2, 2), (3, 3)]
    );
    assert_eq!(all[2].event_id.0, event_id);
}
