//! Scoring again on purpose: new runs beside the old ones, and showing those that were made.
//!
//! Nothing is scored here: runs are asked for, and whoever grades makes them. What was asked for before is not asked
//! for again, so that an interrupted call is simply made again.

use domain::actor::Actor;
use domain::application::{Application, ApplicationCommand, RunOutcome, ScoreRequest};
use domain::candidate::{Candidate, Reading};
use domain::decide::names;
use domain::ids::JobId;
use domain::job::Job;
use domain::refusal::Refusal;
use event_log::{DispatchError, Dispatcher, Envelope};
use serde::Serialize;
use uuid::Uuid;

/// Whom to ask, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescore {
    /// The release: `name@version`.
    pub release: String,
    /// The version of its prompt.
    pub prompt_version: String,
    /// Runs of the same, to see how much the answers differ: 0 for the run itself alone.
    pub repeats: u32,
    /// Beside what people are shown; otherwise the run itself takes its place.
    pub shadow: bool,
}

/// What became of it, in numbers of runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Rescored {
    /// Asked for now.
    pub asked: u64,
    /// There already, scored or under way.
    pub there: u64,
    /// Of applications that cannot be scored: decided, opted out, or without text.
    pub left_out: u64,
}

/// Asks for runs of every active application of a job.
///
/// # Errors
/// `NOT_FOUND`, `RUBRIC_MISSING`, `SCORING_STOPPED`, or a failure of the machine.
pub async fn rescore(
    dispatcher: &Dispatcher,
    job: JobId,
    rescore: &Rescore,
    actor: &Actor,
) -> Result<Rescored, DispatchError> {
    let state = open(dispatcher, job).await?;
    if state.scoring_stopped {
        let message = "machines are kept from scoring this job; resume scoring first";
        return Err(Refusal::conflict("SCORING_STOPPED", message).into());
    }
    let mut done = Rescored::default();
    for application in active(dispatcher, job).await? {
        let request = request(dispatcher, &state, application, rescore).await?;
        let Some(request) = request else {
            done.left_out += 1;
            continue;
        };
        for repeat in 0..=rescore.repeats {
            let shadow = rescore.shadow || repeat > 0;
            let request = ScoreRequest { repeat, shadow, ..request.clone() };
            let command = ApplicationCommand::RequestScore { request, again: true };
            let envelope = Envelope::new(application, command, actor.clone());
            match dispatcher.dispatch::<Application>(envelope).await {
                Ok(_) => done.asked += 1,
                Err(DispatchError::Refused(refusal)) if refusal.code == "DUPLICATE_RUN" => {
                    done.there += 1;
                }
                Err(DispatchError::Refused(_)) => done.left_out += 1,
                Err(error) => return Err(error),
            }
        }
    }
    Ok(done)
}

/// Lets the runs of a release be those that people are shown, where they have a score; answers how many changed.
///
/// # Errors
/// `NOT_FOUND`, `RUBRIC_MISSING`, or a failure of the machine.
pub async fn show(
    dispatcher: &Dispatcher,
    job: JobId,
    rescore: &Rescore,
    actor: &Actor,
) -> Result<u64, DispatchError> {
    let state = open(dispatcher, job).await?;
    let mut shown = 0;
    for application in active(dispatcher, job).await? {
        let Some(request) = request(dispatcher, &state, application, rescore).await? else {
            continue;
        };
        let run = request.run_id(application.into());
        let (state, _) = dispatcher.load::<Application>(application).await?;
        let scored =
            |r: &domain::application::Run| r.id == run && r.outcome == RunOutcome::Recorded;
        if state.shown.as_ref() == Some(&run) || !state.runs.iter().any(scored) {
            continue;
        }
        let command = ApplicationCommand::ShowScore { run };
        match dispatcher
            .dispatch::<Application>(Envelope::new(application, command, actor.clone()))
            .await
        {
            Ok(_) => shown += 1,
            // Decided meanwhile.
            Err(DispatchError::Refused(refusal)) if refusal.code == "NOT_ACTIVE" => {}
            Err(error) => return Err(error),
        }
    }
    Ok(shown)
}

async fn open(dispatcher: &Dispatcher, job: JobId) -> Result<Job, DispatchError> {
    let (state, _) = dispatcher.load::<Job>(job.0).await?;
    if state.id.is_none() {
        return Err(Refusal::not_found("job").into());
    }
    if state.rubric.is_none() {
        let message = "bind a published rubric to the job first";
        return Err(Refusal::conflict("RUBRIC_MISSING", message).into());
    }
    Ok(state)
}

async fn active(dispatcher: &Dispatcher, job: JobId) -> Result<Vec<Uuid>, DispatchError> {
    let held = dispatcher.log().store.held(&names::active_in_job_prefix(job)).await?;
    Ok(held.into_iter().map(|(_, stream)| stream.id).collect())
}

/// What a run of an application is made of now; `None` when nothing can be.
async fn request(
    dispatcher: &Dispatcher,
    job: &Job,
    application: Uuid,
    rescore: &Rescore,
) -> Result<Option<ScoreRequest>, DispatchError> {
    let (state, _) = dispatcher.load::<Application>(application).await?;
    let (Some(candidate), Some(document)) = (state.candidate, state.document) else {
        return Ok(None);
    };
    let (candidate, _) = dispatcher.load::<Candidate>(candidate.0).await?;
    let resume = candidate.resume(document).filter(|r| matches!(r.reading, Reading::Parsed(_)));
    let (release, prompt) = (&rescore.release, &rescore.prompt_version);
    Ok(resume.and_then(|resume| ScoreRequest::of(job, resume, release, prompt)))
}
