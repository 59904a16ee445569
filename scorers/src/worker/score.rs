//! Steps 3 and 4: a score is asked for when resume and application are both there, then made.

use domain::actor::{Actor, ActorKind};
use domain::application::{
    Application, ApplicationCommand, RunId, RunOutcome, ScoreRequest, ScoreResult,
};
use domain::candidate::{Candidate, CandidateEvent, Profile, Reading as Progress};
use domain::decide::names;
use domain::ids::{CandidateId, DocumentId};
use domain::job::{Job, Posting};
use domain::rubric::{Rubric, RubricHistory};
use event_log::subscribe::HandlerError;
use event_log::{DispatchError, Recorded};
use uuid::Uuid;

use super::{Scorers, Task};
use crate::grading::JobBrief;
use crate::job_text::JobText;

/// Refusals that only say that there is nothing to ask for.
const NOTHING_TO_ASK: &[&str] =
    &["DUPLICATE_RUN", "AI_OPT_OUT", "NOT_ACTIVE", "UNSCORABLE", "ANOTHER_RESUME"];

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
                self.ask(application.id, event).await?;
            }
        }
        Ok(())
    }

    /// An application is ready, or stands on another resume: asks for its score if the resume that it
    /// stands on is ready, too.
    pub(super) async fn ask(
        &self,
        application: Uuid,
        event: &Recorded,
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
        let Some((rubric, version)) = &job.rubric else { return Ok(()) };
        let request = ScoreRequest {
            document: resume.document,
            resume_digest: resume.digest.clone(),
            rubric: format!("{rubric}@{version}"),
            model_release: self.engine.release().label(),
            prompt_version: self.engine.prompt_version(),
            job_version: job.content_version,
        };
        let command = ApplicationCommand::RequestScore { request, again: false };
        let envelope = self.command(application, command, "score-requester", event);
        match self.dispatcher.dispatch::<Application>(envelope).await {
            Err(DispatchError::Refused(r)) if NOTHING_TO_ASK.contains(&r.code.as_str()) => Ok(()),
            other => other.map(drop).map_err(Into::into),
        }
    }

    /// Makes the score that was asked for.
    pub(super) async fn score(
        &self,
        application: Uuid,
        run: RunId,
        request: ScoreRequest,
        event: &Recorded,
    ) -> Result<(), HandlerError> {
        let release = self.engine.release().label();
        if request.model_release != release {
            return Ok(()); // another scorer's
        }
        let (state, _) = self.dispatcher.load::<Application>(application).await?;
        let asked = state.runs.iter().any(|r| r.id == run && r.outcome == RunOutcome::Requested);
        let (Some(id), Some(job), true) = (state.candidate, state.job, asked) else {
            return Ok(());
        };
        let Some((text, profile)) = self.resume(id, request.document).await? else { return Ok(()) };
        let rubric = self.rubric(&request.rubric).await?;
        let (job, _) = self.dispatcher.load::<Job>(job.0).await?;
        let brief = JobBrief::new(text_of(&job.posting));
        let task = Task {
            job: &brief,
            rubric: &rubric,
            text: &text,
            profile: &profile,
            as_of: event.occurred_at,
        };
        let graded = self.engine.grade(task).await;
        let command = match graded {
            Ok(graded) => ApplicationCommand::RecordScore(ScoreResult {
                run: run.clone(),
                rubric,
                grades: graded.grades,
                text,
                usage: graded.usage,
            }),
            Err(error) => ApplicationCommand::FailScore {
                run: run.clone(),
                reason: error.reason,
                retryable: error.retryable,
            },
        };
        let mut envelope = self.command(application, command, "scorer", event);
        envelope.actor = Actor::new(ActorKind::Model, release);
        let outcome = match self.dispatcher.dispatch::<Application>(envelope.clone()).await {
            // An answer outside its bounds is a failed run, never a default number.
            Err(DispatchError::Refused(refusal)) => {
                envelope.command =
                    ApplicationCommand::FailScore { run, reason: refusal.code, retryable: false };
                self.dispatcher.dispatch::<Application>(envelope).await?
            }
            other => other?,
        };
        // A second delivery ends no run.
        if outcome.events > 0 {
            let took = self.dispatcher.log().clock.now() - event.recorded_at;
            metrics::histogram!("hiresphere_score_run_seconds")
                .record(took.to_std().unwrap_or_default());
        }
        Ok(())
    }

    /// The text and the profile of a resume; `None` when the person was erased.
    async fn resume(
        &self,
        id: CandidateId,
        document: DocumentId,
    ) -> Result<Option<(domain::text::VisibleText, Profile)>, HandlerError> {
        let log = self.dispatcher.log();
        let mut found = (None, None);
        for recorded in log.store.read_stream(id.stream(), 0).await? {
            match log.vault.open::<Candidate>(&recorded).await? {
                CandidateEvent::ResumeTextExtracted { document: d, text, .. } if d == document => {
                    found.0 = Some(text);
                }
                CandidateEvent::ResumeParsed { document: d, profile, .. } if d == document => {
                    found.1 = profile.into_inner();
                }
                _ => {}
            }
        }
        let (Some(text), Some(profile)) = found else { return Ok(None) };
        Ok(self.text(id, text).await?.map(|text| (text, profile)))
    }

    async fn rubric(&self, label: &str) -> Result<Rubric, HandlerError> {
        let missing = || HandlerError::Park(format!("rubric {label} is not published"));
        let (name, version) = label.rsplit_once('@').ok_or_else(missing)?;
        let version: u32 = version.parse().map_err(|_| missing())?;
        let holder = self.dispatcher.log().store.holder(&names::rubric(name, version)).await?;
        let stream = holder.ok_or_else(missing)?;
        let (history, _) = self.dispatcher.load::<RubricHistory>(stream.id).await?;
        history.version(version).cloned().ok_or_else(missing)
    }
}

/// A posting as the job's text that it was made from.
fn text_of(posting: &Posting) -> JobText {
    let Posting { title, description, requirements, .. } = posting.clone();
    // Requirements that were only sentences of the description count as prose.
    let from_description = requirements.iter().all(|r| description.contains(&r.text));
    JobText { title, description, requirements, from_description }
}
