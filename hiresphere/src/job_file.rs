//! A job file of any format becomes a posting.

use std::path::Path;

use domain::job::Posting;
use scorers::grading::JobBrief;
use scorers::job_text::{self, JobText, JobTextError};
use scorers::reading::sandbox::Pool;

use crate::failure::Failure;
use crate::inputs::bytes_of;

/// The largest title that a posting takes.
const TITLE: usize = 200;

/// Reads a job file in a child process and understands its text.
pub(crate) async fn read(path: &Path, readers: &Pool) -> Result<Posting, Failure> {
    let shown = path.display();
    let unreadable = |why: &str, advice: &str| {
        Failure::new(
            "JOB_UNREADABLE",
            format!("failed to read the job file {shown}: {why}"),
            advice,
        )
    };
    let bytes = bytes_of(path, readers.limits().bytes)
        .map_err(|(_, why)| unreadable(&why, "check the path given with --job"))?;
    let reading = readers.read(bytes).await;
    let text = match reading.result {
        Ok(extraction) => extraction.visible_text(),
        Err(unread) => {
            return Err(unreadable(unread.failure.code(), unread.failure.advice()));
        }
    };
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned());
    posting(text.as_str(), &stem.unwrap_or_default())
}

/// A posting from a job's text; `fallback` is its title when the text has none.
pub(crate) fn posting(text: &str, fallback: &str) -> Result<Posting, Failure> {
    let job = job_text::parse(text).map_err(|e| {
        let advice = "see `hiresphere screen --help` for what a job file can be";
        Failure::new(e.code(), e.to_string(), advice)
    })?;
    if says_nothing(&job) {
        let error = JobTextError::WithoutRequirements;
        return Err(Failure::new(error.code(), error.to_string(), "name what the job needs"));
    }
    let JobText { title, description, requirements, .. } = job;
    let title = if title.trim().is_empty() { fallback.replace(['-', '_'], " ") } else { title };
    let title: String = title.chars().take(TITLE).collect();
    Ok(Posting { title, description, requirements, openings: 1, ..Posting::default() })
}

/// Whether a text without a list of requirements speaks of no skill, no field of work, no years and no
/// degree: whatever it is, it is no job.
fn says_nothing(job: &JobText) -> bool {
    if !job.from_description {
        return false;
    }
    let needs = JobBrief::new(job.clone()).needs;
    needs.skills.is_empty()
        && needs.years.is_none()
        && needs.degree.is_none()
        && needs.fields.iter().all(|near| *near < 0.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_enough_and_small_talk_is_not() {
        let described = "Chefs and Head Cooks\n\nPlan and price menu items, order supplies, and keep \
                         records and accounts.";
        assert!(posting(described, "job").is_ok());
        let talk = posting("Hello there, nice weather we have.", "job").unwrap_err();
        assert_eq!(talk.code, "JOB_WITHOUT_REQUIREMENTS");
    }
}
