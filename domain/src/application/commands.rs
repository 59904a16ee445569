//! Commands of the application.

use super::{RunId, ScoreRequest, ScoreResult, Seen, StageRef, Usage, Visibility};
use crate::ids::{ApplicationId, CandidateId, DocumentId, EventId, JobId};
use crate::pii::Pii;

/// What an applicant, a recruiter or a scorer can ask of an application.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "fields are those of the events they lead to")]
pub enum ApplicationCommand {
    /// Apply. Refused: ALREADY_APPLIED (names the application), JOB_NOT_OPEN, VALIDATION.
    SubmitApplication(Submission),
    /// Stand on another resume of the candidate from now on; the same one again changes nothing.
    /// Refused: NOT_ACTIVE.
    ReplaceResume { document: DocumentId },
    /// (system, recruiter) `again` asks for another try of a run that failed and may be tried again.
    /// Refused: UNSCORABLE, AI_OPT_OUT, DUPLICATE_RUN, ANOTHER_RESUME, NOT_ACTIVE.
    RequestScore { request: ScoreRequest, again: bool },
    /// (scorer only) Refused: FORBIDDEN, OUT_OF_RANGE.
    RecordScore(ScoreResult),
    /// (scorer only) The run ended without a score. Refused: FORBIDDEN.
    FailScore {
        run: RunId,
        reason: String,
        retryable: bool,
        usage: Usage,
        exchanges: Vec<DocumentId>,
    },
    /// A person lets a recorded run, made in shadow or earlier, be the one that people are shown. Refused:
    /// HUMAN_REQUIRED, NOT_FOUND, WRONG_STATE, NOT_ACTIVE.
    ShowScore { run: RunId },
    /// Refused: STAGE_NOT_IN_PIPELINE, NOT_ACTIVE.
    MoveToStage { to: StageRef, reason: Pii<Option<String>>, seen: Option<Seen> },
    /// One click. Refused: NOT_ACTIVE, HUMAN_REQUIRED.
    Shortlist { seen: Option<Seen> },
    /// Undo it. Refused: NOT_ACTIVE.
    Unshortlist {},
    /// A person decides against it. Refused: HUMAN_REQUIRED, REASON_REQUIRED, TERMINAL.
    Reject { reason: Pii<String>, category: String, note: Pii<Option<String>>, seen: Option<Seen> },
    /// A person takes a rejection back. Refused: NOT_REJECTED, HUMAN_REQUIRED.
    Unreject { reason: Pii<Option<String>> },
    /// (applicant) Refused: TERMINAL.
    Withdraw { reason: Pii<Option<String>> },
    /// Refused: VALIDATION.
    AddNote { note: EventId, visibility: Visibility, text: Pii<String> },
}

crate::decide::named!(ApplicationCommand {
    SubmitApplication,
    ReplaceResume,
    RequestScore,
    RecordScore,
    FailScore,
    ShowScore,
    MoveToStage,
    Shortlist,
    Unshortlist,
    Reject,
    Unreject,
    Withdraw,
    AddNote
});

/// What applying takes.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "fields are those of ApplicationSubmitted")]
pub struct Submission {
    pub application: ApplicationId,
    pub candidate: CandidateId,
    pub job: JobId,
    pub document: DocumentId,
    pub answers: Pii<Vec<(String, String)>>,
    pub source: String,
    pub ai_notice_version: u32,
    pub ai_opt_out: bool,
}
