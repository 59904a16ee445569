//! Commands of the application.

use chrono::NaiveDate;

use super::{RunId, ScoreRequest, ScoreResult, Seen, StageRef, Usage, Visibility};
use crate::ids::{ApplicationId, CandidateId, DocumentId, EventId, JobId, MemberId, OfferId};
use crate::pii::Pii;
use crate::score::Points;

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
    /// A person puts another total in the place of a run's. Refused: OUT_OF_RANGE, REASON_REQUIRED, NOT_FOUND,
    /// WRONG_STATE, HUMAN_REQUIRED, NOT_ACTIVE.
    OverrideScore { run: RunId, to: Points, reason: Pii<String> },
    /// (applicant) Says that the score is wrong, and why. Refused: REASON_REQUIRED, NOT_ACTIVE.
    DisputeScore { text: Pii<String> },
    /// `cards` says how many scorecards there are for the stage that it leaves, and how many that stage asks for.
    /// Refused: STAGE_NOT_IN_PIPELINE, SCORECARDS_MISSING, ON_HOLD, NOT_ACTIVE.
    MoveToStage { to: StageRef, reason: Pii<Option<String>>, seen: Option<Seen>, cards: Cards },
    /// One click. Refused: NOT_ACTIVE, HUMAN_REQUIRED.
    Shortlist { seen: Option<Seen> },
    /// Undo it. Refused: NOT_ACTIVE.
    Unshortlist {},
    /// A person decides against it. Refused: HUMAN_REQUIRED, REASON_REQUIRED, TERMINAL.
    Reject { reason: Pii<String>, category: String, note: Pii<Option<String>>, seen: Option<Seen> },
    /// A person takes a rejection back. Refused: NOT_REJECTED, HUMAN_REQUIRED.
    Unreject { reason: Pii<Option<String>> },
    /// Let nothing happen with it for now; again, with another reason or date, says so anew. Refused: NOT_ACTIVE.
    Hold { reason: Pii<Option<String>>, until: Option<NaiveDate> },
    /// Take it up again. Refused: NOT_ACTIVE.
    Resume {},
    /// Let another application, which is there already, take its place. Refused: TERMINAL, HUMAN_REQUIRED.
    Transfer { to: ApplicationId, job: JobId, reason: Pii<Option<String>> },
    /// A person hires, on this opening. Refused: HUMAN_REQUIRED, NOT_ACTIVE, ON_HOLD, OFFER_NOT_ACCEPTED,
    /// OFFER_OUTSTANDING, NO_OPENING.
    Hire { offer: Option<OfferId>, offer_needed: bool, start: Option<NaiveDate>, opening: u32 },
    /// Take a hire back. Refused: NOT_HIRED, REASON_REQUIRED, HUMAN_REQUIRED.
    Unhire { reason: Pii<String> },
    /// (applicant) Refused: TERMINAL.
    Withdraw { reason: Pii<Option<String>> },
    /// Refused: VALIDATION.
    AddNote { note: EventId, visibility: Visibility, text: Pii<String>, mentions: Vec<MemberId> },
}

crate::decide::named!(ApplicationCommand {
    SubmitApplication,
    ReplaceResume,
    RequestScore,
    RecordScore,
    FailScore,
    ShowScore,
    OverrideScore,
    DisputeScore,
    MoveToStage,
    Shortlist,
    Unshortlist,
    Reject,
    Unreject,
    Hold,
    Resume,
    Transfer,
    Hire,
    Unhire,
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
    pub transferred_from: Option<ApplicationId>,
}

/// Scorecards of the stage that an application leaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cards {
    /// How many there are.
    pub there: u32,
    /// How many the stage asks for before it is left.
    pub needed: u32,
}
