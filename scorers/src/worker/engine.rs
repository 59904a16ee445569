//! The port of grading engines, and the local one behind it.

use async_trait::async_trait;
use chrono::Datelike as _;
use domain::application::Usage;
use domain::candidate::Profile;
use domain::decide::Timestamp;
use domain::model_release::Release;
use domain::rubric::Rubric;
use domain::score::Grade;
use domain::text::VisibleText;

use crate::grading::{Baseline, Grader as _, JobBrief, ResumeView};
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
}

/// Why an engine gave no grades.
#[derive(Debug, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct EngineError {
    /// Stable code.
    pub reason: String,
    /// For people.
    pub detail: String,
    /// Whether asking again may help.
    pub retryable: bool,
}

/// Grades resumes.
#[async_trait]
pub trait Engine: Send + Sync {
    /// What is pinned about it.
    fn release(&self) -> Release;

    /// The version of its prompt; part of a run's identity.
    fn prompt_version(&self) -> String;

    /// Grades one resume.
    ///
    /// # Errors
    /// See [`EngineError`].
    async fn grade(&self, task: Task<'_>) -> Result<Graded, EngineError>;
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

    async fn grade(&self, task: Task<'_>) -> Result<Graded, EngineError> {
        let grader = Baseline { as_of: month_of(task.as_of) };
        let resume = ResumeView { text: task.text, profile: task.profile };
        let grades = grader.grade(task.job, task.rubric, &resume).map_err(|e| EngineError {
            reason: "UNKNOWN_CRITERION".into(),
            detail: e.to_string(),
            retryable: false,
        })?;
        // Its time is not recorded: two runs over the same input are the same to the last byte.
        Ok(Graded { grades, usage: Usage::default() })
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
