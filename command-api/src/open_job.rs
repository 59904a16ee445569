//! Opening a job: drafted, bound to the default rubric, published. The same text again is the same job.

use domain::actor::Actor;
use domain::ids::JobId;
use domain::job::{Job, JobCommand, JobStatus, Posting};
use domain::rubric::Rubric;
use event_log::{DispatchError, Dispatcher, Envelope, LogError};
use uuid::Uuid;

/// The notice about machine scoring that applicants are shown.
pub const AI_NOTICE_VERSION: u32 = 1;

/// Opens a job for a posting, or finds the one that was opened for it; answers its id.
///
/// # Errors
/// `VALIDATION`, `PAY_RANGE`, `OPENINGS_LT_1`, or a failure of the machine.
pub async fn open_job(
    dispatcher: &Dispatcher,
    posting: Posting,
    actor: &Actor,
) -> Result<JobId, DispatchError> {
    let job = id_of(dispatcher, &posting)?;
    let (state, _) = dispatcher.load::<Job>(job.0).await?;
    let order = |command| Envelope::new(job, command, actor.clone());
    if state.id.is_none() {
        dispatcher.dispatch::<Job>(order(JobCommand::DraftJob { job, posting })).await?;
    }
    if state.rubric.is_none() {
        let Rubric { name, version, .. } = Rubric::default_v1();
        dispatcher.dispatch::<Job>(order(JobCommand::BindRubric { rubric: name, version })).await?;
    }
    match state.status {
        JobStatus::Unknown | JobStatus::Draft => {
            let publish = JobCommand::PublishJob {
                valid_through: None,
                ai_notice_version: AI_NOTICE_VERSION,
            };
            dispatcher.dispatch::<Job>(order(publish)).await?;
        }
        JobStatus::Paused | JobStatus::Closed => {
            dispatcher.dispatch::<Job>(order(JobCommand::ReopenJob {})).await?;
        }
        JobStatus::Open => {}
    }
    Ok(job)
}

/// The id that a posting always has in this log.
fn id_of(dispatcher: &Dispatcher, posting: &Posting) -> Result<JobId, DispatchError> {
    let text = serde_json::to_vec(posting)
        .map_err(|e| LogError::Io { doing: "encode a posting", problem: e.to_string() })?;
    let blind = dispatcher.log().vault.blind("job-posting", &text);
    let id = Uuid::parse_str(&blind[..32])
        .map_err(|e| LogError::Io { doing: "name a job", problem: e.to_string() })?;
    Ok(JobId(id))
}
