//! Commands of the interview.

use super::{InterviewKind, Kit, Place, Scores, Side, Slot};
use crate::ids::{ApplicationId, CandidateId, InterviewId, JobId, MemberId};
use crate::pii::Pii;

/// What a recruiter or somebody on the panel can ask of an interview.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "fields are those of the events they lead to")]
pub enum InterviewCommand {
    /// Refused: VALIDATION, IN_PAST, END_BEFORE_START, NOT_ACTIVE, INTERVIEWER_BUSY, CANDIDATE_BUSY (both name the other
    /// interview), HUMAN_REQUIRED.
    ScheduleInterview(Plan),
    /// Another time. Refused: as ScheduleInterview, WRONG_STATE.
    RescheduleInterview { slot: Slot, reason: Pii<Option<String>> },
    /// Others on the panel. Who handed in a scorecard stays. Refused: VALIDATION, INTERVIEWER_BUSY, WRONG_STATE,
    /// ALREADY_SUBMITTED.
    ChangePanel { panel: Vec<MemberId> },
    /// Refused: WRONG_STATE.
    CancelInterview { by: Side, reason: Pii<Option<String>> },
    /// It took place. Refused: WRONG_STATE.
    CompleteInterview {},
    /// Somebody did not come. Refused: WRONG_STATE.
    MarkNoShow { who: Side },
    /// (panel) Refused: NOT_ON_PANEL, ALREADY_SUBMITTED, WRONG_STATE (it did not take place), VALIDATION, HUMAN_REQUIRED.
    SubmitScorecard { member: MemberId, scores: Scores, notes: Pii<Option<String>> },
    /// (panel) Refused: NOT_ON_PANEL, NOT_SUBMITTED, VALIDATION, HUMAN_REQUIRED.
    AmendScorecard { member: MemberId, scores: Scores, notes: Pii<Option<String>> },
}

crate::decide::named!(InterviewCommand {
    ScheduleInterview,
    RescheduleInterview,
    ChangePanel,
    CancelInterview,
    CompleteInterview,
    MarkNoShow,
    SubmitScorecard,
    AmendScorecard
});

/// What scheduling takes.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "fields are those of InterviewScheduled")]
pub struct Plan {
    pub interview: InterviewId,
    pub application: ApplicationId,
    pub candidate: CandidateId,
    pub job: JobId,
    pub stage: String,
    pub kind: InterviewKind,
    pub panel: Vec<MemberId>,
    pub slot: Slot,
    pub place: Pii<Option<Place>>,
    pub kit: Kit,
}
