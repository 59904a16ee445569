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
    /// The person was hired.
    Hired,
    /// A person decided against it.
    Rejected,
    /// The applicant took it back.
    Withdrawn,
    /// An application to another job took its place.
    Transferred,
}

impl ApplicationStatus {
    /// Whether it is still in the running.
    pub fn is_active(self) -> bool {
        !matches!(
            self,
            Self::Unknown | Self::Hired | Self::Rejected | Self::Withdrawn | Self::Transferred
        )
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
            Self::Hired => "hired",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Transferred => "transferred",
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
    /// Whether nothing happens with it for now.
    #[serde(default)]
    pub on_hold: bool,
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
                self.end(ApplicationStatus::Rejected);
            }
            E::ApplicationHeld { .. } => self.on_hold = true,
            E::ApplicationResumed {} => self.on_hold = false,
            E::ApplicationHired { .. } => self.end(ApplicationStatus::Hired),
            E::HireReversed { .. } => self.status = ApplicationStatus::Offer,
            E::ApplicationTransferred { .. } => self.end(ApplicationStatus::Transferred),
            E::RejectionReversed { .. } => self.status = self.before_rejection,
            E::ApplicationWithdrawn { .. } => self.end(ApplicationStatus::Withdrawn),
            E::ResumeReplaced { .. }
            | E::ScoreRequested { .. }
            | E::ScoreRecorded { .. }
            | E::ScoreFailed { .. }
            | E::ScoreShown { .. }
            | E::ScoreOverridden { .. }
            | E::ScoreDisputed { .. }
            | E::NoteAdded { .. } => {}
        }
    }

    /// Nothing that has ended is on hold.
    fn end(&mut self, status: ApplicationStatus) {
        self.status = status;
        self.on_hold = false;
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
