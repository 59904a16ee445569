//! Small things that the suite is told with.

use domain::actor::{Actor, ActorKind};
use domain::candidate::{Candidate, CandidateCommand, Personal};
use domain::decide::Reserve;
use domain::ids::{CandidateId, CommandId, DocumentId, EventId, JobId, StreamId};
use domain::job::{Job, JobCommand, Posting};
use domain::pii::Pii;
use domain::refusal::Refusal;
use event_log::ports::{Append, Idempotency};
use event_log::{Envelope, Log, NewEvent};
use uuid::Uuid;

pub(crate) fn recruiter() -> Actor {
    Actor::new(ActorKind::Member, "recruiter")
}

pub(crate) fn stream(n: u128) -> StreamId {
    JobId(Uuid::from_u128(n)).stream()
}

pub(crate) fn event(log: &Log) -> NewEvent {
    NewEvent {
        event_id: EventId(log.ids.next()),
        kind: "job.paused.v1".into(),
        occurred_at: log.clock.now(),
        actor: recruiter(),
        command_id: CommandId(log.ids.next()),
        causation_id: None,
        correlation_id: "test".into(),
        traceparent: None,
        key_id: None,
        payload: "{}".into(),
    }
}

pub(crate) fn append(log: &Log, stream: StreamId, expected_version: u64, events: usize) -> Append {
    Append {
        stream,
        expected_version,
        events: (0..events).map(|_| event(log)).collect(),
        reservations: vec![],
        idempotency: None,
    }
}

pub(crate) fn refusal() -> Refusal {
    Refusal::conflict("NO", "no")
}

pub(crate) fn claim(name: &str) -> Reserve {
    Reserve::Claim { name: name.into(), taken: refusal() }
}

pub(crate) fn key(key: &str, fingerprint: &str) -> Option<Idempotency> {
    Some(Idempotency { key: key.into(), fingerprint: fingerprint.into() })
}

pub(crate) fn draft(job: JobId, title: &str) -> Envelope<JobCommand> {
    let posting = Posting { title: title.into(), openings: 1, ..Posting::default() };
    Envelope::new(job, JobCommand::DraftJob { job, posting }, recruiter())
}

pub(crate) async fn drafted(log: &Log) -> JobId {
    let job = JobId(log.ids.next());
    log.dispatcher().dispatch::<Job>(draft(job, "Nurse")).await.expect("a job");
    job
}

pub(crate) fn register(candidate: CandidateId, name: &str) -> Envelope<CandidateCommand> {
    let personal = Personal { name: Some(name.into()), ..Personal::default() };
    let command = CandidateCommand::RegisterCandidate {
        candidate,
        personal: Pii::new(personal),
        source: "test".into(),
        email_index: None,
    };
    Envelope::new(candidate, command, recruiter())
}

/// A candidate with a stored resume.
pub(crate) async fn candidate(log: &Log, name: &str, resume: &[u8]) -> (CandidateId, DocumentId) {
    let id = CandidateId(log.ids.next());
    let dispatcher = log.dispatcher();
    dispatcher.dispatch::<Candidate>(register(id, name)).await.expect("a candidate");
    let document = DocumentId(log.ids.next());
    log.documents.put(id, document, resume).await.expect("a stored resume");
    let digest = log.vault.key(id).await.expect("a key").digest(resume);
    let command = CandidateCommand::AttachResume {
        document,
        resume_digest: digest,
        bytes: resume.len() as u64,
        file: Pii::new(format!("{name}.txt")),
    };
    dispatcher
        .dispatch::<Candidate>(Envelope::new(id, command, recruiter()))
        .await
        .expect("a resume");
    (id, document)
}
