//! Events of the interview.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{Kit, Scores};
use crate::decide::{Timestamp, wire_names};
use crate::ids::{ApplicationId, CandidateId, InterviewId, JobId, MemberId};
use crate::pii::Pii;

/// Facts about an interview.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "type", content = "data")]
#[allow(missing_docs, reason = "each variant says what happened; fields carry the obvious")]
pub enum InterviewEvent {
    /// A talk was arranged. `stage` is the one that the application stood in.
    #[serde(rename = "interview.scheduled.v1")]
    InterviewScheduled {
        interview: InterviewId,
        application: ApplicationId,
        candidate: CandidateId,
        job: JobId,
        stage: String,
        kind: InterviewKind,
        panel: Vec<MemberId>,
        slot: Slot,
        place: Pii<Option<Place>>,
        kit: Kit,
    },
    /// It was put off, or brought forward.
    #[serde(rename = "interview.rescheduled.v1")]
    InterviewRescheduled {
        application: ApplicationId,
        from: Slot,
        to: Slot,
        reason: Pii<Option<String>>,
    },
    /// Others hold it.
    #[serde(rename = "interview.panel_changed.v1")]
    PanelChanged { application: ApplicationId, from: Vec<MemberId>, to: Vec<MemberId> },
    /// It will not take place.
    #[serde(rename = "interview.cancelled.v1")]
    InterviewCancelled { application: ApplicationId, by: Side, reason: Pii<Option<String>> },
    /// It took place.
    #[serde(rename = "interview.completed.v1")]
    InterviewCompleted { application: ApplicationId },
    /// It did not take place, because somebody did not come.
    #[serde(rename = "interview.no_show.v1")]
    InterviewNoShow { application: ApplicationId, who: Side },
    /// Somebody on the panel handed in what they found.
    #[serde(rename = "interview.scorecard_submitted.v1")]
    ScorecardSubmitted {
        application: ApplicationId,
        member: MemberId,
        scores: Scores,
        notes: Pii<Option<String>>,
    },
    /// They changed it; what they had handed in stays in the history.
    #[serde(rename = "interview.scorecard_amended.v1")]
    ScorecardAmended {
        application: ApplicationId,
        member: MemberId,
        scores: Scores,
        notes: Pii<Option<String>>,
    },
}

wire_names!(InterviewEvent {
    InterviewScheduled => "interview.scheduled.v1",
    InterviewRescheduled => "interview.rescheduled.v1",
    PanelChanged => "interview.panel_changed.v1",
    InterviewCancelled => "interview.cancelled.v1",
    InterviewCompleted => "interview.completed.v1",
    InterviewNoShow => "interview.no_show.v1",
    ScorecardSubmitted => "interview.scorecard_submitted.v1",
    ScorecardAmended => "interview.scorecard_amended.v1",
});

/// How people meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InterviewKind {
    /// By telephone.
    Phone,
    /// By video.
    Video,
    /// In one place.
    Onsite,
    /// With something to solve together.
    Technical,
}

impl InterviewKind {
    /// The name used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Video => "video",
            Self::Onsite => "onsite",
            Self::Technical => "technical",
        }
    }
}

/// Which side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The candidate.
    Candidate,
    /// The panel, or whoever arranged it.
    Organization,
}

impl Side {
    /// The name used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Candidate => "candidate",
            Self::Organization => "organization",
        }
    }
}

/// When: both ends on whole five minutes, which is how finely people's time is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Slot {
    /// Its beginning.
    pub start: Timestamp,
    /// Its end.
    pub end: Timestamp,
    /// The time zone that it was arranged in, by its IANA name: `Europe/Berlin`.
    pub time_zone: String,
}

/// How finely time is kept, in minutes.
pub const GRAIN: i64 = 5;

impl Slot {
    /// The five minutes that it takes, each by its beginning.
    pub fn grains(&self) -> impl Iterator<Item = Timestamp> + use<> {
        let (start, end) = (self.start, self.end);
        (0..).map(move |n| start + TimeDelta::minutes(GRAIN) * n).take_while(move |at| *at < end)
    }
}

/// Where: a room or a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// An address, a room, a telephone number.
    At(String),
    /// A page where people meet: `https://...`.
    Link(String),
}

impl InterviewEvent {
    /// The application that it is about.
    pub fn application(&self) -> ApplicationId {
        match self {
            Self::InterviewScheduled { application, .. }
            | Self::InterviewRescheduled { application, .. }
            | Self::PanelChanged { application, .. }
            | Self::InterviewCancelled { application, .. }
            | Self::InterviewCompleted { application, .. }
            | Self::InterviewNoShow { application, .. }
            | Self::ScorecardSubmitted { application, .. }
            | Self::ScorecardAmended { application, .. } => *application,
        }
    }
}
