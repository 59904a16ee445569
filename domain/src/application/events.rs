//! Events of the application.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Explanation, RecordedCriterion, RunId, ScoreRequest, Usage};
use crate::decide::wire_names;
use crate::ids::{ApplicationId, CandidateId, DocumentId, EventId, JobId, MemberId, OfferId};
use crate::job::StageKind;
use crate::pii::Pii;
use crate::score::Points;

/// Facts about an application.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "type", content = "data")]
#[allow(missing_docs, reason = "each variant says what happened; fields carry the obvious")]
pub enum ApplicationEvent {
    /// A candidate applied to a job.
    #[serde(rename = "application.submitted.v1")]
    ApplicationSubmitted {
        application: ApplicationId,
        candidate: CandidateId,
        job: JobId,
        document: DocumentId,
        answers: Pii<Vec<(String, String)>>,
        source: String,
        ai_notice_version: u32,
        ai_opt_out: bool,
        /// The application to another job that it takes the place of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transferred_from: Option<ApplicationId>,
    },
    /// It stands on another resume of the candidate from now on.
    #[serde(rename = "application.resume_replaced.v1")]
    ResumeReplaced { document: DocumentId },
    /// A score was asked for.
    #[serde(rename = "application.score_requested.v1")]
    ScoreRequested { run: RunId, request: ScoreRequest },
    /// A score was made.
    #[serde(rename = "application.score_recorded.v1")]
    ScoreRecorded {
        run: RunId,
        total: Points,
        criteria: Vec<RecordedCriterion>,
        explanations: Pii<Vec<Explanation>>,
        usage: Usage,
        /// Where each request and its answer are kept, sealed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        exchanges: Vec<DocumentId>,
        /// Beside the score that people are shown.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        shadow: bool,
    },
    /// A run ended without a score.
    #[serde(rename = "application.score_failed.v1")]
    ScoreFailed {
        run: RunId,
        reason: String,
        retryable: bool,
        /// What was spent on it all the same.
        #[serde(default, skip_serializing_if = "Usage::is_nothing")]
        usage: Usage,
        /// Where each request and its answer are kept, sealed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        exchanges: Vec<DocumentId>,
        /// Beside the score that people are shown.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        shadow: bool,
    },
    /// A recorded run is the one that people are shown from now on.
    #[serde(rename = "application.score_shown.v1")]
    ScoreShown { run: RunId },
    /// A person put another total in the place of a run's; what the run found stays as it is.
    #[serde(rename = "application.score_overridden.v1")]
    ScoreOverridden { run: RunId, from: Points, to: Points, reason: Pii<String> },
    /// The applicant says that the score is wrong. A person looks at it.
    #[serde(rename = "application.score_disputed.v1")]
    ScoreDisputed { run: Option<RunId>, text: Pii<String> },
    /// It moved to another stage.
    #[serde(rename = "application.stage_changed.v1")]
    StageChanged { from: String, to: StageRef, reason: Pii<Option<String>>, seen: Option<Seen> },
    /// A person put it on the short list.
    #[serde(rename = "application.shortlisted.v1")]
    ApplicationShortlisted { seen: Option<Seen> },
    /// It was taken off the short list.
    #[serde(rename = "application.unshortlisted.v1")]
    ApplicationUnshortlisted {},
    /// A person decided against it.
    #[serde(rename = "application.rejected.v1")]
    ApplicationRejected {
        reason: Pii<String>,
        category: String,
        note: Pii<Option<String>>,
        seen: Option<Seen>,
    },
    /// A person took the rejection back.
    #[serde(rename = "application.rejection_reversed.v1")]
    RejectionReversed { reason: Pii<Option<String>> },
    /// Nothing happens with it until it is taken up again.
    #[serde(rename = "application.held.v1")]
    ApplicationHeld { reason: Pii<Option<String>>, until: Option<NaiveDate> },
    /// It was taken up again.
    #[serde(rename = "application.resumed.v1")]
    ApplicationResumed {},
    /// Another application, to another job, takes its place.
    #[serde(rename = "application.transferred.v1")]
    ApplicationTransferred { to: ApplicationId, job: JobId, reason: Pii<Option<String>> },
    /// The person was hired, on this opening of the job (1, 2, 3...).
    #[serde(rename = "application.hired.v1")]
    ApplicationHired { offer: Option<OfferId>, start: Option<NaiveDate>, opening: u32 },
    /// The hire was taken back; an offer is being made again.
    #[serde(rename = "application.hire_reversed.v1")]
    HireReversed { reason: Pii<String>, opening: u32 },
    /// The applicant took it back.
    #[serde(rename = "application.withdrawn.v1")]
    ApplicationWithdrawn { reason: Pii<Option<String>> },
    /// Somebody left a note.
    #[serde(rename = "application.note_added.v1")]
    NoteAdded {
        note: EventId,
        visibility: Visibility,
        text: Pii<String>,
        /// Who should read it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<MemberId>,
    },
}

wire_names!(ApplicationEvent {
    ApplicationSubmitted => "application.submitted.v1",
    ResumeReplaced => "application.resume_replaced.v1",
    ScoreRequested => "application.score_requested.v1",
    ScoreRecorded => "application.score_recorded.v1",
    ScoreFailed => "application.score_failed.v1",
    ScoreShown => "application.score_shown.v1",
    ScoreOverridden => "application.score_overridden.v1",
    ScoreDisputed => "application.score_disputed.v1",
    StageChanged => "application.stage_changed.v1",
    ApplicationShortlisted => "application.shortlisted.v1",
    ApplicationUnshortlisted => "application.unshortlisted.v1",
    ApplicationRejected => "application.rejected.v1",
    RejectionReversed => "application.rejection_reversed.v1",
    ApplicationHeld => "application.held.v1",
    ApplicationResumed => "application.resumed.v1",
    ApplicationTransferred => "application.transferred.v1",
    ApplicationHired => "application.hired.v1",
    HireReversed => "application.hire_reversed.v1",
    ApplicationWithdrawn => "application.withdrawn.v1",
    NoteAdded => "application.note_added.v1",
});

/// A stage of the job's pipeline, as a move names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StageRef {
    /// The stage's id.
    pub id: String,
    /// Its kind in the pipeline.
    pub kind: StageKind,
}

/// What a person was shown when they decided, so that the decision can be replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Seen {
    /// The log's position that the screen was at.
    pub position: u64,
    /// The score run that was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The rank that was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u32>,
}

/// Who may read a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// The job's hiring team.
    Team,
    /// Only its author.
    Private,
}
