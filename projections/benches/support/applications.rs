//! A log of applications, for a benchmark.

use domain::actor::{Actor, ActorKind};
use domain::application::{
    Application, ApplicationCommand, ScoreRequest, ScoreResult, Submission, Usage,
};
use domain::candidate::{Candidate, CandidateCommand, ExtractionFacts, Personal};
use domain::decide::Decider;
use domain::ids::{ApplicationId, CandidateId, DocumentId, JobId, RubricId};
use domain::job::{Job, JobCommand, Posting};
use domain::pii::Pii;
use domain::rubric::{Rubric, RubricCommand, RubricHistory};
use domain::score::{Grade, Level};
use domain::text::{Span, VisibleText};
use event_log::{Envelope, Log};
use uuid::Uuid;

/// Written at once, so that they share commits.
const WRITERS: u32 = 32;

async fn tell<A: Decider>(log: &Log, id: impl Into<Uuid>, command: A::Order, kind: ActorKind)
where
    A::Order: Clone,
{
    let envelope = Envelope::new(id, command, Actor::new(kind, "bench"));
    log.dispatcher().dispatch::<A>(envelope).await.expect("a command");
}

async fn apply(log: &Log, job: JobId, n: u32) -> ApplicationId {
    let candidate = CandidateId(log.ids.next());
    let (application, document) = (ApplicationId(log.ids.next()), DocumentId(log.ids.next()));
    let personal = Personal { name: Some(format!("Candidate {n}")), ..Personal::default() };
    let facts = ExtractionFacts {
        sniffed_type: "text/plain".into(),
        methods: vec!["plain_text".into()],
        engine: "bench".into(),
        pages: 1,
        chars: 4,
        truncated: false,
        language: None,
        sandbox_without: vec![],
    };
    let text = DocumentId(log.ids.next());
    for command in [
        CandidateCommand::RegisterCandidate {
            candidate,
            personal: Pii::new(personal),
            source: "bench".into(),
            email_index: None,
        },
        CandidateCommand::AttachResume {
            document,
            resume_digest: n.to_string(),
            bytes: 4,
            file: Pii::new(format!("resume-{n}.txt")),
        },
        CandidateCommand::RecordExtraction { document, text, facts, flags: vec![] },
    ] {
        tell::<Candidate>(log, candidate, command, ActorKind::System).await;
    }
    let submission = Submission {
        application,
        candidate,
        job,
        document,
        answers: Pii::new(vec![]),
        source: "bench".into(),
        ai_notice_version: 1,
        ai_opt_out: false,
        transferred_from: None,
    };
    let submit = ApplicationCommand::SubmitApplication(submission);
    tell::<Application>(log, application, submit, ActorKind::Member).await;
    if n.is_multiple_of(20) {
        return application; // waits for its score
    }
    let request = ScoreRequest {
        document,
        resume_digest: n.to_string(),
        rubric: "default@1".into(),
        model_release: "bench@1".into(),
        prompt_version: "none".into(),
        job_version: 1,
        shadow: false,
        repeat: 0,
    };
    let run = request.run_id(application);
    let ask = ApplicationCommand::RequestScore { request, again: false };
    tell::<Application>(log, application, ask, ActorKind::System).await;
    let (rubric, text) = (Rubric::default_v1(), VisibleText::new("Rust".into()));
    let evidence = text.quote(Span { start: 0, end: 4 });
    let grades = rubric
        .criteria
        .iter()
        .zip([7_919, 104_729, 1_299_709, 15_485_863_u64])
        .map(|(criterion, prime)| Grade {
            criterion: criterion.id.clone(),
            // Spread over the scale, the same in every run.
            level: Level::from_share((u64::from(n) * prime % 1_009) as f64 / 1_009.0),
            rationale: "Measured.".into(),
            evidence: evidence.iter().cloned().collect(),
            confidence: 1.0,
        })
        .collect();
    let result =
        ScoreResult { run, rubric, grades, text, usage: Usage::default(), exchanges: vec![] };
    let record = ApplicationCommand::RecordScore(result);
    tell::<Application>(log, application, record, ActorKind::Model).await;
    application
}

/// A job, and people who applied for it, most of them scored: six events each.
pub(crate) async fn fill(log: &Log, count: u32) -> (JobId, Vec<ApplicationId>) {
    let (rubric, job) = (RubricId(log.ids.next()), JobId(log.ids.next()));
    let publish = RubricCommand::PublishRubric { id: rubric, rubric: Rubric::default_v1() };
    tell::<RubricHistory>(log, rubric, publish, ActorKind::Member).await;
    let posting = Posting { title: "Nurse".into(), openings: 1, ..Posting::default() };
    for command in [
        JobCommand::DraftJob { job, posting },
        JobCommand::BindRubric { rubric: "default".into(), version: 1 },
        JobCommand::PublishJob { valid_through: None, ai_notice_version: 1 },
    ] {
        tell::<Job>(log, job, command, ActorKind::Member).await;
    }
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let log = log.clone();
            tokio::spawn(async move {
                let mut mine = Vec::new();
                for n in (writer..count).step_by(WRITERS as usize) {
                    mine.push(apply(&log, job, n).await);
                }
                mine
            })
        })
        .collect();
    let mut applications = Vec::new();
    for writer in writers {
        applications.extend(writer.await.expect("a writer"));
    }
    (job, applications)
}
