//! The scorers' subscriptions: what happens to a resume after an event, each step a command again.
//!
//! `ResumeReceived` -> extract -> `ResumeTextExtracted` -> parse -> `ResumeParsed` -> ask ->
//! `ScoreRequested` -> grade -> `ScoreRecorded`. Every step looks at what is already so before it
//! works, and its command takes effect once, so that a second delivery costs time and changes nothing.

mod ask;
mod desk;
mod engine;
mod extract;
mod grader;
mod material;
mod parse;
mod replay;

use std::sync::Arc;

use async_trait::async_trait;
use domain::actor::Actor;
use domain::application::{Application, ApplicationEvent};
use domain::candidate::{Candidate, CandidateEvent};
use domain::ids::{CandidateId, DocumentId, JobId, StreamKind};
use domain::job::{Job, JobEvent};
use domain::text::VisibleText;
use event_log::subscribe::{Handler, HandlerError};
use event_log::{Dispatcher, Envelope, Log, LogError, Recorded};
use uuid::Uuid;

pub use ask::AskedOf;
pub use desk::{Budget, Budgets};
pub use engine::{BaselineEngine, Desk, Engine, EngineError, Exchange, Graded, Task};
pub use grader::Grader;
pub use replay::{ReplayedScore, replay};

use crate::reading::sandbox::{Pool, Unavailable};
use crate::reading::{Extraction, Reading};

/// Reads resumes. Behind it stands a pool of child processes wherever files come from strangers.
#[async_trait]
pub trait Reader: Send + Sync {
    /// Reads one file.
    ///
    /// # Errors
    /// When nothing can be said about the file, and it should be tried again.
    async fn read(&self, bytes: &[u8]) -> Result<Reading, Unavailable>;
}

#[async_trait]
impl Reader for Pool {
    async fn read(&self, bytes: &[u8]) -> Result<Reading, Unavailable> {
        self.try_read(bytes).await
    }
}

/// Reads resumes, and asks for their scores.
pub struct Scorers {
    dispatcher: Dispatcher,
    reader: Arc<dyn Reader>,
    asked_of: Vec<AskedOf>,
}

impl Scorers {
    /// Scorers that read with this, and ask these for scores: the first is the one that people are shown.
    pub fn new(dispatcher: Dispatcher, reader: Arc<dyn Reader>, asked_of: Vec<AskedOf>) -> Self {
        Self { dispatcher, reader, asked_of }
    }

    async fn candidate(&self, id: CandidateId) -> Result<Candidate, LogError> {
        self.dispatcher.load::<Candidate>(id.0).await.map(|(candidate, _)| candidate)
    }
}

#[async_trait]
impl Handler for Scorers {
    fn name(&self) -> &'static str {
        "scorers"
    }

    fn wants(&self, kind: &str) -> bool {
        matches!(
            kind,
            "candidate.resume_received.v1"
                | "candidate.resume_text_extracted.v1"
                | "candidate.resume_parsed.v1"
                | "application.submitted.v1"
                | "application.resume_replaced.v1"
                | "job.scoring_resumed.v1"
        )
    }

    async fn handle(&self, event: &Recorded) -> Result<(), HandlerError> {
        match event.stream.kind {
            StreamKind::Candidate => {
                let candidate = CandidateId(event.stream.id);
                match event.decode::<Candidate>()? {
                    CandidateEvent::ResumeReceived { document, .. } => {
                        self.extract(candidate, document, event).await
                    }
                    CandidateEvent::ResumeTextExtracted { document, text, .. } => {
                        self.parse(candidate, document, text, event).await
                    }
                    CandidateEvent::ResumeParsed { document, .. } => {
                        self.ask_for_all(candidate, document, event).await
                    }
                    _ => Ok(()),
                }
            }
            StreamKind::Application => match event.decode::<Application>()? {
                ApplicationEvent::ApplicationSubmitted { .. }
                | ApplicationEvent::ResumeReplaced { .. } => {
                    self.ask(event.stream.id, event, false).await
                }
                _ => Ok(()),
            },
            StreamKind::Job => match event.decode::<Job>()? {
                JobEvent::ScoringResumed {} => {
                    self.ask_for_job(JobId(event.stream.id), event).await
                }
                _ => Ok(()),
            },
            StreamKind::Rubric
            | StreamKind::ModelRelease
            | StreamKind::Interview
            | StreamKind::Offer
            | StreamKind::Member
            | StreamKind::Subscription
            | StreamKind::Notification => Ok(()),
        }
    }
}

/// A command that a handled event leads to, named after that event so that it takes effect once.
fn command<C>(id: Uuid, command: C, part: &'static str, event: &Recorded) -> Envelope<C> {
    Envelope::new(id, command, Actor::system(part))
        .once(format!("{part}:{}:{id}", event.event_id))
        .because_of(event)
}

/// The visible text of a stored extraction; `None` when the person was erased.
async fn text_of(
    log: &Log,
    id: CandidateId,
    text: DocumentId,
) -> Result<Option<VisibleText>, HandlerError> {
    let Some(stored) = unless_erased(log.documents.get(id, text).await)? else { return Ok(None) };
    let extraction: Extraction = serde_json::from_slice(&stored)
        .map_err(|e| HandlerError::Park(format!("a stored extraction has another shape: {e}")))?;
    Ok(Some(extraction.visible_text()))
}

/// Whose data is gone needs no more work.
fn unless_erased<T>(result: Result<T, LogError>) -> Result<Option<T>, HandlerError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(LogError::Erased) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
