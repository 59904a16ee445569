//! What a score run is made from, as it was asked for: the rubric's version, the job's, the resume's text and profile. The same
//! for whoever grades and for whoever replays.

use domain::application::ScoreRequest;
use domain::candidate::{Candidate, CandidateEvent, Profile};
use domain::decide::names;
use domain::ids::{CandidateId, DocumentId, JobId};
use domain::job::{Job, Posting};
use domain::rubric::{Rubric, RubricHistory};
use domain::text::VisibleText;
use event_log::Dispatcher;
use event_log::subscribe::HandlerError;

use super::text_of;
use crate::grading::JobBrief;
use crate::job_text::JobText;

/// What a run is made from.
pub(super) struct Material {
    pub(super) rubric: Rubric,
    pub(super) brief: JobBrief,
    pub(super) text: VisibleText,
    pub(super) profile: Profile,
}

impl Material {
    /// What was asked for; `None` when the person was erased.
    pub(super) async fn of(
        dispatcher: &Dispatcher,
        candidate: CandidateId,
        job: JobId,
        request: &ScoreRequest,
    ) -> Result<Option<Self>, HandlerError> {
        let found = resume(dispatcher, candidate, request.document).await?;
        let Some((text, profile)) = found else { return Ok(None) };
        let rubric = rubric(dispatcher, &request.rubric).await?;
        let brief = brief(dispatcher, job, request.job_version).await?;
        Ok(Some(Self { rubric, brief, text, profile }))
    }
}

/// The text and the profile of a resume; `None` when the person was erased.
async fn resume(
    dispatcher: &Dispatcher,
    id: CandidateId,
    document: DocumentId,
) -> Result<Option<(VisibleText, Profile)>, HandlerError> {
    let log = dispatcher.log();
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
    Ok(text_of(log, id, text).await?.map(|text| (text, profile)))
}

async fn rubric(dispatcher: &Dispatcher, label: &str) -> Result<Rubric, HandlerError> {
    let missing = || HandlerError::Park(format!("rubric {label} is not published"));
    let (name, version) = label.rsplit_once('@').ok_or_else(missing)?;
    let version: u32 = version.parse().map_err(|_| missing())?;
    let holder = dispatcher.log().store.holder(&names::rubric(name, version)).await?;
    let stream = holder.ok_or_else(missing)?;
    let (history, _) = dispatcher.load::<RubricHistory>(stream.id).await?;
    history.version(version).cloned().ok_or_else(missing)
}

/// The job as it stood when a score was asked for, whatever was edited since.
async fn brief(
    dispatcher: &Dispatcher,
    job: JobId,
    version: u32,
) -> Result<JobBrief, HandlerError> {
    let mut events = Vec::new();
    for recorded in dispatcher.log().store.read_stream(job.stream(), 0).await? {
        events.push(recorded.decode::<Job>()?);
    }
    let job = Job::at_content(events, version);
    Ok(JobBrief::new(posted(&job.posting)))
}

/// A posting as the job's text that it was made from.
fn posted(posting: &Posting) -> JobText {
    let Posting { title, description, requirements, .. } = posting.clone();
    // Requirements that were only sentences of the description count as prose.
    let from_description = requirements.iter().all(|r| description.contains(&r.text));
    JobText { title, description, requirements, from_description }
}
