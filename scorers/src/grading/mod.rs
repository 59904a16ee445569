//! Grading: a resume against a job, criterion by criterion, with quotes.
//!
//! A [`Grader`] gives levels, rationales and quotes; `domain` makes points of them. [`Baseline`] is the
//! local grader: deterministic, without a key, a clock or a network. It reads a *masked* text
//! ([`mask`]): name, pronouns, contacts, links and addresses are gone before anything is looked at, so
//! they cannot change a level.

mod asked;
mod baseline;
mod brief;
mod custom;
mod education;
mod evidence;
mod experience;
mod facts;
pub mod mask;
mod relevance;
mod skills;
mod soft;
#[cfg(test)]
mod tests;
mod wording;

pub use baseline::Baseline;
pub use brief::{JobBrief, Needs, SkillNeed};

use domain::candidate::Profile;
use domain::rubric::Rubric;
use domain::score::Grade;
use domain::text::VisibleText;

/// What a grader may see of a resume.
#[derive(Debug, Clone, Copy)]
pub struct ResumeView<'a> {
    /// The visible text; quotes are cut from it.
    pub text: &'a VisibleText,
    /// What was read out of it. Graders use it to know whom to mask.
    pub profile: &'a Profile,
}

/// Why a resume could not be graded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GradeError {
    /// The rubric has a criterion that this grader has no way to grade.
    #[error(
        "failed to grade criterion `{id}` (\"{label}\"): name a skill, a field of work, experience, education or a soft skill in its label or anchors"
    )]
    UnknownCriterion {
        /// The criterion's id.
        id: String,
        /// Its label.
        label: String,
    },
    /// An engine gave no grades; its reason's code.
    #[error("no grades: {0}")]
    Engine(String),
}

/// Grades one resume against one job.
pub trait Grader {
    /// Which release grades, as `name@version`; part of a score's identity.
    fn release(&self) -> &str;

    /// One grade for each criterion of the rubric, in its order.
    ///
    /// # Errors
    /// [`GradeError`] when a criterion cannot be graded.
    fn grade(
        &self,
        job: &JobBrief,
        rubric: &Rubric,
        resume: &ResumeView<'_>,
    ) -> Result<Vec<Grade>, GradeError>;
}
