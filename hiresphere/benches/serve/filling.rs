//! Fills a data folder through the library, as fast as the log takes it: an open job and applications to it, read
//! and scored, as the server would have left them.

use std::path::Path;
use std::time::Instant;

use domain::actor::{Actor, ActorKind};
use domain::application::{
    Application, ApplicationCommand, ScoreRequest, ScoreResult, Submission, Usage,
};
use domain::candidate::{Candidate, CandidateCommand, ExtractionFacts, Personal, Profile};
use domain::decide::{Decider, names};
use domain::ids::{ApplicationId, CandidateId, DocumentId, JobId};
use domain::job::Posting;
use domain::pii::Pii;
use domain::rubric::Rubric;
use domain::score::{Grade, Level};
use domain::text::{Span, VisibleText};
use event_log::folder::Folder;
use event_log::{Envelope, Log};
use projections::{Builder, ReadStore};
use scorers::worker::{BaselineEngine, Engine as _};
use uuid::Uuid;

use crate::load::people::Person;

/// Written at once, so that they share commits.
const WRITERS: usize = 32;

async fn tell<A: Decider>(log: &Log, id: impl Into<Uuid>, command: A::Order, kind: ActorKind)
where
    A::Order: Clone,
{
    let envelope = Envelope::new(id, command, Actor::new(kind, "bench"));
    log.dispatcher().dispatch::<A>(envelope).await.expect("a command");
}

/// Somebody applies, as the HTTP API writes it down: three events, and the resume stored before the second.
async fn apply(log: &Log, job: JobId, person: &Person) -> (ApplicationId, CandidateId, DocumentId) {
    let candidate = CandidateId(log.ids.next());
    let (application, document) = (ApplicationId(log.ids.next()), DocumentId(log.ids.next()));
    let personal = Personal {
        name: Some(person.name.clone()),
        email: Some(person.email.clone()),
        ..Personal::default()
    };
    let register = CandidateCommand::RegisterCandidate {
        candidate,
        personal: Pii::new(personal),
        source: "bench".into(),
        email_index: Some(log.vault.blind("email", person.email.as_bytes())),
    };
    tell::<Candidate>(log, candidate, register, ActorKind::System).await;
    log.documents.put(candidate, document, &person.resume).await.expect("a document");
    let attach = CandidateCommand::AttachResume {
        document,
        resume_digest: person.email.clone(),
        bytes: person.resume.len() as u64,
        file: Pii::new("resume.pdf".into()),
    };
    tell::<Candidate>(log, candidate, attach, ActorKind::System).await;
    let submit = ApplicationCommand::SubmitApplication(Submission {
        application,
        candidate,
        job,
        document,
        answers: Pii::new(vec![]),
        source: "bench".into(),
        ai_notice_version: 1,
        ai_opt_out: false,
        transferred_from: None,
    });
    tell::<Application>(log, application, submit, ActorKind::Member).await;
    (application, candidate, document)
}

/// Reads and scores, without reading and grading: the events that the scorers would write.
async fn score(
    log: &Log,
    n: usize,
    (application, candidate, document): (ApplicationId, CandidateId, DocumentId),
) {
    let facts = ExtractionFacts {
        sniffed_type: "application/pdf".into(),
        methods: vec!["text_layer".into()],
        engine: "bench".into(),
        pages: 1,
        chars: 4,
        truncated: false,
        language: None,
        sandbox_without: vec![],
    };
    let text = DocumentId(log.ids.next());
    let extracted = CandidateCommand::RecordExtraction { document, text, facts, flags: vec![] };
    tell::<Candidate>(log, candidate, extracted, ActorKind::System).await;
    let parsed = CandidateCommand::RecordProfile {
        document,
        profile: Pii::new(Profile::default()),
        parser: "bench".into(),
        chars: 4,
    };
    tell::<Candidate>(log, candidate, parsed, ActorKind::System).await;
    let request = ScoreRequest {
        document,
        resume_digest: n.to_string(),
        rubric: "default@1".into(),
        model_release: BaselineEngine.release().label(),
        prompt_version: BaselineEngine.prompt_version(),
        job_version: 1,
        shadow: false,
        repeat: 0,
    };
    let run = request.run_id(application);
    let ask = ApplicationCommand::RequestScore { request, again: false };
    tell::<Application>(log, application, ask, ActorKind::System).await;
    let (rubric, text) = (Rubric::default_v1(), VisibleText::new("Rust".into()));
    let evidence = text.quote(Span { start: 0, end: 4 });
    let primes = [7_919, 104_729, 1_299_709, 15_485_863];
    let grades = rubric
        .criteria
        .iter()
        .zip(primes)
        .map(|(criterion, prime)| Grade {
            criterion: criterion.id.clone(),
            // Spread over the scale, the same in every run.
            level: Level::from_share((n * prime % 1_009) as f64 / 1_009.0),
            rationale: "Measured.".into(),
            evidence: evidence.iter().cloned().collect(),
            confidence: 1.0,
        })
        .collect();
    let result =
        ScoreResult { run, rubric, grades, text, usage: Usage::default(), exchanges: vec![] };
    tell::<Application>(
        log,
        application,
        ApplicationCommand::RecordScore(result),
        ActorKind::Model,
    )
    .await;
}

async fn open(data: &Path) -> (Folder, Log, JobId) {
    let (folder, log) = Folder::open(data).await.expect("a folder");
    let actor = Actor::new(ActorKind::Member, "bench");
    let dispatcher = log.dispatcher();
    command_api::setup(&dispatcher, &[BaselineEngine.release()], &actor).await.expect("set up");
    let posting = Posting { title: "Data Engineer".into(), openings: 1, ..Posting::default() };
    let job = command_api::open_job(&dispatcher, posting, &actor).await.expect("a job");
    (folder, log, job)
}

/// This many people through some writers at once, each person one after another.
async fn everybody(log: &Log, job: JobId, people: usize, writers: usize, scored: bool) -> Vec<f64> {
    let writers: Vec<_> = (0..writers)
        .map(|writer| {
            let log = log.clone();
            tokio::spawn(async move {
                let mut times = Vec::new();
                for n in (writer..people).step_by(writers) {
                    let person = Person::nth(n);
                    let started = Instant::now();
                    let ids = apply(&log, job, &person).await;
                    times.push(started.elapsed().as_secs_f64() * 1_000.0);
                    if scored {
                        score(&log, n, ids).await;
                    }
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for writer in writers {
        times.extend(writer.await.expect("a writer"));
    }
    times
}

/// Fills a folder with scored applications to one job; answers the job.
pub(crate) async fn fill(data: &Path, applications: usize) -> JobId {
    let (folder, log, job) = open(data).await;
    everybody(&log, job, applications, WRITERS, true).await;
    // All of it is done already.
    let head = log.store.head().await.expect("a head");
    for subscription in ["scorers", "workflow", "grader-baseline-v1", "notifier"] {
        let moved = log.subscriptions.advance(subscription, 0, head).await.expect("a checkpoint");
        assert!(moved, "{subscription}");
    }
    let read = ReadStore::open(&folder.read_models()).await.expect("read models");
    Builder::new(log.clone()).catch_up(&read, u64::MAX).await.expect("read models");
    let held = log.store.held(&names::open_job(job)).await.expect("an open job");
    assert_eq!(held.len(), 1);
    job
}

/// The anchor of applying: the same events and documents, without HTTP and with nobody scoring. Milliseconds each,
/// and how many a second.
pub(crate) async fn bare(data: &Path, applications: usize, tasks: usize) -> (Vec<f64>, f64) {
    let (_folder, log, job) = open(data).await;
    let started = Instant::now();
    let times = everybody(&log, job, applications, tasks, false).await;
    (times, applications as f64 / started.elapsed().as_secs_f64())
}
