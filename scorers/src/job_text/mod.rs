//! The job's own text: a title, a description, and what is asked for, required apart from preferred.
//!
//! From Markdown, plain text (also what a PDF or DOCX gives) or JSON. A text that only describes the
//! role is enough: its sentences are then what is asked for.

mod headings;
mod json;
mod plain;

use domain::job::Requirement;

pub(crate) use plain::sentences;

/// What a job's text says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobText {
    /// "Data Engineer"; empty where the text opens with a sentence.
    pub title: String,
    /// What the role is and does, as prose.
    pub description: String,
    /// What is asked for, line by line. Never empty.
    pub requirements: Vec<Requirement>,
    /// Whether the text had no list of requirements, and `requirements` are the description's sentences.
    pub from_description: bool,
}

/// Why a job's text cannot be used. [`JobTextError::code`] is stable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JobTextError {
    /// There is nothing in it.
    #[error("the job text is empty: give a title and what the job asks for")]
    Empty,
    /// Neither requirements nor a sentence of description.
    #[error(
        "the job text has no requirements: add lines under a heading such as \"Requirements\", or describe the role in a sentence"
    )]
    WithoutRequirements,
    /// It is not what it claims to be.
    #[error(
        "failed to read the job file: {0}; give {{\"title\", \"description\", \"requirements\": [\"...\" or {{\"text\", \"must_have\"}}]}} or plain text"
    )]
    Unreadable(String),
}

impl JobTextError {
    /// Stable code for machines: `JOB_EMPTY`, `JOB_WITHOUT_REQUIREMENTS`, `JOB_UNREADABLE`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "JOB_EMPTY",
            Self::WithoutRequirements => "JOB_WITHOUT_REQUIREMENTS",
            Self::Unreadable(_) => "JOB_UNREADABLE",
        }
    }
}

/// Reads a job's text. One that opens with `{` is read as JSON.
///
/// # Errors
/// [`JobTextError`]; its message says what to do next.
pub fn parse(text: &str) -> Result<JobText, JobTextError> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if !text.chars().any(char::is_alphanumeric) {
        return Err(JobTextError::Empty);
    }
    let job = if text.starts_with('{') { json::parse(text)? } else { plain::parse(text) };
    finish(job)
}

/// Falls back on the description's sentences, and refuses a text that has neither.
fn finish(mut job: JobText) -> Result<JobText, JobTextError> {
    job.requirements.retain(|r| r.text.chars().any(char::is_alphanumeric));
    if job.requirements.is_empty() {
        let sentences = plain::sentences(&job.description);
        job.requirements = sentences
            .into_iter()
            .filter(|s| s.split_whitespace().count() >= 3)
            .map(|text| Requirement { must_have: !headings::is_preferred(&text), text })
            .collect();
        job.from_description = true;
    }
    if job.requirements.is_empty() { Err(JobTextError::WithoutRequirements) } else { Ok(job) }
}

#[cfg(test)]
mod tests;
