//! An event as read models see it: decoded, with its personal fields open or erased.

use domain::application::{Application, ApplicationEvent};
use domain::candidate::{Candidate, CandidateEvent};
use domain::ids::{
    ApplicationId, CandidateId, InterviewId, JobId, ModelReleaseId, OfferId, RubricId, StreamKind,
};
use domain::interview::{Interview, InterviewEvent};
use domain::job::{Job, JobEvent};
use domain::model_release::{ModelRelease, ModelReleaseEvent};
use domain::offer::{Offer, OfferEvent};
use domain::rubric::{RubricEvent, RubricHistory};
use event_log::{LogError, Recorded, Vault};
use uuid::Uuid;

/// One event.
#[derive(Debug)]
pub struct Fact {
    /// Its envelope.
    pub recorded: Recorded,
    /// What happened, and to what.
    pub what: What,
}

/// What happened, and to what.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "facts are made one at a time and dropped at once")]
pub enum What {
    /// To a job.
    Job(JobId, JobEvent),
    /// To a candidate.
    Candidate(CandidateId, CandidateEvent),
    /// To an application.
    Application(ApplicationId, ApplicationEvent),
    /// To a rubric.
    Rubric(RubricId, RubricEvent),
    /// To a model release.
    ModelRelease(ModelReleaseId, ModelReleaseEvent),
    /// To an interview.
    Interview(InterviewId, InterviewEvent),
    /// To an offer.
    Offer(OfferId, OfferEvent),
    /// To what the notifier is told and says, which no read model is about.
    Told,
}

impl Fact {
    /// The candidate that it happened to.
    pub(crate) fn candidate(&self) -> Option<Uuid> {
        if let What::Candidate(candidate, _) = self.what { Some(candidate.0) } else { None }
    }

    /// The application that it happened to.
    pub(crate) fn application(&self) -> Option<Uuid> {
        if let What::Application(application, _) = self.what { Some(application.0) } else { None }
    }

    /// Decodes and opens an event.
    ///
    /// # Errors
    /// `EVENT_UNDECODABLE`, `MASTER_KEY`, `IO`.
    pub async fn open(vault: &Vault, recorded: Recorded) -> Result<Self, LogError> {
        let id = recorded.stream.id;
        let what = match recorded.stream.kind {
            StreamKind::Job => What::Job(id.into(), vault.open::<Job>(&recorded).await?),
            StreamKind::Candidate => {
                What::Candidate(id.into(), vault.open::<Candidate>(&recorded).await?)
            }
            StreamKind::Application => {
                What::Application(id.into(), vault.open::<Application>(&recorded).await?)
            }
            StreamKind::Rubric => {
                What::Rubric(id.into(), vault.open::<RubricHistory>(&recorded).await?)
            }
            StreamKind::ModelRelease => {
                What::ModelRelease(id.into(), vault.open::<ModelRelease>(&recorded).await?)
            }
            StreamKind::Interview => {
                What::Interview(id.into(), vault.open::<Interview>(&recorded).await?)
            }
            StreamKind::Offer => What::Offer(id.into(), vault.open::<Offer>(&recorded).await?),
            StreamKind::Member | StreamKind::Subscription | StreamKind::Notification => What::Told,
        };
        Ok(Self { recorded, what })
    }
}
