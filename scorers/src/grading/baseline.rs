//! `baseline`: the local grader. A pure function of job, rubric, text and date.

use domain::rubric::{EDUCATION, EXPERIENCE, Rubric, SKILLS, SOFT};
use domain::score::Grade;
use domain::text::VisibleText;

use super::facts::Facts;
use super::mask::mask;
use super::{
    GradeError, Grader, JobBrief, ResumeView, custom, education, experience, skills, soft,
};
use crate::persuasion;
use crate::profile::dates::Month;
use crate::reading::language::{called, language};

/// The local grader.
///
/// A criterion of another rubric is graded as the standard one that its label speaks of ("Technical
/// skills", "Academic background"), else by the skills that its label or anchors name; one that
/// neither fits is refused, never guessed.
#[derive(Debug, Clone, Copy)]
pub struct Baseline {
    /// The month up to which a job that still lasts is counted. An argument, so that the same input
    /// gives the same grade for ever.
    pub as_of: Month,
}

impl Grader for Baseline {
    fn release(&self) -> &str {
        "baseline@1"
    }

    fn grade(
        &self,
        job: &JobBrief,
        rubric: &Rubric,
        resume: &ResumeView<'_>,
    ) -> Result<Vec<Grade>, GradeError> {
        let language = language(resume.text.as_str()).filter(|code| *code != "eng");
        // What speaks to a grader is evidence for nothing, and parts nothing that stands around it.
        let orders = persuasion::sentences(resume.text.as_str());
        let plain = persuasion::painted_over(resume.text.as_str(), &orders, ' ');
        let mut masked = mask(&VisibleText::new(plain), resume.profile);
        masked.keep_out(orders);
        let facts = Facts::of(resume.text, &masked, job, self.as_of);
        let graded: Result<Vec<Grade>, GradeError> = rubric
            .criteria
            .iter()
            .map(|criterion| {
                let id = criterion.id.as_str();
                Ok(match custom::standard(criterion) {
                    Some(SKILLS) => skills::grade(&facts, id),
                    Some(EXPERIENCE) => experience::grade(&facts, id),
                    Some(EDUCATION) => education::grade(&facts, id),
                    Some(SOFT) => soft::grade(&facts, id),
                    _ => {
                        let named = custom::skills_of(criterion);
                        if named.is_empty() {
                            return Err(GradeError::UnknownCriterion {
                                id: id.into(),
                                label: criterion.label.clone(),
                            });
                        }
                        custom::grade(&facts, criterion, &named)
                    }
                })
            })
            .collect();
        let mut grades = graded?;
        // It knows names of skills and trades in any language, and sentences in English.
        if let Some(name) = language.and_then(called) {
            for grade in &mut grades {
                grade.rationale = format!(
                    "The resume is in {name}, of which little is understood here. {}",
                    grade.rationale
                );
            }
        }
        Ok(grades)
    }
}
