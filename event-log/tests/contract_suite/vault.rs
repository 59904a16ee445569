//! Personal data: sealed from the first event on, and gone when its key is gone.

use std::path::Path;

use domain::actor::Actor;
use domain::candidate::{Candidate, CandidateCommand, CandidateEvent};
use domain::ids::CandidateId;
use event_log::erase::{complete_all, erase};
use event_log::{Envelope, Log, LogError};

use super::fixtures::{candidate, recruiter};

const NAME: &str = "Augusta Ada Byron";
const RESUME: &[u8] = b"Wrote the first program for a machine that was never built.";

pub(crate) async fn nothing_personal_is_stored_in_the_clear(log: Log, folder: &Path) {
    let (id, document) = candidate(&log, NAME, RESUME).await;
    log.vault.index("email", b"ada@example.org", id).await.unwrap();
    dump(folder).await;
    let mut searched = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let bytes = std::fs::read(entry.path()).unwrap();
            searched += 1;
            for secret in [NAME.as_bytes(), b"first program", b"ada@example"] {
                let found = bytes.windows(secret.len()).any(|w| w == secret);
                assert!(
                    !found,
                    "{} in {}",
                    String::from_utf8_lossy(secret),
                    entry.path().display()
                );
            }
        }
    }
    assert!(searched > 3, "there were files to search");
    assert_eq!(log.documents.get(id, document).await.unwrap(), RESUME);
    let first = &log.store.read_stream(id.stream(), 0).await.unwrap()[0];
    let event = log.vault.open::<Candidate>(first).await.unwrap();
    let CandidateEvent::CandidateRegistered { personal, .. } = event else { panic!("{event:?}") };
    assert_eq!(personal.get().unwrap().name.as_deref(), Some(NAME));
}

/// What a database holds, written into the folder, when there is one.
async fn dump(folder: &Path) {
    let Ok(url) = std::fs::read_to_string(folder.join("database-url")) else { return };
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let tables: Vec<(String, String)> = sqlx::query_as(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname LIKE 'hiresphere%'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    for (schema, table) in tables {
        let rows: Vec<String> =
            sqlx::query_scalar(&format!("SELECT t::text FROM {schema}.{table} t"))
                .fetch_all(&pool)
                .await
                .unwrap();
        std::fs::write(folder.join(table), rows.join("\n")).unwrap();
    }
}

pub(crate) async fn erasing_a_person_leaves_the_rest_readable(log: Log, _: &Path) {
    let (gone, document) = candidate(&log, NAME, RESUME).await;
    let (stays, kept) = candidate(&log, "Charles Babbage", b"Engines").await;
    log.vault.index("email", b"ada@example.org", gone).await.unwrap();
    erase(&log, gone, recruiter()).await.unwrap();

    let events = log.store.read_stream(gone.stream(), 0).await.unwrap();
    let kinds: Vec<&str> = events.iter().map(|e| e.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "candidate.registered.v1",
            "candidate.resume_received.v1",
            "candidate.data_request_opened.v1",
            "candidate.personal_data_erased.v1"
        ],
        "the audit skeleton stays"
    );
    let event = log.vault.open::<Candidate>(&events[0]).await.unwrap();
    let CandidateEvent::CandidateRegistered { personal, .. } = event else { panic!("{event:?}") };
    assert!(personal.is_erased());
    assert!(matches!(log.documents.get(gone, document).await, Err(LogError::Erased)));
    assert!(matches!(log.vault.key(gone).await, Err(LogError::Erased)), "no new key is made");
    assert!(log.vault.find("email", b"ada@example.org").await.unwrap().is_empty());

    assert_eq!(log.documents.get(stays, kept).await.unwrap(), b"Engines");
    let again = erase(&log, gone, recruiter()).await.unwrap();
    assert_eq!(again.events, 0, "erasing twice is erasing once");
}

pub(crate) async fn ciphertext_that_was_moved_does_not_open(log: Log, _: &Path) {
    let (id, _) = candidate(&log, NAME, RESUME).await;
    let mut event = log.store.read_stream(id.stream(), 0).await.unwrap().remove(0);
    event.version += 1;
    let moved = log.vault.open::<Candidate>(&event).await.unwrap_err();
    assert_eq!(moved.code(), "EVENT_UNDECODABLE");
}

pub(crate) async fn blind_indexes_find_and_forget(log: Log, _: &Path) {
    let people: Vec<CandidateId> = (0..3).map(|_| CandidateId(log.ids.next())).collect();
    assert!(log.vault.index("email", b"x", people[0]).await.unwrap().is_empty());
    assert_eq!(log.vault.index("email", b"x", people[1]).await.unwrap(), [people[0]]);
    assert!(log.vault.index("file", b"x", people[2]).await.unwrap().is_empty(), "another scope");
    assert!(log.vault.index("email", b"x", people[0]).await.unwrap().is_empty(), "still the first");
    assert_eq!(log.vault.find("email", b"x").await.unwrap(), people[..2]);
    log.vault.destroy(people[0]).await.unwrap();
    assert_eq!(log.vault.find("email", b"x").await.unwrap(), people[1..2]);
}

pub(crate) async fn a_cut_short_erasure_is_completed(log: Log, _: &Path) {
    let (id, _) = candidate(&log, NAME, RESUME).await;
    let open = Envelope::new(id, CandidateCommand::OpenErasure {}, Actor::system("test"));
    log.dispatcher().dispatch::<Candidate>(open).await.unwrap();
    log.vault.destroy(id).await.unwrap();
    // Here the process died. Whoever starts next goes on.
    assert_eq!(complete_all(&log).await.unwrap(), 1);
    assert_eq!(complete_all(&log).await.unwrap(), 0);
    let (candidate, _) = log.dispatcher().load::<Candidate>(id.0).await.unwrap();
    assert!(candidate.erased);
}
