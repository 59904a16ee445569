//! Job texts in Markdown or plain text: headings, lists, wrapped lines, and lists after a colon.

use domain::job::Requirement;

use super::JobText;
use super::headings::{Part, is_preferred, part_of};
use crate::profile::lines::BULLETS;

/// An item that is being read, possibly over several lines.
struct Open {
    text: String,
    part: Part,
    listed: bool,
}

pub(super) fn parse(text: &str) -> JobText {
    let mut job = JobText::default();
    let mut part = Part::Description;
    let mut item: Option<Open> = None;
    let mut described: Vec<String> = Vec::new();
    let mut lone_bullet = false;
    let mut first = true;
    for raw in text.lines() {
        let trimmed = raw.trim();
        if trimmed.is_empty() {
            // A blank line ends a paragraph, but not the bullet that stands alone above its words.
            if item.as_ref().is_some_and(|i| !i.text.is_empty()) {
                close(&mut item, &mut job, &mut described);
            }
            continue;
        }
        let marked = trimmed.starts_with('#')
            || trimmed.starts_with("**") && trimmed.trim_end_matches(':').ends_with("**");
        let bullet = trimmed.starts_with(BULLETS) && !trimmed.starts_with("**");
        let words = trimmed
            .trim_start_matches(|c: char| BULLETS.contains(&c) || c == '#' || c.is_whitespace());
        let words = words.trim_matches('*').trim();
        if words.is_empty() {
            close(&mut item, &mut job, &mut described);
            lone_bullet = bullet;
            continue;
        }
        if first {
            first = false;
            let heading = part_of(words, false).is_some() && !marked;
            let sentence = words.split_whitespace().count() > 14
                || words.ends_with('.') && words.split_whitespace().count() > 4;
            if !heading && !sentence && !bullet {
                job.title = words
                    .trim_end_matches(':')
                    .strip_prefix("Job Title")
                    .unwrap_or(words.trim_end_matches(':'))
                    .trim_start_matches([':', ' '])
                    .to_owned();
                continue;
            }
        }
        if let Some((name, rest)) = labelled_list(words) {
            close(&mut item, &mut job, &mut described);
            let preferred = part_of(&format!("{name}:"), true) == Some(Part::Preferred);
            let items = rest.split([';', ',']).map(str::trim).filter(|s| !s.is_empty());
            job.requirements.extend(items.map(|text| Requirement {
                text: text.trim_end_matches('.').to_owned(),
                must_have: !preferred,
            }));
            continue;
        }
        if !bullet
            && !lone_bullet
            && let Some(opened) = part_of(words, marked)
        {
            close(&mut item, &mut job, &mut described);
            part = opened;
            continue;
        }
        let goes_on =
            !bullet && !lone_bullet && item.as_ref().is_some_and(|open| continues(open, words));
        if let Some(open) = item.as_mut().filter(|_| goes_on) {
            open.text.push(' ');
            open.text.push_str(words);
        } else {
            close(&mut item, &mut job, &mut described);
            item = Some(Open { text: words.to_owned(), part, listed: bullet || lone_bullet });
        }
        lone_bullet = false;
    }
    close(&mut item, &mut job, &mut described);
    job.description = described.join("\n");
    job
}

/// Whether a line goes on with the item above it.
fn continues(open: &Open, words: &str) -> bool {
    let small = words.chars().next().is_some_and(|c| c.is_lowercase() || c == '(' || c == '&');
    let unfinished = !open.text.ends_with(['.', '!', '?', ':', ';']);
    // Prose and listed items wrap; lines of a plain list under a heading do not, unless they must.
    small
        || unfinished
            && (open.part == Part::Description || open.listed || open.text.ends_with(','))
            && open.text.chars().count() > 50
}

fn close(item: &mut Option<Open>, job: &mut JobText, described: &mut Vec<String>) {
    let Some(open) = item.take() else { return };
    let bare_list = open.part == Part::Description && open.listed;
    match open.part {
        Part::Aside => {}
        Part::Required | Part::Preferred => {
            let must_have = open.part == Part::Required && !is_preferred(&open.text);
            job.requirements.push(Requirement { text: open.text, must_have });
        }
        Part::Description => {
            // What the role does is asked for as much as what is listed, but it is prose first.
            if bare_list || is_preferred(&open.text) {
                job.requirements.push(Requirement {
                    must_have: !is_preferred(&open.text),
                    text: open.text.clone(),
                });
            }
            described.push(open.text);
        }
    }
}

/// "Technology skills: a; b; c": a named list on one line.
fn labelled_list(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.split_once(':')?;
    let lower = name.to_lowercase();
    let named = [
        "skills",
        "technologies",
        "tools",
        "stack",
        "requirements",
        "must have",
        "nice to have",
        "preferred",
        "software",
        "skills required",
    ]
    .iter()
    .any(|n| lower.contains(n));
    let items = rest.split([';', ',']).filter(|s| !s.trim().is_empty()).count();
    (named && name.split_whitespace().count() <= 4 && items >= 2).then_some((name, rest))
}

/// The sentences of a text.
pub(crate) fn sentences(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut open = String::new();
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            open.push(c);
            let ends = matches!(c, '.' | '!' | '?' | '。')
                && chars.peek().is_none_or(|n| n.is_whitespace() || c == '。');
            if ends && open.trim().chars().count() > 12 {
                found.push(std::mem::take(&mut open).trim().to_owned());
            }
        }
        found.push(open.trim().to_owned());
    }
    found.retain(|s| s.chars().any(char::is_alphanumeric));
    found
}
