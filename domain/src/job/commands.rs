//! Commands of the job.

use chrono::NaiveDate;

use super::{Disposition, Posting, Stage};
use crate::ids::JobId;

/// What a recruiter or an admin can ask of a job.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "fields are those of the events they lead to")]
pub enum JobCommand {
    /// Begin a job. Refused: VALIDATION, PAY_RANGE, OPENINGS_LT_1, WRONG_STATE.
    DraftJob { job: JobId, posting: Posting },
    /// Change what it says. Refused: as DraftJob, JOB_CLOSED, OPENING_FILLED.
    EditJob { posting: Posting },
    /// Replace its stages. Refused: STAGE_IN_USE, NO_TERMINAL_STAGE, JOB_CLOSED.
    DefinePipeline { stages: Vec<Stage> },
    /// Choose the rubric. Refused: RUBRIC_NOT_PUBLISHED, JOB_CLOSED.
    BindRubric { rubric: String, version: u32 },
    /// Take applications. Refused: RUBRIC_MISSING, WRONG_STATE.
    PublishJob { valid_through: Option<NaiveDate>, ai_notice_version: u32 },
    /// Take none for now. Refused: WRONG_STATE.
    PauseJob {},
    /// Take applications again. Refused: WRONG_STATE.
    ReopenJob {},
    /// Let no machine score its applications from now on: what is being scored is given up. Refused: VALIDATION,
    /// NOT_FOUND.
    StopScoring { reason: String },
    /// Let machines score again, also what was given up. Refused: NOT_FOUND.
    ResumeScoring {},
    /// Take none any more. Refused: ACTIVE_APPLICATIONS without a disposition, WRONG_STATE.
    CloseJob { reason: String, filled: bool, disposition: Option<Disposition> },
}

crate::decide::named!(JobCommand {
    DraftJob,
    EditJob,
    DefinePipeline,
    BindRubric,
    PublishJob,
    PauseJob,
    ReopenJob,
    StopScoring,
    ResumeScoring,
    CloseJob
});
