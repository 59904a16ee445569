//! A job file of any format becomes a posting.

use std::path::Path;

use domain::job::Posting;
use scorers::job_text::{self, JobText};
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
    let JobText { title, description, requirements, .. } = job;
    let title = if title.trim().is_empty() { fallback.replace(['-', '_'], " ") } else { title };
    let title: String = title.chars().take(TITLE).collect();
    Ok(Posting { title, description, requirements, openings: 1, ..Posting::default() })
}
