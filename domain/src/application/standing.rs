//! Where an application stands: folded here once, for the aggregate and for every read model.

use serde::{Deserialize, Serialize};

use super::{ApplicationEvent, StageRef};
use crate::job::StageKind;

/// Where an application stands.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationStatus {
    /// There is no such application.
    #[default]
    Unknown,
    /// Handed in.
    Submitted,
    /// People are looking at it.
    Screening,
    /// On the short list.
    Shortlisted,
    /// Talks are under way.
    Interviewing,
    /// An offer is being made.
    Offer,
    /// A person decided against it.
    Rejected,
    /// The applicant took it back.
    Withdrawn,
}

impl ApplicationStatus {
    /// Whether it is still in the running.
    pub fn is_active(self) -> bool {
        !matches!(self, Self::Unknown | Self::Rejected | Self::Withdrawn)
    }

    /// The name used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Submitted => "submitted",
            Self::Screening => "screening",
            Self::Shortlisted => "shortlisted",
            Self::Interviewing => "interviewing",
            Self::Offer => "offer",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Status, stage and short list of an application.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Standing {
    /// Where it stands.
    pub status: ApplicationStatus,
    /// Its stage in the job's pipeline; `None` is the first one, where applications arrive.
    pub stage: Option<StageRef>,
    /// Whether it is on the short list, whatever its stage.
    pub shortlisted: bool,
    /// Where it stood before it was rejected.
    pub before_rejection: ApplicationStatus,
}

impl Standing {
    /// Takes an event into account.
    pub fn evolve(&mut self, event: &ApplicationEvent) {
        use ApplicationEvent as E;
        match event {
            E::ApplicationSubmitted { .. } => self.status = ApplicationStatus::Submitted,
            E::StageChanged { to, .. } => {
                self.stage = Some(to.clone());
                self.status = self.in_stage();
            }
            E::ApplicationShortlisted { .. } => {
                self.shortlisted = true;
                self.status = self.in_stage();
            }
            E::ApplicationUnshortlisted {} => {
                self.shortlisted = false;
                self.status = self.in_stage();
            }
            E::ApplicationRejected { .. } => {
                self.before_rejection = self.status;
                self.status = ApplicationStatus::Rejected;
            }
            E::RejectionReversed { .. } => self.status = self.before_rejection,
            E::ApplicationWithdrawn { .. } => self.status = ApplicationStatus::Withdrawn,
            E::ResumeReplaced { .. }
            | E::ScoreRequested { .. }
            | E::ScoreRecorded { .. }
            | E::ScoreFailed { .. }
            | E::ScoreShown { .. }
            | E::NoteAdded { .. } => {}
        }
    }

    fn in_stage(&self) -> ApplicationStatus {
        match self.stage.as_ref().map_or(StageKind::Submitted, |s| s.kind) {
            StageKind::Submitted | StageKind::Screening if self.shortlisted => {
                ApplicationStatus::Shortlisted
            }
            StageKind::Submitted => ApplicationStatus::Submitted,
            StageKind::Screening => ApplicationStatus::Screening,
            StageKind::Interviewing => ApplicationStatus::Interviewing,
            StageKind::Offer | StageKind::Hired => ApplicationStatus::Offer,
        }
    }
}
