//! The port of grading engines, and the local one behind it.

use std::time::Duration;

use async_trait::async_trait;
use chrono::Datelike as _;
use domain::application::Usage;
use domain::candidate::Profile;
use domain::decide::Timestamp;
use domain::ids::DocumentId;
use domain::model_release::Release;
use domain::rubric::Rubric;
use domain::score::Grade;
use domain::text::VisibleText;
use event_log::LogError;
use event_log::ports::Amount;
use serde::{Deserialize, Serialize};

use crate::grading::{Baseline, GradeError, Grader as _, JobBrief, ResumeView};
use crate::profile::dates::Month;

/// One resume to grade against one job.
pub struct Task<'a> {
    /// The job.
    pub job: &'a JobBrief,
    /// The rubric's version.
    pub rubric: &'a Rubric,
    /// The resume's visible text.
    pub text: &'a VisibleText,
    /// What was read out of it.
    pub profile: &'a Profile,
    /// When the score was asked for: a job held "to the present" is counted up to here, so that the
    /// same request gives the same grades for ever.
    pub as_of: Timestamp,
}

/// An engine's answer.
pub struct Graded {
    /// One per criterion.
    pub grades: Vec<Grade>,
    /// What it cost.
    pub usage: Usage,
    /// Where each request and its answer are kept.
    pub exchanges: Vec<DocumentId>,
}

/// Why an engine gave no grades.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The run ends without a score.
    #[error("{reason}: {detail}")]
    Failed {
        /// Stable code.
        reason: String,
        /// For people who run the machine; never words of a resume.
        detail: String,
        /// Whether asking again may help.
        retryable: bool,
        /// What it cost all the same.
        usage: Usage,
        /// Where each request and its answer are kept.
        exchanges: Vec<DocumentId>,
    },
    /// Not now: the run waits, as long as it takes.
    #[error("waits for {waits_for}")]
    Later {
        /// When to try again.
        after: Duration,
        /// For people who run the machine.
        waits_for: String,
    },
    /// The log or the machine.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl EngineError {
    /// The same, of a run that had spent something before.
    #[must_use]
    pub fn after(self, spent: Usage, kept: Vec<DocumentId>) -> Self {
        match self {
            Self::Failed { reason, detail, retryable, mut usage, exchanges } => {
                usage += spent;
                let exchanges = kept.into_iter().chain(exchanges).collect();
                Self::Failed { reason, detail, retryable, usage, exchanges }
            }
            other => other,
        }
    }
}

/// A request to a model and its answer, byte for byte: a score can be made from them again without the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The release that was asked.
    pub release: String,
    /// The request's body.
    pub request: String,
    /// The answer's HTTP status.
    pub status: u16,
    /// The answer's body.
    pub answer: String,
    /// What it cost.
    pub usage: Usage,
}

/// What an engine may ask of the worker that gives it a task: what it answered before, whether it may spend, and
/// whether it is to stop.
#[async_trait]
pub trait Desk: Send + Sync {
    /// The nth exchange of this run, when it was had before.
    async fn kept(&self, n: u32) -> Result<Option<(Exchange, DocumentId)>, LogError>;

    /// Keeps the nth exchange, sealed, before anything is made of it.
    async fn keep(&self, n: u32, exchange: &Exchange) -> Result<DocumentId, LogError>;

    /// Books what is about to be spent; answers which budget does not suffice, and then nothing is booked.
    async fn book(&self, amount: Amount) -> Result<Option<String>, LogError>;

    /// Puts what was spent in the place of what was booked.
    async fn correct(&self, booked: Amount, spent: Amount) -> Result<(), LogError>;

    /// Ends when scoring is stopped.
    async fn stopped(&self);
}

/// Grades resumes.
#[async_trait]
pub trait Engine: Send + Sync {
    /// What is pinned about it.
    fn release(&self) -> Release;

    /// The version of its prompt; part of a run's identity.
    fn prompt_version(&self) -> String;

    /// How many resumes one process may give it at once.
    fn at_once(&self) -> usize;

    /// Grades one resume.
    ///
    /// # Errors
    /// See [`EngineError`].
    async fn grade(&self, task: Task<'_>, desk: &dyn Desk) -> Result<Graded, EngineError>;
}

/// The deterministic local grader: no key, no network, the same answer for ever.
#[derive(Debug, Clone, Copy)]
pub struct BaselineEngine;

#[async_trait]
impl Engine for BaselineEngine {
    fn release(&self) -> Release {
        Release {
            name: "baseline".into(),
            version: "1".into(),
            provider: "local".into(),
            model: "baseline".into(),
            ..Release::default()
        }
    }

    fn prompt_version(&self) -> String {
        "none".into()
    }

    fn at_once(&self) -> usize {
        // Enough that the steps before and after, which wait for the disk, keep the processors busy.
        16
    }

    async fn grade(&self, task: Task<'_>, _: &dyn Desk) -> Result<Graded, EngineError> {
        let failed = |e: GradeError| EngineError::Failed {
            reason: "UNKNOWN_CRITERION".into(),
            detail: e.to_string(),
            retryable: false,
            usage: Usage::default(),
            exchanges: vec![],
        };
        let grades = Self::grades(&task).map_err(failed)?;
        // Its time is not recorded: two runs over the same input are the same to the last byte.
        Ok(Graded { grades, usage: Usage::default(), exchanges: vec![] })
    }
}

impl BaselineEngine {
    /// The grades of a task, a function of it alone.
    pub(super) fn grades(task: &Task<'_>) -> Result<Vec<Grade>, GradeError> {
        let grader = Baseline { as_of: month_of(task.as_of) };
        let resume = ResumeView { text: task.text, profile: task.profile };
        grader.grade(task.job, task.rubric, &resume)
    }
}

fn month_of(at: Timestamp) -> Month {
    let date = at.date_naive();
    // Both always fit: chrono's months are 1 to 12, and the clock is in this century.
    Month {
        year: u16::try_from(date.year()).unwrap_or(u16::MAX),
        month: u8::try_from(date.month()).ok(),
    }
}
