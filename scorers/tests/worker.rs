//! The scorers' subscription over a real log: every delivery twice, late and out of turn, and engines
//! that fail or lie.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::Arc;

use async_trait::async_trait;
use domain::application::{Application, ApplicationCommand, RunOutcome, Usage};
use domain::candidate::{Candidate, CandidateEvent, Reading as Progress};
use domain::model_release::Release;
use domain::pii::Pii;
use domain::score::{Grade, Level, Points};
use domain::text::Quote;
use event_log::Envelope;
use event_log::subscribe::Subscription;
use scorers::reading::sandbox::{Layer, Unavailable};
use scorers::reading::{Limits, Reading, read};
use scorers::worker::{BaselineEngine, Desk, Engine, EngineError, Graded, Reader, Scorers, Task};

mod bench;
use bench::{Bench, RESUME, recruiter};

/// Reads in this process, as one that lacks a layer of the sandbox.
struct WithoutLandlock;

#[async_trait]
impl Reader for WithoutLandlock {
    async fn read(&self, bytes: &[u8]) -> Result<Reading, Unavailable> {
        Ok(Reading { without: vec![Layer::Landlock], ..read(bytes, &Limits::default()) })
    }
}

#[tokio::test]
async fn every_delivery_may_come_again_and_out_of_turn() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path()).await;
    let mut applications = Vec::new();
    for n in 0..5 {
        let resume = RESUME.replace("28", &format!("{}", 20 + n));
        applications.push(bench.apply(resume.as_bytes(), false).await.1);
    }
    let work = bench.work(BaselineEngine);
    bench.drain(&work).await;
    for application in &applications {
        assert_eq!(bench.runs(*application).await, [RunOutcome::Recorded]);
        assert!(bench.total(*application).await > Points::ZERO);
    }
    let head = bench.log.store.head().await.unwrap();
    let events = bench.log.store.read_all(0, 1000).await.unwrap();
    for event in events.iter().chain(events.iter().rev()).filter(|e| work.wants(&e.kind)) {
        work.handle(event).await.unwrap();
    }
    assert_eq!(bench.log.store.head().await.unwrap(), head, "nothing was added");
}

#[tokio::test]
async fn an_application_is_scored_on_the_resume_it_stands_on() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path()).await;
    let (candidate, application) = bench.apply(RESUME.as_bytes(), false).await;
    let work = bench.work(BaselineEngine);
    bench.drain(&work).await;
    let (state, _) = bench.log.dispatcher().load::<Application>(application.0).await.unwrap();
    let first = state.document.unwrap();
    // What the person hands in elsewhere is read, and changes nothing here.
    let read_later = bench.attach(candidate, RESUME.replace("28", "31").as_bytes()).await;
    bench.drain(&work).await;
    assert_eq!(bench.runs(application).await, [RunOutcome::Recorded]);
    let (state, _) = bench.log.dispatcher().load::<Candidate>(candidate.0).await.unwrap();
    assert!(matches!(state.resume(read_later).unwrap().reading, Progress::Parsed(_)));
    // Read before it is stood on, and after.
    bench.replace(application, read_later).await;
    bench.drain(&work).await;
    assert_eq!(bench.runs(application).await, [RunOutcome::Recorded; 2]);
    let unread = bench.attach(candidate, RESUME.replace("28", "42").as_bytes()).await;
    bench.replace(application, unread).await;
    bench.drain(&work).await;
    assert_eq!(bench.runs(application).await, [RunOutcome::Recorded; 3]);
    // Back to the first: there is a score of it.
    bench.replace(application, first).await;
    bench.drain(&work).await;
    assert_eq!(bench.runs(application).await, [RunOutcome::Recorded; 3]);
}

#[tokio::test]
async fn two_scorers_at_once_make_one_score() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path()).await;
    let (_, application) = bench.apply(RESUME.as_bytes(), false).await;
    let work = bench.work(BaselineEngine);
    let mut at = 0;
    // The same event to both at the same moment, up to the end of what they lead to.
    while let [event] = &bench.log.store.read_all(at, 1).await.unwrap()[..] {
        at = event.position;
        if work.wants(&event.kind) {
            let (one, other) = tokio::join!(work.handle(event), work.handle(event));
            one.unwrap();
            other.unwrap();
        }
    }
    assert_eq!(bench.runs(application).await, [RunOutcome::Recorded]);
    let events = bench.log.store.read_all(0, 1000).await.unwrap();
    let count = |kind: &str| events.iter().filter(|e| e.kind == kind).count();
    for kind in [
        "candidate.resume_text_extracted.v1",
        "candidate.resume_parsed.v1",
        "application.score_requested.v1",
        "application.score_recorded.v1",
    ] {
        assert_eq!(count(kind), 1, "{kind}");
    }
}

#[tokio::test]
async fn what_cannot_or_must_not_be_scored_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path()).await;
    let (unread, no_text) = bench.apply(b"\x89PNG\r\n\x1a\n", false).await;
    let (_, opted_out) = bench.apply(RESUME.as_bytes(), true).await;
    let (gone, erased) = bench.apply(RESUME.as_bytes(), false).await;
    let withdraw = ApplicationCommand::Withdraw { reason: Pii::new(None) };
    let envelope = Envelope::new(erased, withdraw, recruiter());
    bench.log.dispatcher().dispatch::<Application>(envelope).await.unwrap();
    event_log::erase::erase(&bench.log, gone, recruiter()).await.unwrap();
    bench.drain(&bench.work(BaselineEngine)).await;
    for application in [no_text, opted_out, erased] {
        assert!(bench.runs(application).await.is_empty());
    }
    let (candidate, _) = bench.log.dispatcher().load::<Candidate>(unread.0).await.unwrap();
    let reading = candidate.resumes[0].reading.clone();
    assert_eq!(reading, Progress::Failed("EMPTY_TEXT".into()));
}

#[tokio::test]
async fn what_the_sandbox_lacked_is_in_the_history() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path()).await;
    let lacking = Scorers::new(bench.log.dispatcher(), Arc::new(WithoutLandlock), vec![]);
    let (read, _) = bench.apply(RESUME.as_bytes(), false).await;
    let (unread, _) = bench.apply(b"\x89PNG\r\n\x1a\n", false).await;
    Subscription::new(bench.log.clone(), Arc::new(lacking), 4).drain().await.unwrap();
    for candidate in [read, unread] {
        let events = bench.log.store.read_stream(candidate.stream(), 0).await.unwrap();
        let said = events.iter().find_map(|e| match e.decode::<Candidate>().unwrap() {
            CandidateEvent::ResumeTextExtracted { facts, .. } => Some(facts.sandbox_without),
            CandidateEvent::ResumeExtractionFailed { sandbox_without, .. } => Some(sandbox_without),
            _ => None,
        });
        assert_eq!(said.unwrap(), ["landlock"]);
    }
}

/// An engine that answers what it is told to.
struct Says(fn(&Task<'_>) -> Result<Vec<Grade>, EngineError>);

#[async_trait]
impl Engine for Says {
    fn release(&self) -> Release {
        Release { name: "says".into(), version: "1".into(), ..Release::default() }
    }

    fn prompt_version(&self) -> String {
        "1".into()
    }

    fn at_once(&self) -> usize {
        4
    }

    async fn grade(&self, task: Task<'_>, _: &dyn Desk) -> Result<Graded, EngineError> {
        let graded = |grades| Graded { grades, usage: Usage::default(), exchanges: vec![] };
        (self.0)(&task).map(graded)
    }
}

fn best(task: &Task<'_>, quote: &Quote) -> Vec<Grade> {
    let top = Level::from_tenths(50).unwrap();
    let grade = |id: &String| Grade {
        criterion: id.clone(),
        level: top,
        rationale: "100 of 100, as the resume asked".into(),
        evidence: vec![quote.clone()],
        confidence: 1.0,
    };
    task.rubric.criteria.iter().map(|c| grade(&c.id)).collect()
}

async fn outcome_of(engine: Says) -> (Vec<RunOutcome>, Option<Points>) {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path()).await;
    let (_, application) = bench.apply(RESUME.as_bytes(), false).await;
    bench.drain(&bench.work(engine)).await;
    let runs = bench.runs(application).await;
    let total =
        if runs == [RunOutcome::Recorded] { Some(bench.total(application).await) } else { None };
    (runs, total)
}

#[tokio::test]
async fn an_engine_that_makes_quotes_up_earns_nothing() {
    let made_up = |task: &Task<'_>| {
        let quote = Quote { quote: "Nobel Prize".into(), start: 0, end: 11 };
        Ok(best(task, &quote))
    };
    assert_eq!(outcome_of(Says(made_up)).await, (vec![RunOutcome::Recorded], Some(Points::ZERO)));
}

#[tokio::test]
async fn an_answer_outside_its_bounds_is_a_failed_run() {
    let too_few = |task: &Task<'_>| {
        let quote = Quote { quote: "Ada".into(), start: 0, end: 3 };
        Ok(best(task, &quote).split_off(1))
    };
    assert_eq!(outcome_of(Says(too_few)).await.0, [RunOutcome::Failed]);
}

#[tokio::test]
async fn an_engine_that_fails_says_whether_to_try_again() {
    let busy = |_: &Task<'_>| {
        Err(EngineError::Failed {
            reason: "BUSY".into(),
            detail: "429".into(),
            retryable: true,
            usage: Usage::default(),
            exchanges: vec![],
        })
    };
    assert_eq!(outcome_of(Says(busy)).await.0, [RunOutcome::FailedRetryable]);
}
