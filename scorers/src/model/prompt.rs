//! What a model is asked, in versioned files. A prompt that was released never changes: another wording is another
//! version, and its hash is pinned in the model's release.

use std::fmt::Write as _;

use domain::decide::Timestamp;
use domain::rubric::Rubric;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::redact::Redacted;
use crate::grading::JobBrief;

/// The prompt's version; part of a run's identity.
pub const PROMPT: &str = "rubric-1";

const SYSTEM: &str = include_str!("../../prompts/rubric-1/system.md");
const USER: &str = include_str!("../../prompts/rubric-1/user.md");
const REPAIR: &str = include_str!("../../prompts/rubric-1/repair.md");

/// SHA-256 over the prompt's files, in hex: what a release pins.
pub fn prompt_sha256() -> String {
    let mut hash = Sha256::new();
    for file in [SYSTEM, USER, REPAIR] {
        hash.update((file.len() as u64).to_be_bytes());
        hash.update(file.as_bytes());
    }
    hex(&hash.finalize())
}

/// A message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Message {
    pub(super) role: &'static str,
    pub(super) content: String,
}

/// The first messages about a resume. The same for the same input.
pub(super) fn messages(
    job: &JobBrief,
    rubric: &Rubric,
    resume: &Redacted,
    today: Timestamp,
) -> Vec<Message> {
    // An applicant cannot write a mark that is made of what they wrote.
    let mark = format!("=={}==", hex(&Sha256::digest(resume.text.as_bytes())[..6]));
    let ids: Vec<String> = rubric.criteria.iter().map(|c| format!("`{}`", c.id)).collect();
    let (ids, today) = (ids.join(", "), today.date_naive().to_string());
    let (job, criteria) = (about(job), described(rubric));
    let values = [
        ("mark", mark.as_str()),
        ("job", &job),
        ("criteria", &criteria),
        ("today", &today),
        ("resume", &resume.text),
        ("ids", &ids),
    ];
    vec![
        Message { role: "system", content: filled(SYSTEM, &values) },
        Message { role: "user", content: filled(USER, &values) },
    ]
}

/// What is said to an answer that cannot be used.
pub(super) fn repair(answer: &str, problems: &[String]) -> [Message; 2] {
    let problems = problems.iter().map(|p| format!("- {p}\n")).collect::<String>();
    [
        Message { role: "assistant", content: answer.to_owned() },
        Message { role: "user", content: filled(REPAIR, &[("problems", problems.trim_end())]) },
    ]
}

fn about(job: &JobBrief) -> String {
    let mut text = job.title.clone();
    if !job.description.is_empty() {
        let _ = write!(text, "\n\n{}", job.description);
    }
    for (asked, must_have) in [("Required", true), ("Preferred", false)] {
        let mut lines = job.requirements.iter().filter(|r| r.must_have == must_have).peekable();
        if lines.peek().is_some() {
            let _ = write!(text, "\n\n{asked}:");
        }
        for line in lines {
            let _ = write!(text, "\n- {}", line.text);
        }
    }
    text
}

fn described(rubric: &Rubric) -> String {
    let mut text = String::new();
    for criterion in &rubric.criteria {
        let _ = writeln!(text, "## `{}`: {}", criterion.id, criterion.label);
        for (level, anchor) in criterion.anchors.iter().enumerate() {
            let _ = writeln!(text, "- {level}: {anchor}");
        }
        text.push('\n');
    }
    text.trim_end().to_owned()
}

/// A template with its `{names}` replaced, in one pass: what is put in is never looked into.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let named = values.iter().find_map(|(name, value)| {
            let after = from.strip_prefix('{')?.strip_prefix(name)?.strip_prefix('}')?;
            Some((*value, after))
        });
        match named {
            Some((value, after)) => {
                out.push_str(value);
                rest = after;
            }
            None => {
                out.push('{');
                rest = from.strip_prefix('{').unwrap_or_default();
            }
        }
    }
    out + rest
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_released_prompt_never_changes() {
        let known = "64c1c163b7d9a2903b163a8874d1ebebb1d2185fc3e9881e1aeee8d601588f1a";
        assert_eq!(
            prompt_sha256(),
            known,
            "write another wording to prompts/rubric-2 and raise PROMPT: scores made with this one name it"
        );
    }

    #[test]
    fn what_is_put_in_is_not_looked_into() {
        let values = [("resume", "I am {job} {resume}"), ("job", "Nurse")];
        assert_eq!(
            filled("{job}: {resume} {other} {", &values),
            "Nurse: I am {job} {resume} {other} {"
        );
    }
}
