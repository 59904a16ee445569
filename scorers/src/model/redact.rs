//! What of a resume is sent to a model: its visible text without who the person is.
//!
//! What the local grader masks ([`crate::grading::mask`]: name, contacts, addresses, pronouns, gendered titles) goes, and
//! what tells a person's age, sex, family or origin: dates of birth, ages, years in which studies ended, and lines such
//! as "Nationality: ...". Pictures are never sent. Each place keeps its offset, so that a quote of the redacted text is
//! found in the resume.

use std::ops::Range;

use domain::candidate::Profile;
use domain::text::VisibleText;

use crate::grading::mask::{mask, merged};
use crate::profile::lines::{Line, lines};
use crate::profile::sections::{Section, sections};
use crate::taxonomy::{Token, tokens};

/// What stands where something was taken out.
pub const REDACTED: &str = "[redacted]";

/// Most characters of a text that are sent, about 15,000 tokens; a resume has a tenth of that.
const MOST: usize = 60_000;
const CUT: &str = "\n[the rest of the document is left out]";

/// A resume's text as a model sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted {
    /// The text, with [`REDACTED`] for each place that was taken out.
    pub text: String,
    /// What was taken out: ranges of scalars of the visible text, in order.
    pub hidden: Vec<Range<u32>>,
}

/// Redacts a resume.
pub fn redact(text: &VisibleText, profile: &Profile) -> Redacted {
    let masked = mask(text, profile);
    let mut hidden = masked.hidden;
    let source = text.as_str();
    let (words, lines) = (tokens(source), lines(source));
    hidden.extend(labelled(source, &lines));
    hidden.extend(ages(&words));
    hidden.extend(years_of_study(&words, &lines));
    let hidden = merged(hidden);
    let mut text = without(source, &hidden);
    if let Some((at, _)) = text.char_indices().nth(MOST) {
        text.truncate(at);
        text.push_str(CUT);
    }
    Redacted { text, hidden }
}

/// The text with each hidden range as one [`REDACTED`]; a range over several lines is one place.
fn without(source: &str, hidden: &[Range<u32>]) -> String {
    let mut out = String::with_capacity(source.len());
    let mut ranges = hidden.iter().peekable();
    let mut open = false;
    for (c, at) in source.chars().zip(0u32..) {
        while ranges.peek().is_some_and(|r| r.end <= at) {
            ranges.next();
            open = false;
        }
        if ranges.peek().is_some_and(|r| r.start <= at) {
            if !open {
                out.push_str(REDACTED);
            }
            open = true;
        } else {
            out.push(c);
        }
    }
    out
}

/// Labels of what tells who a person is. Those in the second list are words of other meanings, too, and count before a
/// colon only.
const LABELS: &[&str] = &[
    "date of birth",
    "place of birth",
    "birth date",
    "birthdate",
    "birthday",
    "d.o.b",
    "dob",
    "marital status",
    "civil status",
    "family status",
    "number of children",
    "geburtsdatum",
    "geburtsort",
    "geboren",
    "familienstand",
    "staatsangehörigkeit",
    "nationalität",
    "date de naissance",
    "née le",
    "né le",
    "état civil",
    "situation familiale",
    "nationalité",
    "fecha de nacimiento",
    "lugar de nacimiento",
    "estado civil",
    "nacionalidad",
    "data di nascita",
    "luogo di nascita",
    "stato civile",
    "nazionalità",
    "data de nascimento",
];
const LABELS_WITH_COLON: &[&str] = &[
    "age",
    "born",
    "sex",
    "gender",
    "pronouns",
    "race",
    "ethnicity",
    "religion",
    "faith",
    "caste",
    "nationality",
    "citizenship",
    "children",
    "height",
    "weight",
    "alter",
    "geschlecht",
    "konfession",
    "âge",
    "sexe",
    "edad",
    "sexo",
    "età",
    "sesso",
    "father's name",
    "mother's name",
    "husband's name",
    "wife's name",
    "spouse",
];
/// Signs that part a line into fields.
const PARTS: &[char] = &['|', '•', '·', ';', '\t', '¦'];

/// "Date of birth: 1 May 1980", "Nationality: ...": up to the end of the line or its part, and where nothing follows the
/// label, the next line.
fn labelled(source: &str, lines: &[Line<'_>]) -> Vec<Range<u32>> {
    let mut found = Vec::new();
    let mut next_line = false;
    for line in lines {
        if std::mem::take(&mut next_line) {
            found.push(line.start..line.end);
        }
        let mut start = line.start;
        for part in line.text.split(PARTS) {
            let length = part.chars().count() as u32;
            let (at, end) = (start, start + length);
            start = end + 1;
            let Some((before, after)) = label(part) else { continue };
            let blank = |text: &str| !text.chars().any(char::is_alphanumeric);
            if blank(after) && end == line.end {
                next_line = true;
            }
            found.push(at + before..end);
        }
    }
    debug_assert!(found.iter().all(|r| r.end as usize <= source.chars().count()));
    found
}

/// Where a label begins in a part of a line, in scalars, and what follows it.
fn label(part: &str) -> Option<(u32, &str)> {
    let lower = part.to_lowercase();
    // Lower-casing may change lengths ("İ"); such a part is looked at from its start only.
    let same = lower.chars().count() == part.chars().count();
    let all = LABELS.iter().map(|l| (*l, false));
    for (label, colon) in all.chain(LABELS_WITH_COLON.iter().map(|l| (*l, true))) {
        let Some(at) = lower.find(label) else { continue };
        let before = lower.get(..at).unwrap_or_default();
        let after = lower.get(at + label.len()..).unwrap_or_default();
        let apart =
            !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric);
        let said = after.trim_start_matches([' ', '.']).starts_with([':', '：'])
            || !colon && !after.trim().is_empty() | before.trim().is_empty();
        // A colon alone is not enough in the middle of a sentence: "at any age: ...".
        let opens = !colon || !before.chars().any(char::is_alphanumeric);
        if !(apart && said && opens) {
            continue;
        }
        if !same {
            return Some((0, ""));
        }
        let scalars = before.chars().count();
        let rest = part.char_indices().nth(scalars + label.chars().count());
        return Some((scalars as u32, rest.map_or("", |(i, _)| part.get(i..).unwrap_or_default())));
    }
    None
}

/// "34 years old", "aged 34", "34-year-old", "age 34".
fn ages(words: &[Token<'_>]) -> Vec<Range<u32>> {
    let age = |w: &Token<'_>| {
        w.text.len() == 2 && w.text.parse::<u8>().is_ok_and(|years| (14..=99).contains(&years))
    };
    let is = |w: Option<&Token<'_>>, any: &[&str]| {
        w.is_some_and(|w| any.contains(&w.text.to_lowercase().as_str()))
    };
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate().filter(|(_, w)| age(w)) {
        let before = at.checked_sub(1).and_then(|i| words.get(i));
        if is(before, &["aged", "age"]) {
            found.push(before.map_or(word.start, |b| b.start)..word.end);
        }
        let (years, old) = (words.get(at + 1), words.get(at + 2));
        if is(years, &["year", "years", "yrs", "yr", "y"]) && is(old, &["old", "o", "young"]) {
            found.push(word.start..old.map_or(word.end, |o| o.end));
        }
    }
    found
}

/// The years of schools and degrees: they tell a person's age to the year. Those of work stay, as experience is counted
/// in them.
fn years_of_study(words: &[Token<'_>], lines: &[Line<'_>]) -> Vec<Range<u32>> {
    let sections = sections(lines);
    let studies = |word: &Token<'_>| {
        let line = lines.partition_point(|l| l.number < word.line);
        sections.get(line) == Some(&Section::Education)
    };
    let ends_studies = |at: usize| {
        let from = at.saturating_sub(3);
        let before = words.get(from..at).unwrap_or_default();
        before.iter().any(|w| {
            let word = w.text.to_lowercase();
            word.starts_with("graduat") || word == "class" || word == "alumnus" || word == "alumna"
        })
    };
    let years = words.iter().enumerate().filter(|(_, word)| is_year(word.text));
    years
        .filter(|(at, word)| studies(word) || ends_studies(*at))
        .map(|(_, word)| word.start..word.end)
        .collect()
}

fn is_year(word: &str) -> bool {
    word.len() == 4 && word.parse::<u16>().is_ok_and(|year| (1930..=2049).contains(&year))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile;

    fn redacted(text: &str) -> String {
        let text = VisibleText::new(text.to_owned());
        redact(&text, &profile::parse(&text)).text
    }

    const RESUME: &str = "Rosalind Okonkwo-Meyer\nrosalind@example.org | +44 20 7946 0958\n12 Elm Street, Leeds\n\
        Date of birth: 1 May 1984 | Nationality: Danish\nMarital status\nmarried, two children\n\n\
        Summary\nShe is a nurse, aged 41, with 15 years of practice. Ms Okonkwo-Meyer leads.\n\n\
        Experience\nWard Nurse, General Hospital  2009 - 2024\n- Cared for 28 patients a day\n\n\
        Education\nBSc Nursing, Leeds, 2003 - 2006\n";

    #[test]
    fn who_somebody_is_goes_and_what_they_did_stays() {
        let text = redacted(RESUME);
        for gone in [
            "Rosalind",
            "Okonkwo",
            "Meyer",
            "example.org",
            "7946",
            "Elm",
            "1984",
            "Danish",
            "married",
            "children",
            "She",
            "41",
            "Ms",
            "2003",
            "2006",
        ] {
            assert!(!text.contains(gone), "{gone} is in {text}");
        }
        for stays in [
            "15 years of practice",
            "General Hospital",
            "2009 - 2024",
            "28 patients",
            "BSc Nursing",
        ] {
            assert!(text.contains(stays), "{stays} is not in {text}");
        }
    }

    #[test]
    fn words_of_other_meanings_stay() {
        let text = "Experience\nCharge Nurse, Age UK, 2015 - 2020\n- Cared for children of any age: 0 to 16\n\
            - Cut waiting by 34 percent in 12 years\n- Founded a gender equality network\n\
            - Raised citizenship: a course for adults\n";
        assert_eq!(redacted(text), text);
    }

    #[test]
    fn a_label_with_its_value_on_the_next_line_takes_both() {
        let text = redacted(
            "Experience\nNurse 2010 - 2015\n\nPersonal\nDate of Birth:\n3 March 1971\nDriving licence\n",
        );
        assert!(!text.contains("1971") && text.contains("Driving licence"), "{text}");
    }
}
