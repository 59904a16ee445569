//! Step 3: a score is asked for when resume and application are both there, of every release that grades.

use domain::application::{Application, ApplicationCommand, ScoreRequest};
use domain::candidate::Reading as Progress;
use domain::decide::names;
use domain::ids::{CandidateId, DocumentId, JobId};
use domain::job::Job;
use event_log::subscribe::HandlerError;
use event_log::{DispatchError, Recorded};
use uuid::Uuid;

use super::{Scorers, command};

/// Refusals that only say that there is nothing to ask for.
const NOTHING_TO_ASK: &[&str] =
    &["DUPLICATE_RUN", "AI_OPT_OUT", "NOT_ACTIVE", "UNSCORABLE", "ANOTHER_RESUME"];

/// A release that scores are asked of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedOf {
    /// `name@version`.
    pub release: String,
    /// The version of its prompt.
    pub prompt_version: String,
    /// Whether its scores stand beside the one that people are shown.
    pub shadow: bool,
}

impl Scorers {
    /// A resume is ready: asks for a score of each application that stands on it.
    pub(super) async fn ask_for_all(
        &self,
        candidate: CandidateId,
        document: DocumentId,
        event: &Recorded,
    ) -> Result<(), HandlerError> {
        let applied = self.dispatcher.log().store.held(&names::applied_prefix(candidate)).await?;
        for (_, application) in applied {
            let (state, _) = self.dispatcher.load::<Application>(application.id).await?;
            if state.document == Some(document) {
                self.ask(application.id, event, false).await?;
            }
        }
        Ok(())
    }

    /// A job's applications are scored again: asks for what was given up or not asked for meanwhile.
    pub(super) async fn ask_for_job(
        &self,
        job: JobId,
        event: &Recorded,
    ) -> Result<(), HandlerError> {
        let active = self.dispatcher.log().store.held(&names::active_in_job_prefix(job)).await?;
        for (_, application) in active {
            self.ask(application.id, event, true).await?;
        }
        Ok(())
    }

    /// An application is ready, or stands on another resume: asks for its scores if the resume that it
    /// stands on is ready, too; `again` also for runs that failed and may be tried again.
    pub(super) async fn ask(
        &self,
        application: Uuid,
        event: &Recorded,
        again: bool,
    ) -> Result<(), HandlerError> {
        let (state, _) = self.dispatcher.load::<Application>(application).await?;
        let (Some(candidate), Some(job), Some(document)) =
            (state.candidate, state.job, state.document)
        else {
            return Ok(());
        };
        let candidate = self.candidate(candidate).await?;
        let Some(resume) = candidate.resume(document) else { return Ok(()) };
        if !matches!(resume.reading, Progress::Parsed(_)) {
            return Ok(());
        }
        let (job, _) = self.dispatcher.load::<Job>(job.0).await?;
        if job.scoring_stopped {
            return Ok(());
        }
        for AskedOf { release, prompt_version, shadow } in &self.asked_of {
            let request = ScoreRequest::of(&job, resume, release, prompt_version);
            let Some(request) = request else { return Ok(()) };
            let request = ScoreRequest { shadow: *shadow, ..request };
            let order = ApplicationCommand::RequestScore { request, again };
            let mut envelope = command(application, order, "score-requester", event);
            let once = format!("score-requester:{}:{application}:{release}", event.event_id);
            envelope.idempotency_key = Some(once);
            match self.dispatcher.dispatch::<Application>(envelope).await {
                Err(DispatchError::Refused(r)) if NOTHING_TO_ASK.contains(&r.code.as_str()) => {}
                other => other.map(drop)?,
            }
        }
        Ok(())
    }
}
