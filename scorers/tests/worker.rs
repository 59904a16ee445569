//! The scorers' subscription over a real log: every delivery twice, late and out of turn, and engines
//! that fail or lie.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use domain::actor::{Actor, ActorKind};
use domain::application::{
    Application, ApplicationCommand, ApplicationEvent, RunOutcome, Submission, Usage,
};
use domain::candidate::{
    Candidate, CandidateCommand, CandidateEvent, Personal, Reading as Progress,
};
use domain::ids::{ApplicationId, CandidateId, DocumentId, JobId, RubricId};
use domain::job::{Job, JobCommand, Posting, Requirement};
use domain::model_release::Release;
use domain::pii::Pii;
use domain::rubric::{Rubric, RubricCommand, RubricHistory};
use domain::score::{Grade, Level, Points};
use domain::text::Quote;
use event_log::folder::Folder;
use event_log::subscribe::{Handler as _, Subscription};
use event_log::{Envelope, Log};
use scorers::reading::sandbox::{Layer, Unavailable};
use scorers::reading::{Limits, Reading, read};
use scorers::worker::{BaselineEngine, Engine, EngineError, Graded, Reader, Scorers, Task};

const RESUME: &str = "Ada Lovelace\nada@example.org\n\nExperience\n\nNurse, General Hospital  2015 - 2022\n\
    - Cared for a ward of 28 patients and trained six students\n\nEducation\n\nBSc Nursing, 2014\n";

/// Reads in this process: the files are the test's own.
struct Here;

/// Likewise, as one that lacks a layer of the sandbox.
struct WithoutLandlock;

#[async_trait]
impl Reader for WithoutLandlock {
    async fn read(&self, bytes: &[u8]) -> Result<Reading, Unavailable> {
        Ok(Reading { without: vec![Layer::Landlock], ..read(bytes, &Limits::default()) })
    }
}

#[async_trait]
impl Reader for Here {
    async fn read(&self, bytes: &[u8]) -> Result<Reading, Unavailable> {
        Ok(read(bytes, &Limits::default()))
    }
}

struct Bench {
    _folder: Folder,
    log: Log,
    job: JobId,
}

fn recruiter() -> Actor {
    Actor::new(ActorKind::Member, "recruiter")
}

impl Bench {
    async fn new(path: &Path) -> Self {
        let (folder, log) = Folder::open(path).await.unwrap();
        let dispatcher = log.dispatcher();
        let (rubric, job) = (RubricId(log.ids.next()), JobId(log.ids.next()));
        let publish = RubricCommand::PublishRubric { id: rubric, rubric: Rubric::default_v1() };
        let envelope = Envelope::new(rubric, publish, recruiter());
        dispatcher.dispatch::<RubricHistory>(envelope).await.unwrap();
        let posting = Posting {
            title: "Nurse".into(),
            openings: 1,
            description: "Care for patients on a ward.".into(),
            requirements: vec![Requirement { text: "Nursing".into(), must_have: true }],
            ..Posting::default()
        };
        for command in [
            JobCommand::DraftJob { job, posting },
            JobCommand::BindRubric { rubric: "default".into(), version: 1 },
            JobCommand::PublishJob { valid_through: None, ai_notice_version: 1 },
        ] {
            dispatcher.dispatch::<Job>(Envelope::new(job, command, recruiter())).await.unwrap();
        }
        Self { _folder: folder, log, job }
    }

    async fn apply(&self, resume: &[u8], ai_opt_out: bool) -> (CandidateId, ApplicationId) {
        let dispatcher = self.log.dispatcher();
        let candidate = CandidateId(self.log.ids.next());
        let application = ApplicationId(self.log.ids.next());
        let register = CandidateCommand::RegisterCandidate {
            candidate,
            personal: Pii::new(Personal::default()),
            source: "test".into(),
            email_index: None,
        };
        let envelope = Envelope::new(candidate, register, recruiter());
        dispatcher.dispatch::<Candidate>(envelope).await.unwrap();
        let document = self.attach(candidate, resume).await;
        let submission = Submission {
            application,
            candidate,
            job: self.job,
            document,
            answers: Pii::new(vec![]),
            source: "test".into(),
            ai_notice_version: 1,
            ai_opt_out,
        };
        let submit = ApplicationCommand::SubmitApplication(submission);
        let envelope = Envelope::new(application, submit, recruiter());
        dispatcher.dispatch::<Application>(envelope).await.unwrap();
        (candidate, application)
    }

    async fn attach(&self, candidate: CandidateId, resume: &[u8]) -> DocumentId {
        let document = DocumentId(self.log.ids.next());
        self.log.documents.put(candidate, document, resume).await.unwrap();
        let attach = CandidateCommand::AttachResume {
            document,
            resume_digest: self.log.vault.key(candidate).await.unwrap().digest(resume),
            bytes: resume.len() as u64,
            file: Pii::new("resume".into()),
        };
        let envelope = Envelope::new(candidate, attach, recruiter());
        self.log.dispatcher().dispatch::<Candidate>(envelope).await.unwrap();
        document
    }

    async fn replace(&self, application: ApplicationId, document: DocumentId) {
        let command = ApplicationCommand::ReplaceResume { document };
        let envelope = Envelope::new(application, command, recruiter());
        self.log.dispatcher().dispatch::<Application>(envelope).await.unwrap();
    }

    fn scorers(&self, engine: impl Engine + 'static) -> Arc<Scorers> {
        Arc::new(Scorers::new(self.log.dispatcher(), Arc::new(Here), Arc::new(engine)))
    }

    async fn drain(&self, scorers: &Arc<Scorers>) {
        let done = Subscription::new(self.log.clone(), scorers.clone(), 4).drain().await.unwrap();
        assert_eq!(done.parked, 0);
    }

    async fn runs(&self, application: ApplicationId) -> Vec<RunOutcome> {
        let (state, _) = self.log.dispatcher().load::<Application>(application.0).await.unwrap();
        state.runs.iter().map(|r| r.outcome).collect()
    }

    async fn total(&self, application: ApplicationId) -> Points {
        let events = self.log.store.read_stream(application.stream(), 0).await.unwrap();
        let found = events.iter().find_map(|e| match e.decode::<Application>().unwrap() {
            ApplicationEvent::ScoreRecorded { total, .. } => Some(total),
            _ => None,
        });
        found.expect("a score")
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
    let scorers = bench.scorers(BaselineEngine);
    bench.drain(&scorers).await;
    for application in &applications {
        assert_eq!(bench.runs(*application).await, [RunOutcome::Recorded]);
        assert!(bench.total(*application).await > Points::ZERO);
    }
    let head = bench.log.store.head().await.unwrap();
    let events = bench.log.store.read_all(0, 1000).await.unwrap();
    for event in events.iter().chain(events.iter().rev()).filter(|e| scorers.wants(&e.kind)) {
        scorers.handle(event).await.unwrap();
    }
    assert_eq!(bench.log.store.head().await.unwrap(), head, "nothing was added");
}

#[tokio::test]
async fn an_application_is_scored_on_the_resume_it_stands_on() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path()).await;
    let (candidate, application) = bench.apply(RESUME.as_bytes(), false).await;
    let scorers = bench.scorers(BaselineEngine);
    bench.drain(&scorers).await;
    let (state, _) = bench.log.dispatcher().load::<Application>(application.0).await.unwrap();
    let first = state.document.unwrap();
    // What the person hands in elsewhere is read, and changes nothing here.
    let read_later = bench.attach(candidate, RESUME.replace("28", "31").as_bytes()).await;
    bench.drain(&scorers).await;
    assert_eq!(bench.runs(application).await, [RunOutcome::Recorded]);
    let (state, _) = bench.log.dispatcher().load::<Candidate>(candidate.0).await.unwrap();
    assert!(matches!(state.resume(read_later).unwrap().reading, Progress::Parsed(_)));
    // Read before it is stood on, and after.
    bench.replace(application, read_later).await;
    bench.drain(&scorers).await;
    assert_eq!(bench.runs(application).await, [RunOutcome::Recorded; 2]);
    let unread = bench.attach(candidate, RESUME.replace("28", "42").as_bytes()).await;
    bench.replace(application, unread).await;
    bench.drain(&scorers).await;
    assert_eq!(bench.runs(application).await, [RunOutcome::Recorded; 3]);
    // Back to the first: there is a score of it.
    bench.replace(application, first).await;
    bench.drain(&scorers).await;
    assert_eq!(bench.runs(application).await, [RunOutcome::Recorded; 3]);
}

#[tokio::test]
async fn two_scorers_at_once_make_one_score() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path()).await;
    let (_, application) = bench.apply(RESUME.as_bytes(), false).await;
    let scorers = bench.scorers(BaselineEngine);
    let mut at = 0;
    // The same event to both at the same moment, up to the end of what they lead to.
    while let [event] = &bench.log.store.read_all(at, 1).await.unwrap()[..] {
        at = event.position;
        if scorers.wants(&event.kind) {
            let (one, other) = tokio::join!(scorers.handle(event), scorers.handle(event));
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
    bench.drain(&bench.scorers(BaselineEngine)).await;
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
    let lacking =
        Scorers::new(bench.log.dispatcher(), Arc::new(WithoutLandlock), Arc::new(BaselineEngine));
    let (read, _) = bench.apply(RESUME.as_bytes(), false).await;
    let (unread, _) = bench.apply(b"\x89PNG\r\n\x1a\n", false).await;
    bench.drain(&Arc::new(lacking)).await;
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

    async fn grade(&self, task: Task<'_>) -> Result<Graded, EngineError> {
        (self.0)(&task).map(|grades| Graded { grades, usage: Usage::default() })
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
    bench.drain(&bench.scorers(engine)).await;
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
        Err(EngineError { reason: "BUSY".into(), detail: "429".into(), retryable: true })
    };
    assert_eq!(outcome_of(Says(busy)).await.0, [RunOutcome::FailedRetryable]);
}
