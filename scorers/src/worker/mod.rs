//! The scorers' subscription: what happens to a resume after an event, each step a command again.
//!
//! `ResumeReceived` -> extract -> `ResumeTextExtracted` -> parse -> `ResumeParsed` -> ask ->
//! `ScoreRequested` -> grade -> `ScoreRecorded`. Every step looks at what is already so before it
//! works, and its command takes effect once, so that a second delivery costs time and changes nothing.

mod engine;
mod extract;
mod parse;
mod score;

use std::sync::Arc;

use async_trait::async_trait;
use domain::actor::Actor;
use domain::application::{Application, ApplicationEvent};
use domain::candidate::{Candidate, CandidateEvent};
use domain::ids::{CandidateId, DocumentId, StreamKind};
use event_log::subscribe::{Handler, HandlerError};
use event_log::{Dispatcher, Envelope, LogError, Recorded};
use uuid::Uuid;

pub use engine::{BaselineEngine, Engine, EngineError, Graded, Task};

use crate::reading::Reading;
use crate::reading::sandbox::{Pool, Unavailable};

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

/// Turns resumes into scores.
pub struct Scorers {
    dispatcher: Dispatcher,
    reader: Arc<dyn Reader>,
    engine: Arc<dyn Engine>,
}

impl Scorers {
    /// Scorers that read and grade with these.
    pub fn new(dispatcher: Dispatcher, reader: Arc<dyn Reader>, engine: Arc<dyn Engine>) -> Self {
        Self { dispatcher, reader, engine }
    }

    fn actor(&self, part: &str) -> Actor {
        Actor::system(part)
    }

    /// A command that a handled event leads to, named after that event so that it takes effect once.
    fn command<C>(
        &self,
        id: Uuid,
        command: C,
        part: &'static str,
        event: &Recorded,
    ) -> Envelope<C> {
        Envelope::new(id, command, self.actor(part))
            .once(format!("{part}:{}:{id}", event.event_id))
            .because_of(event)
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
                | "application.score_requested.v1"
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
                | ApplicationEvent::ResumeReplaced { .. } => self.ask(event.stream.id, event).await,
                ApplicationEvent::ScoreRequested { run, request } => {
                    self.score(event.stream.id, run, request, event).await
                }
                _ => Ok(()),
            },
            StreamKind::Job | StreamKind::Rubric | StreamKind::ModelRelease => Ok(()),
        }
    }
}

/// Whose data is gone needs no more work.
fn unless_erased<T>(result: Result<T, LogError>) -> Result<Option<T>, HandlerError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(LogError::Erased) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Where a resume's extraction is stored: always the same place, so that reading it twice leaves one.
fn extraction_of(document: DocumentId) -> DocumentId {
    let mut bytes = *document.0.as_bytes();
    // The last bits of a version 7 id are random; the resume's own id keeps them as they are.
    bytes[15] ^= 0x01;
    bytes[14] ^= 0x80;
    DocumentId(Uuid::from_bytes(bytes))
}
