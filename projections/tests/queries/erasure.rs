//! Erasure: nothing personal is left in any row of any table, live or rebuilt, and neither in folds.

use domain::application::{ApplicationCommand as A, Cards, Visibility};
use domain::candidate::Personal;
use domain::ids::EventId;
use domain::job::StageKind;
use domain::pii::Pii;
use event_log::sql::{Dialect, Value, query};
use projections::models::candidates;
use projections::{AsOf, Builder, Pool};

use crate::engine::{Place, on_every_engine};
use crate::hiring;
use crate::story::{Applicant, Story, member, none, some, stage};

on_every_engine!(nothing_personal_is_left_and_rebuilt_is_live, a_fold_forgets_whom_it_showed,);

/// Everything personal in this story has this in it.
const SECRET: &str = "secret";

async fn secretive(story: &Story) -> Applicant {
    let job = story.draft("Nurse", None).await;
    story.open(job, None).await;
    let personal = Personal {
        name: Some("Secret Name".into()),
        email: Some("secret@example.org".into()),
        phone: Some("secret phone".into()),
        links: vec!["https://secret.example".into()],
    };
    let who = story.applies(personal, job).await;
    let app = who.application;
    story.read(who.candidate, who.document, "SecretParsed").await;
    story.corrects(who.candidate, "phone", "Secret after").await;
    story.scored(who, 30).await;
    let second = story.hands_in(who.candidate, "Secret-Second.pdf").await;
    story.read(who.candidate, second, "SecretSecond").await;
    for visibility in [Visibility::Team, Visibility::Private] {
        let (note, text) = (EventId(story.log.ids.next()), Pii::new("Secret note".to_owned()));
        story.application(app, A::AddNote { note, visibility, text, mentions: vec![] }).await;
    }
    let to = stage("interview", StageKind::Interviewing);
    let reason = some("Secret reason");
    story
        .application(app, A::MoveToStage { to, reason, seen: None, cards: Cards::default() })
        .await;
    let (reason, category) = (Pii::new("Secret grounds".into()), "requirements".into());
    let note = some("Secret reject note");
    story.application(app, A::Reject { reason, category, note, seen: None }).await;
    story.application(app, A::Unreject { reason: some("Secret reversal") }).await;
    hiring::hires(story, who).await;
    story.application(app, A::Withdraw { reason: none() }).await;
    who
}

/// Every text in every table that has the secret in it, as `table.column`.
async fn secrets(pool: &Pool) -> Vec<String> {
    let tables = match pool.dialect() {
        Dialect::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table'",
        Dialect::Postgres => {
            "SELECT relname::TEXT AS name FROM pg_class \
             WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
        }
    };
    let tables = query(tables).fetch_all(pool).await.unwrap();
    assert!(tables.len() > 10, "{}", tables.len());
    let mut found = vec![];
    for table in tables.iter().map(|row| row.get::<String>("name").unwrap()) {
        for row in query(&format!("SELECT * FROM {table}")).fetch_all(pool).await.unwrap() {
            for (index, column) in row.names().into_iter().enumerate() {
                let Value::Text(Some(text)) = row.value(index).unwrap() else { continue };
                if text.to_lowercase().contains(SECRET) {
                    found.push(format!("{table}.{column}"));
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

async fn nothing_personal_is_left_and_rebuilt_is_live(place: Place) {
    let story = Story::begin(&place).await;
    let who = secretive(&story).await;
    let read = place.store().await;
    let builder = Builder::new(story.log.clone());
    for position in 1..=story.head().await {
        assert_eq!(builder.catch_up(&read, position).await.unwrap(), 1, "event by event");
    }
    let before = secrets(&read.pool().await).await;
    for held in [
        "candidates.name",
        "candidate_resumes.profile",
        "interviews.place",
        "offers.terms",
        "scorecards.notes",
        "timeline.note",
    ] {
        assert!(before.iter().any(|place| place == held), "{held} of {before:?}");
    }
    assert!(!before.iter().any(|place| place == "timeline.summary"), "{before:?}");
    assert!(!before.iter().any(|place| place == "timeline.data"), "{before:?}");
    event_log::erase::erase(&story.log, who.candidate, member("officer")).await.unwrap();
    builder.catch_up(&read, u64::MAX).await.unwrap();
    assert_eq!(secrets(&read.pool().await).await, Vec::<String>::new());
    let found = candidates::one(&read.pool().await, who.candidate).await.unwrap().unwrap();
    assert!(found.candidate.erased);
    assert_eq!((found.candidate.name, found.profile), (None, None));
    assert_eq!(found.resumes.len(), 2, "the skeleton stays");
    let rebuilt = read.rebuild(&story.log).await.unwrap();
    assert!(rebuilt.equal(), "{rebuilt:?}");
}

async fn a_fold_forgets_whom_it_showed(place: Place) {
    let story = Story::begin(&place).await;
    let who = secretive(&story).await;
    let as_of = AsOf::new(story.log.clone());
    let then = story.head().await;
    let fold = as_of.at(then).await.unwrap();
    assert!(!secrets(&fold.pool().await).await.is_empty());
    drop(fold);
    event_log::erase::erase(&story.log, who.candidate, member("officer")).await.unwrap();
    let fold = as_of.at(then).await.unwrap();
    assert_eq!(secrets(&fold.pool().await).await, Vec::<String>::new());
    assert_eq!(fold.checkpoint().await.unwrap(), then);
}
