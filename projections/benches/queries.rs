//! What a look at a job's pool takes, in milliseconds: pages, one row, counts, in a pool of 10,000
//! applications. The anchor is the whole pool at once, in the same run.
//!
//! `cargo bench -p hiresphere-projections --bench queries`, and with the read models on PostgreSQL
//! `scripts/servers.sh cargo bench -p hiresphere-projections --bench queries -- --postgres`

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "measures and prints")]

use std::time::Instant;

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
use domain::score::{Grade, Level, Points};
use domain::text::{Span, VisibleText};
use event_log::folder::Folder;
use event_log::{Envelope, Log};
use projections::Builder;
use projections::models::ranked_pool::{PoolFilter, PoolSort, of_job, one, page, standing_of};
use uuid::Uuid;

#[path = "support/place.rs"]
mod place;

const APPLICATIONS: u32 = 10_000;
/// Written at once, so that they share commits.
const WRITERS: u32 = 32;
const PAGE: u32 = 50;
const ROUNDS: usize = 200;

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
    let result = ScoreResult { run, rubric, grades, text, usage: Usage::default() };
    let record = ApplicationCommand::RecordScore(result);
    tell::<Application>(log, application, record, ActorKind::Model).await;
    application
}

async fn fill(log: &Log) -> (JobId, Vec<ApplicationId>) {
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
                for n in (writer..APPLICATIONS).step_by(WRITERS as usize) {
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

/// Prints the median and the worst but one in a hundred.
async fn measure(what: &str, rounds: usize, mut query: impl AsyncFnMut(usize)) {
    let mut times = Vec::with_capacity(rounds);
    for round in 0..rounds {
        let started = Instant::now();
        query(round).await;
        times.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    println!("{what:<44} {:>8.2} ms   {:>8.2} ms", at(50), at(99));
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_held, log) = Folder::open(folder.path()).await.expect("a log");
    let (job, applications) = fill(&log).await;
    let (read, _database) = place::read_models(folder.path()).await;
    let started = Instant::now();
    let events = Builder::new(log.clone()).catch_up(&read, u64::MAX).await.expect("read models");
    let rate = events as f64 / started.elapsed().as_secs_f64();
    println!("{events} events folded, {rate:.0} a second\n{:<44} median        99 %", "");
    let pool = read.pool().await;
    let whole = of_job(&pool, job).await.expect("a pool");
    assert_eq!(whole.len(), applications.len());

    let all = PoolFilter::default();
    measure("the whole pool", 10, async |_| {
        of_job(&pool, job).await.expect("a pool");
    })
    .await;
    for sort in [PoolSort::Rank, PoolSort::Submitted, PoolSort::Name] {
        measure(&format!("first page of {PAGE}, {sort:?}"), ROUNDS, async |_| {
            page(&pool, job, &all, sort, None, PAGE).await.expect("a page");
        })
        .await;
        measure(&format!("any page of {PAGE}, {sort:?}"), ROUNDS, async |n| {
            let after = &whole[n * 7_919 % whole.len()].key;
            page(&pool, job, &all, sort, Some(after), PAGE).await.expect("a page");
        })
        .await;
    }
    let best = PoolFilter { min_total: Some(Points::from_tenths(700)), ..all.clone() };
    measure("first page by name, total 70 and more", ROUNDS, async |_| {
        page(&pool, job, &best, PoolSort::Name, None, PAGE).await.expect("a page");
    })
    .await;
    let nobody = PoolFilter { status: vec!["offer".into()], ..all.clone() };
    measure("a filter that nobody passes", ROUNDS, async |_| {
        page(&pool, job, &nobody, PoolSort::Rank, None, PAGE).await.expect("a page");
    })
    .await;
    measure("one row with its rank", ROUNDS, async |n| {
        let application = applications[n * 7_919 % applications.len()];
        one(&pool, application).await.expect("an answer").expect("a row");
    })
    .await;
    measure("who stands where", ROUNDS, async |_| {
        standing_of(&pool, job).await.expect("counts");
    })
    .await;
}
