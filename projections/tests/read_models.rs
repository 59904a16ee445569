//! Read models: what they show, that a rebuild shows the same, and that they can be folded to any
//! position.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "support/engine.rs"]
mod engine;
mod support;

use crate::engine::{Engine, Place, on_every_engine};
use domain::application::{ApplicationCommand as A, Cards, StageRef, Visibility};
use domain::candidate::{CandidateCommand as C, DuplicateSignal, Personal};
use domain::ids::{ApplicationId, CandidateId, DocumentId, EventId, JobId};
use domain::job::{Disposition, JobCommand as J, JobStatus, Posting, StageKind, default_pipeline};
use domain::pii::Pii;
use event_log::sql::query;
use projections::Builder;
use projections::models::ranked_pool::{Outcome, PoolFilter, PoolSort, page};
use projections::models::{application_detail, jobs};
use support::{Told, recruiter};

on_every_engine!(
    the_pool_is_ranked_and_says_why,
    a_row_rests_on_the_resume_its_application_stands_on,
    what_a_person_gave_is_not_overwritten_by_what_was_read,
    rebuilt_is_live,
    a_rebuild_repairs_what_was_changed_behind_its_back,
    any_position_can_be_folded_to,
    a_log_that_lost_its_end_is_not_believed,
);

/// A log with every kind of event in it, and what was told in it.
async fn whole_story(place: &Place) -> (Told, [ApplicationId; 4], CandidateId) {
    let told = Told::begin(place).await;
    let none = || Pii::new(None);
    let ada = told.applies("Ada").await;
    let bea = told.applies("Bea").await;
    let cyd = told.applies("Cyd").await;
    let dot = told.applies("Dot").await;
    told.scored("Ada", ada, 20).await;
    told.scored("Bea", bea, 40).await;
    told.scored("Dot", dot, 30).await;
    let (sniffed_type, flags) = ("application/pdf".into(), vec![]);
    let reason = "EMPTY_TEXT".into();
    let failure = C::RecordExtractionFailure {
        document: cyd.2,
        reason,
        sniffed_type,
        sandbox_without: vec![],
        flags,
    };
    told.candidate(cyd.0, failure).await;
    let signals = vec![DuplicateSignal::SameEmail];
    told.candidate(ada.0, C::FlagDuplicate { other: bea.0, signals }).await;
    let to = Pii::new("Ada King".to_owned());
    let from = Pii::new(Some("Ada".to_owned()));
    told.candidate(ada.0, C::CorrectField { field: "name".into(), from, to }).await;
    told.application(bea.1, A::ReplaceResume { document: ada.2 }, recruiter()).await;
    told.application(bea.1, A::ReplaceResume { document: bea.2 }, recruiter()).await;
    told.application(bea.1, A::Shortlist { seen: None }, recruiter()).await;
    let to = StageRef { id: "interview".into(), kind: StageKind::Interviewing };
    told.application(
        bea.1,
        A::MoveToStage { to, reason: none(), seen: None, cards: Cards::default() },
        recruiter(),
    )
    .await;
    let reject = A::Reject {
        reason: Pii::new("no licence".into()),
        category: "requirements".into(),
        note: none(),
        seen: None,
    };
    told.application(ada.1, reject, recruiter()).await;
    told.application(ada.1, A::Unreject { reason: none() }, recruiter()).await;
    let (note, visibility) = (EventId(told.log.ids.next()), Visibility::Team);
    let text = Pii::new("call back".into());
    told.application(ada.1, A::AddNote { note, visibility, text, mentions: vec![] }, recruiter())
        .await;
    told.application(dot.1, A::Withdraw { reason: none() }, recruiter()).await;
    let mut stages = default_pipeline();
    stages[1].name = "First look".into();
    told.job(J::DefinePipeline { stages }).await;
    told.job(J::PauseJob {}).await;
    told.job(J::ReopenJob {}).await;
    let disposition = Some(Disposition::KeepForReview);
    told.job(J::CloseJob { reason: "filled".into(), filled: true, disposition }).await;
    (told, [ada.1, bea.1, cyd.1, dot.1], dot.0)
}

async fn the_pool_is_ranked_and_says_why(place: Place) {
    let (told, [ada, bea, cyd, dot], _) = whole_story(&place).await;
    let read = place.store().await;
    Builder::new(told.log.clone()).catch_up(&read, u64::MAX).await.unwrap();
    let pool = told.pool(&read).await;
    let ranked: Vec<_> = pool.iter().map(|r| (r.rank, r.application, r.status.as_str())).collect();
    assert_eq!(
        ranked,
        [
            (Some(1), bea, "interviewing"),
            (Some(2), dot, "withdrawn"),
            (Some(3), ada, "submitted"),
            (None, cyd, "submitted")
        ]
    );
    assert_eq!(pool[2].name.as_deref(), Some("Ada King"), "a correction is not overwritten");
    assert_eq!(pool[0].total.unwrap().value(), 80.0);
    assert_eq!(pool[0].reason.as_deref(), Some("Bea has led"));
    assert_eq!(pool[0].flags.len(), 1);
    assert_eq!(pool[0].duplicates[0].candidate, pool[2].candidate, "suspicion is mutual");
    assert_eq!(
        (pool[3].outcome, pool[3].reason.as_deref()),
        (Outcome::Unscorable, Some("EMPTY_TEXT"))
    );
    let run = pool[0].run.as_ref().unwrap();
    let criteria = application_detail::of_run(&read.pool().await, run).await.unwrap();
    assert_eq!(criteria.len(), 4);
    assert_eq!(criteria[0].evidence[0].quote, "Bea led a ward of 28");
    let job = jobs::one(&read.pool().await, told.job).await.unwrap().unwrap();
    assert_eq!((job.posting.title.as_str(), job.status), ("Nurse", JobStatus::Closed));
}

async fn a_row_rests_on_the_resume_its_application_stands_on(place: Place) {
    let told = Told::begin(&place).await;
    let read = place.store().await;
    let builder = Builder::new(told.log.clone());
    let (candidate, application, first) = told.applies("Ada").await;
    told.scored("Ada", (candidate, application, first), 30).await;
    let second = DocumentId(told.log.ids.next());
    let file = Pii::new("other.pdf".to_owned());
    let resume_digest = "another digest".to_owned();
    told.candidate(candidate, C::AttachResume { document: second, resume_digest, bytes: 9, file })
        .await;
    let reason = "EMPTY_TEXT".to_owned();
    let (sniffed_type, flags) = ("application/pdf".to_owned(), vec![]);
    told.candidate(
        candidate,
        C::RecordExtractionFailure {
            document: second,
            reason,
            sniffed_type,
            sandbox_without: vec![],
            flags,
        },
    )
    .await;
    let mut seen = Vec::new();
    for document in [None, Some(second), Some(first)] {
        if let Some(document) = document {
            told.application(application, A::ReplaceResume { document }, recruiter()).await;
        }
        builder.catch_up(&read, u64::MAX).await.unwrap();
        let row = told.pool(&read).await.remove(0);
        seen.push((row.outcome, row.file.unwrap(), row.total.map(|t| t.value()), row.flags.len()));
    }
    let own = (Outcome::Scored, "Ada.pdf".to_owned(), Some(60.0), 1);
    let other = (Outcome::Unscorable, "other.pdf".to_owned(), None, 0);
    assert_eq!(seen, [own.clone(), other, own], "elsewhere, replaced, and back");
    assert!(read.rebuild(&told.log).await.unwrap().equal());
}

async fn what_a_person_gave_is_not_overwritten_by_what_was_read(place: Place) {
    let told = Told::begin(&place).await;
    let read = place.store().await;
    let given = Personal { name: Some("Ada King".into()), ..Personal::default() };
    let ada = told.applies_as("Ada", given).await;
    told.scored("Ada", ada, 30).await;
    let bea = told.applies("Bea").await;
    told.scored("Bea", bea, 20).await;
    Builder::new(told.log.clone()).catch_up(&read, u64::MAX).await.unwrap();
    let names: Vec<_> = told.pool(&read).await.into_iter().map(|r| r.name.unwrap()).collect();
    assert_eq!(names, ["Ada King", "Bea"]);
}

async fn rebuilt_is_live(place: Place) {
    let (told, _, gone) = whole_story(&place).await;
    let read = place.store().await;
    let builder = Builder::new(told.log.clone());
    // Live, event by event; then erased, which sweeps rows that were written in the clear.
    let head = told.log.store.head().await.unwrap();
    for position in 1..=head {
        assert_eq!(builder.catch_up(&read, position).await.unwrap(), 1);
    }
    assert!(told.pool(&read).await.iter().any(|r| r.name.as_deref() == Some("Dot")));
    event_log::erase::erase(&told.log, gone, recruiter()).await.unwrap();
    builder.catch_up(&read, u64::MAX).await.unwrap();
    let swept = told.pool(&read).await.into_iter().find(|r| r.candidate == gone).unwrap();
    assert_eq!((swept.name, swept.file, swept.reason), (None, None, None));
    assert_eq!(swept.total.unwrap().value(), 60.0, "the skeleton keeps the score");
    let before = told.pool(&read).await;
    let rebuilt = read.rebuild(&told.log).await.unwrap();
    assert!(rebuilt.equal(), "{rebuilt:?}");
    assert_eq!(told.pool(&read).await, before, "queries go on over the new tables");
    assert_eq!(read.checkpoint().await.unwrap(), told.log.store.head().await.unwrap());
}

async fn a_rebuild_repairs_what_was_changed_behind_its_back(place: Place) {
    let (told, ..) = whole_story(&place).await;
    let read = place.store().await;
    Builder::new(told.log.clone()).catch_up(&read, u64::MAX).await.unwrap();
    let good = read.digest().await.unwrap();
    let forged = "UPDATE pool_runs SET total = 1000";
    query(forged).execute(&read.pool().await).await.unwrap();
    let rebuilt = read.rebuild(&told.log).await.unwrap();
    assert!(!rebuilt.equal());
    assert_eq!(read.digest().await.unwrap(), good);
}

async fn any_position_can_be_folded_to(place: Place) {
    let (told, [_, bea, ..], _) = whole_story(&place).await;
    let events = told.log.store.read_all(0, 1000).await.unwrap();
    let shortlisted =
        events.iter().find(|e| e.kind == "application.shortlisted.v1").unwrap().position;
    let status_at = |position: u64| {
        let (told, place) = (&told, &place);
        async move {
            let read = place.store().await;
            Builder::new(told.log.clone()).catch_up(&read, position).await.unwrap();
            assert_eq!(read.checkpoint().await.unwrap(), position);
            let pool = told.pool(&read).await;
            pool.into_iter().find(|r| r.application == bea).unwrap().status
        }
    };
    assert_eq!(status_at(shortlisted - 1).await, "submitted");
    assert_eq!(status_at(shortlisted).await, "shortlisted");
}

async fn a_log_that_lost_its_end_is_not_believed(place: Place) {
    let (told, ..) = whole_story(&place).await;
    let read = place.store().await;
    Builder::new(told.log.clone()).catch_up(&read, u64::MAX).await.unwrap();
    let shorter = Told::begin(&Place::on(place.engine())).await;
    let error = Builder::new(shorter.log.clone()).catch_up(&read, u64::MAX).await.unwrap_err();
    assert_eq!(error.code(), "DATA_DAMAGED");
}

#[tokio::test]
async fn a_log_gives_the_same_tables_on_every_engine() {
    let places = [Place::on(Engine::Sqlite), Place::on(Engine::Postgres)];
    let (mut told, _, gone) = whole_story(&places[0]).await;
    told.job = JobId(told.log.ids.next());
    let posting = Posting { title: "Cook".into(), openings: 1, ..Posting::default() };
    told.job(J::DraftJob { job: told.job, posting }).await;
    told.job(J::BindRubric { rubric: "default".into(), version: 1 }).await;
    told.job(J::PublishJob { valid_through: None, ai_notice_version: 1 }).await;
    let given = |name: &str| Personal { name: Some(name.into()), ..Personal::default() };
    for name in ["zoe", "Zoë", "Ärztin", "ÉMILE", "A_b", "a b", "~", ""] {
        let applied = told.applies_as(name, given(name)).await;
        told.scored(name, applied, 20).await;
    }
    event_log::erase::erase(&told.log, gone, recruiter()).await.unwrap();
    let mut shown = vec![];
    for place in &places {
        let read = place.store().await;
        Builder::new(told.log.clone()).catch_up(&read, u64::MAX).await.unwrap();
        let pool = read.pool().await;
        let all = PoolFilter::default();
        let by_name = page(&pool, told.job, &all, PoolSort::Name, None, 50).await.unwrap();
        shown.push((read.digest().await.unwrap(), told.pool(&read).await, by_name));
    }
    assert_eq!(shown[0], shown[1]);
}
