//! Job files in JSON: `{title, description, requirements: [string | {text, must_have}]}`.

use domain::job::Requirement;
use serde::Deserialize;

use super::{JobText, JobTextError, headings};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JobFile {
    #[serde(default)]
    title: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    requirements: Vec<Line>,
}

/// A bare string is required, unless it says of itself that it is a plus.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Text(String),
    Full(Requirement),
}

pub(super) fn parse(text: &str) -> Result<JobText, JobTextError> {
    let file: JobFile =
        serde_json::from_str(text).map_err(|e| JobTextError::Unreadable(e.to_string()))?;
    let line = |line| match line {
        Line::Text(text) => Requirement { must_have: !headings::is_preferred(&text), text },
        Line::Full(requirement) => requirement,
    };
    let (title, description) = (file.title.trim().to_owned(), file.description.trim().to_owned());
    let requirements: Vec<Requirement> = file.requirements.into_iter().map(line).collect();
    let all =
        requirements.iter().map(|r| r.text.as_str()).chain([title.as_str(), description.as_str()]);
    if !all.into_iter().any(|t| t.chars().any(char::is_alphanumeric)) {
        return Err(JobTextError::Empty);
    }
    Ok(JobText { title, description, requirements, from_description: false })
}
